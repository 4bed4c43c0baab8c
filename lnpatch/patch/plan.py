"""Plan a patch: a recipe and the contents of files in, changed contents and findings out. Pure; no disk, no git."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lnpatch import source
from lnpatch.edits import CheckoutFiles, Edit, EditContext, EditFinding, EditState
from lnpatch.errors import PatchRefusedError, Refusal
from lnpatch.patch.patch_state import PatchState
from lnpatch.recipes import Recipe
from lnpatch.suggest import close_matches

if TYPE_CHECKING:
    import libcst as cst


@dataclass(frozen=True)
class FilePlan:
    """What becomes of one file."""

    path: str
    #: What is in it now; None where there is no file.
    before: bytes | None
    #: What will be in it.
    after: bytes | None
    #: What each edit has found.
    findings: tuple[EditFinding, ...]
    #: The file as it was read, and its tree after all edits; None where there is no file.
    document: source.Source | None = field(default=None, compare=False, repr=False)
    module: cst.Module | None = field(default=None, compare=False, repr=False)

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after


@dataclass(frozen=True)
class EditReport:
    """One edit in one file."""

    path: str
    finding: EditFinding


@dataclass(frozen=True)
class Plan:
    """All files that a recipe edits, in the recipe's order."""

    target: str
    cell: str
    files: tuple[FilePlan, ...] = field(default=())

    @property
    def changes(self) -> tuple[FilePlan, ...]:
        """The files that the plan changes."""
        return tuple(file for file in self.files if file.changed)

    @property
    def edits(self) -> tuple[EditReport, ...]:
        """Every finding with its file."""
        return tuple(EditReport(file.path, finding) for file in self.files for finding in file.findings)

    @property
    def state(self) -> PatchState:
        """How far the recipe is in the files as they are."""
        states = {edit.finding.state for edit in self.edits} - {EditState.NOT_NEEDED}
        if states == {EditState.IN_PLACE}:
            return PatchState.APPLIED
        return PatchState.PARTIAL if EditState.IN_PLACE in states else PatchState.NOT_APPLIED

    def refuse_impossible(self) -> None:
        """Refuse a plan with edits that are not possible; call it before anything is written or shown as a patch.

        Raises:
            PatchRefusedError: anchors are missing or names collide; all of them are listed.
        """
        refusals = tuple(
            Refusal(
                file.path, finding.line, finding.kind, finding.name, finding.state, finding.detail, finding.candidates
            )
            for file in self.files
            for finding in file.findings
            if finding.state in (EditState.NOT_FOUND, EditState.COLLISION)
        )
        if refusals:
            raise PatchRefusedError(self.target, refusals)


def make_plan(recipe: Recipe, values: dict[str, str], files: CheckoutFiles, repairs: bool = True) -> Plan:
    """Plan what *recipe* does to *files* with the placeholders *values*.

    Raises:
        SourceSyntaxError: a file is neither Python 2.7 nor Python 3.
        EditRefusedError: an edit cannot be carried back to the file.
    """
    by_file: dict[str, list[tuple[Edit, str]]] = {}
    for edit in recipe.selected_edits(values, repairs):
        by_file.setdefault(files.locate(edit.file), []).append((edit, edit.why if edit in recipe.repairs else ""))
    plans = tuple(_plan_file(path, edits, values, files) for path, edits in by_file.items())
    return Plan(recipe.name, values["cell"], plans)


def _similar_files(path: str, names: list[str]) -> tuple[str, ...]:
    """Return the files that *path* may have become: those of the same name elsewhere, else those of a similar path."""
    name = posixpath.basename(path)
    return tuple(other for other in names if posixpath.basename(other) == name)[:3] or close_matches(path, names)


def _plan_file(path: str, edits: list[tuple[Edit, str]], values: dict[str, str], files: CheckoutFiles) -> FilePlan:
    """Plan the edits of one file; each comes with what it mends, empty where it is not a repair."""
    before = files.read(path)
    if before is None:
        return _plan_missing_file(path, edits, values, files)
    document = source.Source.read(before, path)
    module = document.module
    findings: list[EditFinding] = []
    with source.deep_recursion():  # edits walk over the tree
        for edit, repair in edits:
            outcome = edit.run(EditContext(path, document, module, files, values))
            module = outcome.module
            findings += [_settle(finding, edit, repair) for finding in outcome.findings]
    after = before if module is document.module else document.write(module)
    return FilePlan(path, before, after, tuple(findings), document, module)


def _settle(finding: EditFinding, edit: Edit, repair: str) -> EditFinding:
    """Return what an edit has found; a repair whose fault is not there is not needed, nor an optional edit of nothing."""
    needless = (repair or edit.optional) and finding.absent and finding.state is EditState.NOT_FOUND
    return replace(finding, repair=repair, state=EditState.NOT_NEEDED if needless else finding.state)


def _plan_missing_file(
    path: str, edits: list[tuple[Edit, str]], values: dict[str, str], files: CheckoutFiles
) -> FilePlan:
    """Return the plan for a file that is not there: every edit of it is not found, and says which files are like it."""
    names = files.names()
    tracked = path in names
    detail = "git tracks the file, but it is not checked out" if tracked else "the file is not there"
    candidates = () if tracked else _similar_files(path, names)
    findings = tuple(
        _settle(
            EditFinding(edit.kind, name, EditState.NOT_FOUND, detail, 0, candidates, absent=not tracked), edit, repair
        )
        for edit, repair in edits
        for name in edit.names(values)
    )
    return FilePlan(path, None, None, findings)
