"""What is wrong with a command line or a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lnpatch.errors.base import FailedError, InvalidRequestError, NotFoundError


@dataclass
class UsageError(InvalidRequestError):
    """The options do not go together, or with this target."""

    reason: str
    advice: str = ""

    message_template = "{reason!s}"
    hint_template = "{advice}"


@dataclass
class StoppedError(FailedError):
    """The user has stopped lnpatch."""

    message_template = "Stopped; nothing was left half done."


@dataclass
class TargetNotFoundError(NotFoundError):
    """There is no target of that name, or no recipe at that path."""

    target: str
    candidates: Sequence[str]
    is_path: bool = False

    hint_template = "`lnpatch targets` lists the known ones; the path of a recipe file is a target too."

    @property
    def message(self) -> str:
        if self.is_path:
            return f"There is no recipe file {self.target}."
        near = f" Did you mean {' or '.join(self.candidates)}?" if self.candidates else ""
        return f"There is no target {self.target!r}.{near}"


@dataclass
class RecipeError(InvalidRequestError):
    """A recipe file cannot be used as it is."""

    file: str
    problems: Sequence[Any]  # of lnpatch.schema.Problem

    message_template = "{file} cannot be used as a recipe:{problems!l}"
    hint_template = "CONTRIBUTING.md says how to write one; those that come with lnpatch are examples."


@dataclass
class ConfigurationError(InvalidRequestError):
    """Configuration files cannot be used as they are; each problem begins with the file and the line."""

    problems: Sequence[str]

    message_template = "The configuration cannot be used:{problems!l}"
    hint_template = (
        "`lnpatch doctor` shows what is configured, and where; LNPATCH_CONFIG=/dev/null leaves the files out."
    )


@dataclass
class UnknownCellError(InvalidRequestError):
    """The recipe has no such cell."""

    cell: str
    target: str
    cells: Sequence[str]

    #: The patch's cell beside which this one, a baseline that the repository has itself, can be trained; else empty.
    varied_by: str = ""

    message_template = "{target} has no cell {cell!r}; it has {cells!c}."

    @property
    def hint(self) -> str:
        """What the cell is, where it is the baseline."""
        if not self.varied_by:
            return ""
        return self._fill(
            "{cell} is the repository's own cell, which needs no patch. After lnpatch apply {target!q}, "
            "it is trained by: lnpatch train {target!q} --cell {cell!q}"
        )


@dataclass
class TargetUnknownError(NotFoundError):
    """No target is named, and nothing around says which is meant."""

    directory: str = ""

    hint_template = (
        "Name a target (`lnpatch targets` lists them), or go to a patched checkout; `lnpatch apply TARGET` makes one."
    )

    @property
    def message(self) -> str:
        if self.directory:
            return f"{self.directory} is not a checkout of a known target."
        return "No target is named, and there is no patched checkout around this folder or in it."


@dataclass
class RecordedRecipeError(NotFoundError):
    """A checkout was patched with a recipe file that cannot be read any more."""

    directory: str
    recipes: Sequence[str]

    message_template = "{directory} was patched with a recipe that is not there any more, or cannot be read:{recipes!l}"
    hint_template = "Name the recipe where it is now, as TARGET."


@dataclass
class AmbiguousTargetError(InvalidRequestError):
    """No target is named, and several may be meant."""

    locations: Sequence[str]

    message_template = "No target is named, and there are several:{locations!l}"
    hint_template = "Name the one that is meant, with --dir where two are of one target."
