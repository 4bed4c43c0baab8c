"""The kinds of edit: one module each, found by walking this package.

A kind is a data class that derives from :class:`Edit`, carries the keys of its table in a recipe as fields and is
registered with :func:`edit_kind`. What it does is in :meth:`Edit.run`: a pure function from a syntax tree to a syntax tree
and to what was found. Its docstring shows it as a diff, which ``tests/edits/test_docstrings.py`` runs.

A value in a recipe may have *recipe placeholders*: ``{cell}``, ``{baseline}``, ``{data_dir}``, filled in when a patch is
planned. They are text in a recipe, and nothing else than the *source placeholders* of :mod:`lnpatch.source`, which mask
Python 2 tokens in a tree.

Modules here leave all work on trees to :mod:`lnpatch.syntax`, which imports libcst when it is first used: recipes are read
by commands that never look at a tree and have to start fast.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

from lnpatch import syntax
from lnpatch.schema import relative_file_problems

if TYPE_CHECKING:
    import libcst as cst

    from lnpatch.source import Source

#: The recipe placeholders: the cell, the plain cell that it varies, the option ``--data-dir``.
RECIPE_PLACEHOLDERS = ("cell", "baseline", "data_dir")
_RECIPE_PLACEHOLDER = re.compile(r"\{(\w*)\}")


class EditState(StrEnum):
    """The answers that an edit knows for a file."""

    TO_DO = "to-do"
    IN_PLACE = "in-place"
    NOT_FOUND = "not-found"
    COLLISION = "collision"
    #: Of a repair, the fault that it mends is not there; of an optional edit, what it changes is not.
    NOT_NEEDED = "not-needed"


@dataclass(frozen=True)
class EditFinding:
    """What an edit found, for one thing that it changes."""

    #: The kind of the edit, and what it changes.
    kind: str
    name: str
    state: EditState
    #: Why the edit is not possible, for people; empty where it is.
    detail: str = ""
    #: The 1-based line of a collision, 0 where there is no line to name.
    line: int = 0
    #: The close matches of what was not found.
    candidates: tuple[str, ...] = ()
    #: What the edit repairs; empty for an edit of the patch.
    repair: str = ""
    #: Whether the file has nothing of what was looked for: a repair is not needed then.
    absent: bool = False


@dataclass(frozen=True)
class EditOutcome:
    """The findings of one edit, and the tree with all that was to do done."""

    findings: tuple[EditFinding, ...]
    module: cst.Module


class CheckoutFiles(Protocol):
    """The files of a checkout, by path relative to its root, with ``/``."""

    def locate(self, path: str) -> str:
        """Return *path* with links followed: two paths of one file become the same."""

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, or None where there is none."""

    def names(self) -> list[str]:
        """Return the paths of all files that the repository tracks."""


@dataclass(frozen=True)
class EditContext:
    """What an edit sees: one file, and the checkout around it."""

    #: The path of the file, relative to the checkout's root.
    path: str
    #: The file as it was read.
    source: Source
    #: Its tree after the edits before this one.
    module: cst.Module
    files: CheckoutFiles
    #: The values of the recipe placeholders.
    values: Mapping[str, str]

    def fill_placeholders(self, text: str) -> str:
        """Return *text* with its recipe placeholders filled in."""
        return fill_placeholders(text, self.values)

    def line_of(self, node: cst.CSTNode) -> int:
        """Return the 1-based line of *node* in the file, 0 where the node is not one of the file's tree."""
        return syntax.line_of(self.module, node)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One entry of a recipe's ``edits`` or ``repairs``: what changes in which file."""

    kind: ClassVar[str]
    #: What keys of the table were called earlier (see :mod:`lnpatch.schema`).
    renamed: ClassVar[Mapping[str, str]] = {}

    #: The path of the file, relative to the checkout's root.
    file: str
    #: What the edit is for, for people; a repair has to say it.
    why: str = ""
    #: Whether the edit is left out where what it changes is not there, instead of refused.
    optional: bool = False

    def run(self, context: EditContext) -> EditOutcome:
        """Examine the file and carry out what is to do; raises nothing, an edit that is not possible is a finding."""
        raise NotImplementedError

    def names(self, values: Mapping[str, str]) -> list[str]:
        """Return what the edit changes, one name for each finding, without looking at a file."""
        raise NotImplementedError

    def describe(self, values: Mapping[str, str]) -> str:
        """Return the edit in a few words, for people."""
        raise NotImplementedError

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that may have recipe placeholders, as (key, text)."""
        yield from ()

    def needs(self) -> frozenset[str]:
        """Return the recipe placeholders that have to be filled in before the edit can run."""
        return frozenset(name for _, text in self.texts() for name in _RECIPE_PLACEHOLDER.findall(text))

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield mistakes that types cannot show, as (key, message)."""
        yield from relative_file_problems("file", self.file)
        for key, text in self.texts():
            for name in _RECIPE_PLACEHOLDER.findall(text):
                if name not in RECIPE_PLACEHOLDERS:
                    allowed = ", ".join(f"{{{p}}}" for p in RECIPE_PLACEHOLDERS)
                    yield key, f"unknown placeholder {{{name}}}; allowed: {allowed}"

    def problems_with(self, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield mistakes that show once the placeholders are filled in, for one of the recipe's cells."""
        yield from ()

    def make_outcome(
        self,
        context: EditContext,
        state: EditState,
        detail: str = "",
        line: int = 0,
        candidates: tuple[str, ...] = (),
        module: cst.Module | None = None,
        absent: bool = False,
    ) -> EditOutcome:
        """Return the outcome of an edit that changes one thing; without *module* the tree stays as it is."""
        (name,) = self.names(context.values)  # an edit of several things makes its outcome itself
        finding = EditFinding(self.kind, name, state, detail, line, candidates, absent=absent)
        return EditOutcome((finding,), context.module if module is None else module)

    def anchor_missing(self, context: EditContext, reason: syntax.NoUniqueMatch) -> EditOutcome:
        """Return the outcome of an edit whose anchor is not in the file, or not just once."""
        return self.make_outcome(
            context, EditState.NOT_FOUND, reason.detail, reason.line, reason.candidates, absent=reason.absent
        )


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with the recipe placeholders in it, ``{cell}`` and the like, replaced by *values*."""
    # No KeyError: an edit whose placeholders have no value is not selected (see Edit.needs).
    return _RECIPE_PLACEHOLDER.sub(lambda match: values[match[1]], text)


EditType = TypeVar("EditType", bound=Edit)
_KINDS: dict[str, type[Edit]] = {}


def edit_kind(kind: type[EditType]) -> type[EditType]:
    """Register an edit kind under its ``kind``; a class decorator."""
    _KINDS[kind.kind] = kind
    return kind


@cache
def edit_kinds() -> Mapping[str, type[Edit]]:
    """Return all edit kinds, by the word that recipes use."""
    # The import is what registers a kind; so a new one is a new module, and no list of them has to be kept.
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_KINDS.items()))
