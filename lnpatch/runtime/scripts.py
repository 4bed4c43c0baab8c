"""Run a job of the launcher that is no training, and take its outcome."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lnpatch.errors import JobFailedError, StoppedError
from lnpatch.runtime.environment import Environment
from lnpatch.runtime.handoff import Runtime
from lnpatch.runtime.jobs import as_text
from lnpatch.runtime.process import run
from lnpatch.targets.recipe import Job, Recipe

#: How many of the last lines of output belong to the message about a failure.
_TAIL = 10


def run_job(
    recipe: Recipe,
    runtime: Runtime,
    environment: Environment,
    job: Job,
    code: Path,
    make: Callable[[Path], Mapping[str, Any]],
    *,
    device: str = "cpu",
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Run the job that *make* gives for the file of its outcome; what it prints is the progress.

    Raises:
        JobFailedError: it has failed; its last lines are in the message.
        StoppedError: the user has stopped it.
    """
    with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
        result = Path(folder) / "outcome.json"
        wanted = make(result)
        launch = runtime.launch(
            recipe,
            environment,
            "launch.py",
            (as_text(wanted),),
            code / job.directory,
            device=device,
            options=job.python_options,
        )
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
            raise JobFailedError(recipe.reference, str(wanted["job"]), status, lines)
        outcome: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return outcome
