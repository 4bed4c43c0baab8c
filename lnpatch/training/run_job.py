"""Run a job of the launcher that is no training, and take its outcome."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from lnpatch.errors import JobFailedError, StoppedError
from lnpatch.runtimes.environment import Progress
from lnpatch.runtimes.padding import with_padding
from lnpatch.runtimes.process import run
from lnpatch.training.jobs import as_text, other_job
from lnpatch.training.patched import EngineOptions, Patched, choose_runtime, find_job

#: How many of the last lines of output belong to the message about a failure.
_TAIL = 10


def run_job(patched: Patched, name: str, engine: EngineOptions, progress: Progress, **options: Any) -> dict[str, Any]:
    """Run the job *name* with *options* for its launcher; what it prints is the progress.

    Raises:
        JobFailedError: it has failed; its last lines are in the message.
        StoppedError: the user has stopped it.
        LnpatchError: there is no engine to run it.
    """
    recipe = patched.recipe
    job = find_job(recipe, name)
    runtime = choose_runtime(engine)
    environment = runtime.ensure(recipe, name, progress)
    with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
        result = Path(folder) / "outcome.json"
        code = runtime.code(recipe, patched.checkout, Path(folder))
        wanted = other_job(recipe, name, code, result, **options)
        launch = runtime.launch(
            recipe,
            environment,
            "launcher/launch.py",
            (as_text(wanted),),
            code / job.directory,
            device=engine.device,
            options=job.python_options,
            path=wanted["path"],
        )
        launch = with_padding(launch, job.padding, {})
        lines: list[str] = []

        def on_line(raw: bytes) -> None:
            text = raw.decode("utf-8", "replace").rstrip()
            if text:
                lines[:] = [*lines[1 - _TAIL :], text]
                progress(text)

        status = run(launch, on_line)
        if status == 130 or status < 0:
            raise StoppedError()
        if status or not result.exists():
            raise JobFailedError(recipe.reference, name, status, lines)
        outcome: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return outcome
