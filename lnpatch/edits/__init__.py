"""The kinds of edit: one module each, found by walking this package.

A kind is a data class that derives from :class:`Edit`, carries the keys of its table in a recipe as fields and is
registered with :func:`edit_kind`. What it does is in :meth:`Edit.run`: a pure function from a syntax tree to a syntax tree
and to what was found. Modules here import libcst and :mod:`lnpatch.syntax` inside their functions only, since recipes
are read by commands that never look at a tree and have to start fast.
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

from lnpatch.schema import relative_file_problems

if TYPE_CHECKING:
    import libcst as cst

    from lnpatch.source import Source
    from lnpatch.syntax.tree import NotOne

#: What a recipe may leave open, and who fills it: the cell, the cell that it varies, the option ``--data-dir``.
PLACEHOLDERS = ("cell", "baseline", "data_dir")
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


class State(StrEnum):
    """The four answers that an edit knows for a file."""

    TO_DO = "to-do"
    IN_PLACE = "in-place"
    NOT_FOUND = "not-found"
    COLLISION = "collision"


@dataclass(frozen=True)
class Finding:
    """What an edit found, for one thing that it changes.

    ``candidates`` are the nearest things that are there, where the one looked for is not; ``line`` (1-based) is where a
    collision stands, 0 where there is no line to name; ``repair`` is what the edit mends, empty for one of the patch.
    """

    kind: str
    name: str
    state: State
    detail: str = ""
    line: int = 0
    candidates: tuple[str, ...] = ()
    repair: str = ""


@dataclass(frozen=True)
class Outcome:
    """The findings of one edit, and the tree with all that was to do done."""

    findings: tuple[Finding, ...]
    module: cst.Module


class Files(Protocol):
    """The files of a checkout, by path relative to its root, with ``/``."""

    def locate(self, path: str) -> str:
        """*path* with links followed: two paths of one file become the same."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None where there is none."""

    def names(self) -> list[str]:
        """The paths of all files that the repository tracks."""


@dataclass(frozen=True)
class Context:
    """What an edit sees: one file as read, its tree after the edits before this one, and the checkout around it."""

    path: str
    source: Source
    module: cst.Module
    files: Files
    values: Mapping[str, str]

    def fill(self, text: str) -> str:
        """*text* with its placeholders filled."""
        return fill(text, self.values)

    def line(self, node: cst.CSTNode) -> int:
        """The 1-based line of *node* in the file, 0 where the node is not one of the file's tree."""
        from lnpatch.syntax.tree import line_of

        return line_of(self.module, node)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One entry of a recipe's ``edits`` or ``repairs``: what changes in which file.

    ``why`` is for people; a repair has to say it.
    """

    kind: ClassVar[str]

    file: str
    why: str = ""

    def run(self, context: Context) -> Outcome:
        """Examine the file and carry out what is to do; raises nothing, an edit that is not possible is a finding."""
        raise NotImplementedError

    def names(self, values: Mapping[str, str]) -> list[str]:
        """What the edit changes, one name for each finding, without looking at a file."""
        raise NotImplementedError

    def outcome(
        self,
        context: Context,
        state: State,
        detail: str = "",
        line: int = 0,
        candidates: tuple[str, ...] = (),
        module: cst.Module | None = None,
    ) -> Outcome:
        """The outcome of an edit that changes one thing; the tree stays as it is without *module*."""
        (name,) = self.names(context.values)
        finding = Finding(self.kind, name, state, detail, line, candidates)
        return Outcome((finding,), context.module if module is None else module)

    def describe(self, values: Mapping[str, str]) -> str:
        """The edit in a few words, for people."""
        raise NotImplementedError

    def absent(self, context: Context, why: NotOne) -> Outcome:
        """The outcome of an edit whose anchor is not there, or not just once."""
        return self.outcome(context, State.NOT_FOUND, why.detail, why.line, why.candidates)

    def texts(self) -> Iterator[tuple[str, str]]:
        """The fields that may hold placeholders, by key."""
        yield from ()

    def needs(self) -> frozenset[str]:
        """The placeholders that have to be filled before the edit can run."""
        return frozenset(name for _, text in self.texts() for name in _PLACEHOLDER.findall(text))

    def problems(self) -> Iterator[tuple[str, str]]:
        """Mistakes that types cannot show, as (key, what is wrong)."""
        yield from relative_file_problems("file", self.file)
        for key, text in self.texts():
            for name in _PLACEHOLDER.findall(text):
                if name not in PLACEHOLDERS:
                    allowed = ", ".join(f"{{{p}}}" for p in PLACEHOLDERS)
                    yield key, f"unknown placeholder {{{name}}}; allowed: {allowed}"

    def problems_with(self, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Mistakes that show once the placeholders are filled, for one of the recipe's cells."""
        yield from ()


def fill(text: str, values: Mapping[str, str]) -> str:
    """*text* with ``{cell}`` and the like replaced by *values*."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


E = TypeVar("E", bound=Edit)
_KINDS: dict[str, type[Edit]] = {}


def edit_kind(kind: type[E]) -> type[E]:
    """Class decorator: make an edit kind known under its ``kind``."""
    _KINDS[kind.kind] = kind
    return kind


@cache
def edit_kinds() -> Mapping[str, type[Edit]]:
    """All edit kinds, by the word that recipes use."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_KINDS.items()))
