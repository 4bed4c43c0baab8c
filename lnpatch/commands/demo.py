"""``lnpatch demo``: the whole story on the embedded repository, with nothing but git, offline."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lnpatch.checkout.worktree import Checkout
from lnpatch.commands.apply import apply
from lnpatch.commands.diff import diff
from lnpatch.commands.revert import revert
from lnpatch.commands.status import status
from lnpatch.patch.options import Options
from lnpatch.patch.plan import PatchState
from lnpatch.recipes import find
from lnpatch.runtimes.find_python2 import compile_errors, find_python2
from lnpatch.source import check_syntax


@dataclass(frozen=True)
class DemoStep:
    """One step: what was done, whether it came out right, and what there is to see."""

    title: str
    passed: bool = True
    details: tuple[str, ...] = ()
    patch: bytes = b""


@dataclass(frozen=True)
class DemoResult:
    """The steps of a demo; ``kept`` says whether the patched repository is still at ``directory``."""

    directory: str
    kept: bool
    steps: tuple[DemoStep, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether every step came out right."""
        return all(step.passed for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        """The result as a JSON document."""
        steps = [
            {
                "title": s.title,
                "passed": s.passed,
                "details": list(s.details),
                "diff": s.patch.decode("utf-8", "replace"),
            }
            for s in self.steps
        ]
        return {"dir": self.directory, "kept": self.kept, "passed": self.passed, "steps": steps}


def run(directory: Path | None, cell: str | None) -> DemoResult:
    """Lay out the demo repository, patch it, check it, and take the patch back; with *directory* it is kept, patched.

    Raises:
        LnpatchError: as ``apply`` and ``revert``, when *directory* holds something else already, for instance.
    """
    recipe = find("demo")
    options = Options(cell)
    with ExitStack() as stack:
        if directory is None:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lnpatch-demo-"))) / "demo"
        else:
            root = directory
        apply(recipe, root, options, lambda *_: None, dry_run=True)  # refuse before anything is laid out
        report = apply(recipe, root, options, lambda *_: None)
        steps = [DemoStep(f"Laid out a repository in the style of 2016 at {root}", details=(_files(root),))]
        edits = tuple(f"{edit.path}: {edit.finding.kind} {edit.finding.name}" for edit in report.edits)
        steps.append(DemoStep(f"Patched it with {report.cell}: lnpatch apply demo", details=edits))
        shown = diff(recipe, root, options)
        steps.append(DemoStep("Reviewed the patch: lnpatch diff demo", bool(shown.patch), patch=shown.patch))
        steps.append(_grammar_step(root, sorted({edit.path for edit in report.edits})))
        again = apply(recipe, root, options, lambda *_: None)
        steps.append(DemoStep("Patched it a second time: nothing to do", not again.written))
        if directory is None:
            steps.append(_revert_step(root))
    return DemoResult(str(root), directory is not None, tuple(steps))


def _files(root: Path) -> str:
    return ", ".join(sorted(path.name for path in root.iterdir() if path.name != ".git"))


def _grammar_step(root: Path, paths: list[str]) -> DemoStep:
    """Every edited file, by its own grammar."""
    python = find_python2()
    if python is not None:
        problems = compile_errors(python, [root / path for path in paths])
        return DemoStep(
            f"Compiled the patched files with the real Python 2.7 ({python})", not problems, tuple(problems)
        )
    for path in paths:
        check_syntax((root / path).read_bytes(), path)
    return DemoStep("Checked the patched files by the grammar of Python 2.7 (there is no Python 2.7 here to ask)")


def _revert_step(root: Path) -> DemoStep:
    """The patch taken back: every byte has to be that of the commit."""
    recipe = find("demo")
    revert(recipe, root)
    state = status(recipe, root).state
    dirty = Checkout.open(root, recipe.name).dirty(["."])
    passed = state is PatchState.NOT_APPLIED and not dirty
    return DemoStep("Took the patch back: lnpatch revert demo; every byte is as before", passed, tuple(dirty))
