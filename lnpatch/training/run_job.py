"""Evaluate or encode: run a job that takes a model, and return what the launcher has left."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lnpatch.errors import JobFailedError, ModelMismatchError, StoppedError, TextError, WordVectorsError
from lnpatch.runtimes.environment import ReportStep
from lnpatch.runtimes.open_runtime import OpenRuntime, Outcome
from lnpatch.training.jobs import LAUNCH, make_model_job
from lnpatch.training.output import LauncherEvent, is_event, parse_event
from lnpatch.training.patched import Patched


def run_model_job(
    patched: Patched,
    name: str,
    runtime: OpenRuntime,
    report_step: ReportStep,
    cells: Sequence[object],
    options: Mapping[str, Any],
    on_event: Callable[[LauncherEvent], None] = lambda event: None,
) -> Mapping[str, Any]:
    """Run the recipe's job *name*, ``evaluate`` or ``encode``, and return the launcher's result.

    Args:
        runtime: one that was opened for that job.
        report_step: called with each line that the job prints.
        cells: the model's cells.
        options: what the launcher's function takes.
        on_event: called with each event that the job prints.

    Raises:
        JobFailedError: it has failed; its last lines are in the message.
        StoppedError: the user has stopped it.
        ModelMismatchError, TextError, WordVectorsError: the launcher has refused one of its files.
    """
    with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
        code = runtime.prepare_code(patched.checkout, Path(folder))
        job = make_model_job(patched, name, code, Path(folder) / "outcome.json", cells, options)

        def report_line(line: str) -> None:
            event = parse_event(line) if is_event(line) else None
            if event is not None:
                on_event(event)
            if text := str(event or "") if is_event(line) else line:
                report_step(text)

        outcome = runtime.run(LAUNCH, job, report_line)
    require_result(outcome, patched.recipe.reference, name)
    _raise_refusal(outcome.result)
    if outcome.status:
        raise JobFailedError(patched.recipe.reference, name, outcome.status, outcome.tail)
    return outcome.result


def require_result(outcome: Outcome, target: str, job: str) -> None:
    """Refuse the outcome of a script that has not come to its end.

    Raises:
        StoppedError: the user has stopped it.
        JobFailedError: it has left no result.
    """
    if outcome.interrupted:
        raise StoppedError
    if not outcome.result:
        raise JobFailedError(target, job, outcome.status, outcome.tail)


def _raise_refusal(result: Mapping[str, Any]) -> None:
    """Raise what the launcher has found out about a file that a user has named; *launch.py* says what it may find."""
    if result.get("state") != "refused":
        return
    kind, file, details = result["kind"], result["file"], result["details"]
    if kind == "model":
        raise ModelMismatchError(file, tuple(details))
    raise (WordVectorsError if kind == "word2vec" else TextError)(file, "; ".join(details), result["advice"])
