"""What can go wrong, one class per failure; the messages and the exit codes are written here and nowhere else.

Exit codes: 1 failed, 2 usage, 3 not found, 4 conflict, 5 environment.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass
from enum import IntEnum
from typing import Any, ClassVar


def _quoted(argument: str) -> str:
    """An argument as a shell takes it."""
    return shlex.quote(argument)


class ExitCode(IntEnum):
    """The exit codes that scripts rely on."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    ENVIRONMENT = 5


class LnpatchError(Exception):
    """Base of every failure that a user can cause or has to know of."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    @property
    def message(self) -> str:
        """What happened and where, in one or more lines."""
        raise NotImplementedError

    @property
    def hint(self) -> str:
        """What to do next; empty where the message says it all."""
        return ""

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def as_json(self) -> dict[str, Any]:
        """The failure as the ``error`` member of a JSON report."""
        fields: dict[str, Any] = asdict(self) if is_dataclass(self) else {}
        return {
            "kind": type(self).__name__,
            "message": self.message,
            "hint": self.hint,
            "exit_code": int(self.exit_code),
            "details": fields,
        }


@dataclass
class SourceSyntaxError(LnpatchError):
    """The file is neither valid Python 2.7 nor valid Python 3."""

    file: str
    line: int
    reason: str

    @property
    def message(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"

    @property
    def hint(self) -> str:
        return "The file is neither Python 2.7 nor Python 3 as it stands; mend it first."


@dataclass
class TornEditError(LnpatchError):
    """An edit cannot be carried back to the source without harm to what stands around it."""

    file: str
    line: int
    reason: str

    @property
    def message(self) -> str:
        return f"{self.file}:{self.line}: the edit was refused: {self.reason}"


@dataclass
class RecipeError(LnpatchError):
    """A recipe file cannot be used as it is."""

    file: str
    problems: Sequence[Any]  # of lnpatch.schema.Problem

    exit_code = ExitCode.USAGE

    @property
    def message(self) -> str:
        return "\n".join([f"{self.file} is no usable recipe:", *(f"  {problem}" for problem in self.problems)])

    @property
    def hint(self) -> str:
        return "CONTRIBUTING.md says how to write one; those that come with lnpatch are examples."


@dataclass
class UnknownCellError(LnpatchError):
    """The recipe has no such cell."""

    cell: str
    target: str
    cells: Sequence[str]

    exit_code = ExitCode.USAGE

    @property
    def message(self) -> str:
        return f"{self.target} has no cell {self.cell!r}; it has {', '.join(self.cells)}."


@dataclass
class UsageError(LnpatchError):
    """The options do not go together, or with this target."""

    text: str
    advice: str = ""

    exit_code = ExitCode.USAGE

    @property
    def message(self) -> str:
        return self.text

    @property
    def hint(self) -> str:
        return self.advice


@dataclass
class TargetNotFoundError(LnpatchError):
    """There is no target of that name, or no recipe at that path."""

    target: str
    candidates: Sequence[str]
    is_path: bool = False

    exit_code = ExitCode.NOT_FOUND

    @property
    def message(self) -> str:
        if self.is_path:
            return f"There is no recipe file {self.target}."
        near = f" Did you mean {' or '.join(self.candidates)}?" if self.candidates else ""
        return f"There is no target {self.target!r}.{near}"

    @property
    def hint(self) -> str:
        return "`lnpatch targets` lists the known ones; the path of a recipe file is a target too."


@dataclass(frozen=True)
class Refusal:
    """One edit that is not possible: where, what was looked for, why not, and what is there that is near it."""

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
class PatchRefusedError(LnpatchError):
    """Anchors are missing or names collide; nothing was changed."""

    target: str
    refusals: Sequence[Refusal]

    @property
    def exit_code(self) -> ExitCode:  # type: ignore[override]
        missing = any(refusal.state == "not-found" for refusal in self.refusals)
        return ExitCode.NOT_FOUND if missing else ExitCode.CONFLICT

    @property
    def message(self) -> str:
        count = len(self.refusals)
        head = f"{self.target} cannot be patched here: {count} edit{'s' if count > 1 else ''} not possible; nothing was changed."
        return "\n".join([head, *(f"  {refusal}" for refusal in self.refusals)])

    @property
    def hint(self) -> str:
        if any(refusal.state == "collision" for refusal in self.refusals):
            return "lnpatch overwrites nothing that it did not write: rename or remove what collides, then try again."
        return "Is this the right repository and revision? `lnpatch show` says what the recipe looks for."


@dataclass
class CheckoutMissingError(LnpatchError):
    """The folder that should hold the checkout is not there."""

    directory: str
    target: str

    exit_code = ExitCode.NOT_FOUND

    @property
    def message(self) -> str:
        what = f"checkout of {self.target}" if self.target else "checkout"
        return f"There is no {what} at {self.directory}."

    @property
    def hint(self) -> str:
        target = _quoted(self.target) if self.target else "TARGET"
        return f"`lnpatch apply {target}` clones one; --dir names a checkout elsewhere."


@dataclass
class NotACheckoutError(LnpatchError):
    """The folder is there but is not the top of a git working tree."""

    directory: str
    inside: str = ""
    can_become_one: bool = True

    exit_code = ExitCode.ENVIRONMENT

    @property
    def message(self) -> str:
        inside = f" (it is inside the one at {self.inside})" if self.inside else ""
        return f"{self.directory} is not the top folder of a git checkout{inside}; without git nothing could be taken back."

    @property
    def hint(self) -> str:
        if not self.can_become_one:
            return "--dir names the top folder of a checkout with a working tree of its own."
        if self.inside:
            return f"If that is the checkout: --dir {_quoted(self.inside)}"
        git = f"git -C {_quoted(self.directory)}"
        return f"Make it one: {git} init && {git} add -A && {git} commit -m 'As found'"


@dataclass
class DirtyFilesError(LnpatchError):
    """Files that the patch would change have changes that are not committed."""

    directory: str
    files: Sequence[str]
    has_commits: bool = True

    exit_code = ExitCode.CONFLICT

    @property
    def message(self) -> str:
        return "\n".join(
            ["Uncommitted changes are in the way; nothing was changed:", *(f"  {file}" for file in self.files)]
        )

    @property
    def hint(self) -> str:
        git = f"git -C {_quoted(self.directory)}"
        if not self.has_commits:
            return f"Commit them first: {git} add -A && {git} commit -m 'As found'"
        return f"Commit them, or put them aside with `{git} stash -u`, and try again."


@dataclass
class OtherCellError(LnpatchError):
    """The target is applied with another cell or other settings."""

    target: str
    applied: str
    wanted: str
    directory: str

    exit_code = ExitCode.CONFLICT

    @property
    def message(self) -> str:
        return f"{self.directory} is patched with {self.applied} already; {self.wanted} was asked for."

    @property
    def hint(self) -> str:
        return f"Take it back first: lnpatch revert {_quoted(self.target)} --dir {_quoted(self.directory)}"


@dataclass(frozen=True)
class Overlap:
    """Lines of a file (1-based, both included) where a change of the user's lies over one of the patch's."""

    file: str
    first: int
    last: int

    def __str__(self) -> str:
        if not self.first:
            return f"{self.file}: the file was removed"
        return f"{self.file}:{self.first}" + (f"-{self.last}" if self.last > self.first else "")


@dataclass
class RevertConflictError(LnpatchError):
    """The patch cannot be taken back without losing what was changed since."""

    directory: str
    overlaps: Sequence[Overlap]

    exit_code = ExitCode.CONFLICT

    @property
    def message(self) -> str:
        lines = (f"  {overlap}" for overlap in self.overlaps)
        return "\n".join(["Changes made since lie over the patch; nothing was changed:", *lines])

    @property
    def hint(self) -> str:
        return "Undo your change at these lines, or move it away from the patched ones, and revert again."


@dataclass
class InterruptedOperationError(LnpatchError):
    """An operation was cut off, and files were changed before lnpatch could finish or undo it."""

    directory: str
    operation: str
    files: Sequence[str]

    exit_code = ExitCode.CONFLICT

    @property
    def message(self) -> str:
        head = f"lnpatch {self.operation} was cut off in {self.directory}, and these files were changed since:"
        return "\n".join([head, *(f"  {file}" for file in self.files)])

    @property
    def hint(self) -> str:
        return "Save your changes to these files elsewhere, `git checkout -- FILE` each, and run the command again."


@dataclass
class OperationInProgressError(LnpatchError):
    """git is in the middle of something that a commit would disturb."""

    directory: str
    operation: str

    exit_code = ExitCode.CONFLICT

    @property
    def message(self) -> str:
        return f"A {self.operation} is in progress in {self.directory}; nothing was changed."

    @property
    def hint(self) -> str:
        return f"End it (git {self.operation} --continue or --abort), or apply without --commit."


@dataclass
class RecordError(LnpatchError):
    """A reference of lnpatch's holds something that lnpatch did not write."""

    directory: str
    ref: str

    @property
    def message(self) -> str:
        return f"The record {self.ref} in {self.directory} cannot be read."

    @property
    def hint(self) -> str:
        return f"If another program has made it: git -C {_quoted(self.directory)} update-ref -d {self.ref}"


@dataclass
class StoppedError(LnpatchError):
    """The user has stopped lnpatch."""

    @property
    def message(self) -> str:
        return "Stopped; nothing was left half done."


@dataclass
class BusyError(LnpatchError):
    """Another lnpatch works in this checkout."""

    directory: str

    exit_code = ExitCode.CONFLICT

    @property
    def message(self) -> str:
        return f"Another lnpatch is at work in {self.directory}."

    @property
    def hint(self) -> str:
        return "Wait for it to end, and try again."


@dataclass
class UnsafePathError(LnpatchError):
    """A path of a recipe leads out of the checkout, through a link for instance."""

    directory: str
    path: str

    @property
    def message(self) -> str:
        return f"{self.path} leads out of {self.directory}; nothing outside a checkout is read or written."


@dataclass
class UnsafeAddressError(LnpatchError):
    """An address or revision that git would take for an option or run as a command."""

    what: str
    value: str

    exit_code = ExitCode.USAGE

    @property
    def message(self) -> str:
        return f"{self.what} {self.value!r} is refused: git would take it for an option or for a command to run."


@dataclass
class GitMissingError(LnpatchError):
    """There is no git on this machine."""

    exit_code = ExitCode.ENVIRONMENT

    @property
    def message(self) -> str:
        return "git was not found on PATH."

    @property
    def hint(self) -> str:
        return "Install git (https://git-scm.com/downloads), version 2.30 or later."


@dataclass
class GitError(LnpatchError):
    """git refused something."""

    doing: str
    output: str

    exit_code = ExitCode.ENVIRONMENT

    @property
    def message(self) -> str:
        lines = (f"  {line}" for line in self.output.splitlines())
        return "\n".join([f"git failed while {self.doing}:", *lines])


@dataclass
class CloneError(LnpatchError):
    """The repository could not be cloned; nothing was left behind."""

    url: str
    directory: str
    target: str
    output: str

    exit_code = ExitCode.ENVIRONMENT

    @property
    def message(self) -> str:
        lines = (f"  {line}" for line in self.output.splitlines())
        return "\n".join([f"{self.url} could not be cloned; nothing was left at {self.directory}.", *lines])

    @property
    def hint(self) -> str:
        return (
            f"Without a network, give a copy that you have: lnpatch apply {_quoted(self.target)} --from PATH (a clone, a bare repository "
            f"or a mirror's URL), or --dir CHECKOUT. `lnpatch demo` needs neither."
        )


@dataclass
class SourceMissingError(LnpatchError):
    """The local repository to clone from is not there."""

    source: str

    exit_code = ExitCode.NOT_FOUND

    @property
    def message(self) -> str:
        return f"There is no repository at {self.source}."

    @property
    def hint(self) -> str:
        return "--from takes the folder of a git repository, or a URL."


@dataclass
class RevisionNotFoundError(LnpatchError):
    """The repository has no such revision."""

    revision: str
    repository: str

    exit_code = ExitCode.NOT_FOUND

    @property
    def message(self) -> str:
        return f"{self.repository} has no revision {self.revision}."

    @property
    def hint(self) -> str:
        return "--ref names another one: a branch, a tag or a commit."


@dataclass
class BranchExistsError(LnpatchError):
    """The branch for --commit is there already."""

    branch: str
    directory: str

    exit_code = ExitCode.CONFLICT

    @property
    def message(self) -> str:
        return f"{self.directory} has a branch {self.branch} already; nothing was changed."

    @property
    def hint(self) -> str:
        return f"Rename or remove it: git -C {_quoted(self.directory)} branch -m {self.branch} {self.branch}-old"


@dataclass
class FileError(LnpatchError):
    """The system refused to read or write a file."""

    file: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.file}: {self.reason}"
