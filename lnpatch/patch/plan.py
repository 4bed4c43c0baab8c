"""The plan: a recipe and the contents of files in, changed contents and findings out. Pure; no disk, no git."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lnpatch.edits import CheckoutFiles, Edit, EditContext, EditFinding, EditState
from lnpatch.errors import PatchRefusedError, Refusal
from lnpatch.recipes import Recipe
from lnpatch.suggest import close_matches


class PatchState(StrEnum):
    """How far a recipe is in a checkout."""

    APPLIED = "applied"
    NOT_APPLIED = "not-applied"
    PARTIAL = "partial"
    MODIFIED = "modified"


@dataclass(frozen=True)
class FilePlan:
    """One file: what is in it now, what will be, and what each edit found. ``before`` is None where there is no file."""

    path: str
    before: bytes | None
    after: bytes | None
    findings: tuple[EditFinding, ...]

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
        states = {edit.finding.state for edit in self.edits}
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
    """What *recipe* does to *files* with the placeholders *values*.

    Raises:
        SourceSyntaxError: a file is neither Python 2.7 nor Python 3.
        EditRefusedError: an edit cannot be carried back to the file.
    """
    by_file: dict[str, list[tuple[Edit, str]]] = {}
    for edit in recipe.selected_edits(values, repairs):
        by_file.setdefault(files.locate(edit.file), []).append((edit, edit.why if edit in recipe.repairs else ""))
    plans = tuple(_plan_file(path, edits, values, files) for path, edits in by_file.items())
    return Plan(recipe.name, values["cell"], plans)


def _nearest_files(path: str, names: list[str]) -> tuple[str, ...]:
    """The files that *path* may have become: those of the same name elsewhere, else those of a like path."""
    name = posixpath.basename(path)
    return tuple(other for other in names if posixpath.basename(other) == name)[:3] or close_matches(path, names)


def _plan_file(path: str, edits: list[tuple[Edit, str]], values: dict[str, str], files: CheckoutFiles) -> FilePlan:
    """The plan for one file; each edit comes with what it mends, empty where it is no repair."""
    from lnpatch.source import Source

    before = files.read(path)
    if before is None:
        names = files.names()
        detail = "git tracks the file, but it is not checked out" if path in names else "the file is not there"
        near = () if path in names else _nearest_files(path, names)
        findings = tuple(
            EditFinding(edit.kind, name, EditState.NOT_FOUND, detail, 0, near, repair)
            for edit, repair in edits
            for name in edit.names(values)
        )
        return FilePlan(path, None, None, findings)
    source = Source.read(before, path)
    module = source.module
    found: list[EditFinding] = []
    for edit, repair in edits:
        outcome = edit.run(EditContext(path, source, module, files, values))
        module = outcome.module
        found += [replace(finding, repair=repair) for finding in outcome.findings]
    after = before if module is source.module else source.write(module)
    return FilePlan(path, before, after, tuple(found))
