"""Failures of reading source and of planning a patch: syntax, refused edits, missing anchors and name collisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.errors.base import ExitCode, FailedError


@dataclass
class SourceSyntaxError(FailedError):
    """The file is neither valid Python 2.7 nor valid Python 3."""

    file: str
    line: int
    reason: str

    message_template = "{file}:{line}: {reason}"
    hint_template = "The file is neither valid Python 2.7 nor valid Python 3; correct it first."


@dataclass
class SourceTooDeepError(SourceSyntaxError):
    """The file nests so deeply that no parser may be given it."""

    hint_template = "lnpatch does not read such a file; split the expression, or take the data out of the code."


@dataclass
class SourceUnreadableError(SourceSyntaxError):
    """The file is valid Python, which libcst cannot read."""

    hint_template = (
        "This is valid Python, but libcst, which lnpatch edits with, does not read it; write the line otherwise."
    )


@dataclass
class EditRefusedError(FailedError):
    """An edit cannot be carried back to the source without harm to the code around it."""

    file: str
    line: int
    reason: str

    message_template = "{file}:{line}: the edit was refused: {reason}"


@dataclass(frozen=True)
class Refusal:
    """One edit that is not possible: where, what was looked for, why not, and the close matches that are there."""

    file: str
    line: int
    kind: str
    name: str
    state: str
    detail: str
    candidates: Sequence[str]

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        near = f" (there is: {', '.join(self.candidates)})" if self.candidates else ""
        return f"{place}: {self.kind} {self.name}: {self.state.replace('-', ' ')}: {self.detail}{near}"


@dataclass
class PatchRefusedError(FailedError):
    """Anchors are missing, names collide, or a layer does not fit the calls of it; nothing was changed."""

    target: str
    refusals: Sequence[Refusal]

    message_template = "{target} cannot be patched here; nothing was changed. These edits are not possible:{refusals!l}"

    @property
    def exit_code(self) -> ExitCode:  # type: ignore[override]
        """3 where an anchor is missing, else 4: a wrong repository is the likelier reason, and has to be ruled out first."""
        missing = any(refusal.state == "not-found" for refusal in self.refusals)
        return ExitCode.NOT_FOUND if missing else ExitCode.CONFLICT

    @property
    def hint(self) -> str:
        if any(refusal.state == "collision" for refusal in self.refusals):
            return "lnpatch overwrites nothing that it did not write: rename or remove what collides, then try again."
        if all(refusal.state == "does-not-fit" for refusal in self.refusals):
            return "The repository's layers are written otherwise than the recipe's templates; the recipe has to name others."
        return "Is this the right repository and revision? `lnpatch show` says what the recipe looks for."
