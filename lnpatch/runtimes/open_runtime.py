"""A runtime that is ready for one job of a recipe: the one way in which scripts are run in it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lnpatch.cache.use import use_entry, used_descriptors
from lnpatch.checkout.worktree import Checkout
from lnpatch.folders import templates
from lnpatch.recipes.job import Job
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.choose import Runtime, explain_choice, make_runtime
from lnpatch.runtimes.environment import Environment, ReportStep
from lnpatch.runtimes.launch import Launch
from lnpatch.runtimes.padding import with_padding
from lnpatch.runtimes.process import run_launch
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.runtimes.users_settings import UsersSettings

#: How many of the last lines of output belong to the message about a failure.
_TAIL_LINES = 10

#: The exit status of a script that Ctrl-C has ended, as shells have it: 128 and the number of SIGINT.
_INTERRUPTED = 130


class ScriptJob(Protocol):
    """What a script of the templates is to do: its argument, and how it is started."""

    @property
    def directory(self) -> Path:
        """The folder that it runs in."""

    @property
    def path(self) -> tuple[str, ...]:
        """The folders that it imports the repository's modules from."""

    @property
    def python_options(self) -> tuple[str, ...]:
        """Options of the interpreter."""

    @property
    def result(self) -> Path | None:
        """The JSON file in which the script leaves its result; None for a script that leaves none."""

    @property
    def hyperparameters(self) -> Mapping[str, Any] | None:
        """The values that padding buckets may name; None for a script whose batches are not padded."""

    def as_json(self) -> dict[str, Any]:
        """Return the script's argument."""


@dataclass(frozen=True)
class Outcome:
    """How a script has ended."""

    #: The exit status; negative for the signal that has ended it.
    status: int
    #: The last lines of its output, blank ones left out.
    tail: tuple[str, ...]
    #: What it has left in its result file; empty where it has left nothing.
    result: Mapping[str, Any]

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C or a signal has ended it."""
        return self.status == _INTERRUPTED or self.status < 0


@dataclass(frozen=True)
class OpenRuntime:
    """A runtime and its environment, for one job of a recipe; made by :func:`open_runtime`."""

    runtime: Runtime
    environment: Environment
    recipe: Recipe
    job: Job
    device: str
    #: The user's own settings that its processes run with.
    users: UsersSettings
    #: Why this runtime, in words for people; empty where the options name it.
    reason: str = ""

    @property
    def name(self) -> str:
        """As ``--runtime`` names it."""
        return self.runtime.name

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for people: which of their own settings were set aside."""
        return self.users.notes

    def prepare_code(self, checkout: Checkout, folder: Path) -> Path:
        """Return the folder with the code to run: the checkout, or a copy of it for another Python in *folder*."""
        return self.runtime.prepare_code(self.recipe, checkout, folder)

    def launch(self, script: str, job: ScriptJob) -> Launch:
        """Return the process that runs a script of the templates, such as ``launcher/launch.py``."""
        text = json.dumps(job.as_json(), separators=(",", ":"))
        arguments = ("-u", *job.python_options, os.fspath(templates() / script), text)
        variables = self.runtime.variables(self.recipe, self.environment, job.path, self.users)
        launch = Launch(self.environment.python, arguments, job.directory, variables)
        if job.hyperparameters is None:
            return launch
        return with_padding(launch, self.job.padding, job.hyperparameters)

    def run(
        self,
        script: str,
        job: ScriptJob,
        on_line: Callable[[str], None],
        log: Callable[[bytes], None] = lambda raw: None,
        keep_open: Sequence[int] = (),
    ) -> Outcome:
        """Run a script to its end.

        Args:
            on_line: called with each line of its output and errors, without the newline.
            log: takes the output byte for byte, before *on_line* is called.
            keep_open: descriptors that the process inherits.

        Raises:
            FileError: it could not be started.
        """
        tail: list[str] = []

        def pass_line(raw: bytes) -> None:
            log(raw)
            text = raw.decode("utf-8", "replace").rstrip()
            if text:
                tail[:] = [*tail[1 - _TAIL_LINES :], text]
            on_line(text)

        if job.result is not None:  # of an earlier process that nobody has read, after a kill
            job.result.unlink(missing_ok=True)
        status = run_launch(self.launch(script, job), pass_line, (*keep_open, *used_descriptors()))
        return Outcome(status, tuple(tail), _take_result(job.result))


def open_runtime(options: RuntimeOptions, recipe: Recipe, job: str, report_step: ReportStep) -> OpenRuntime:
    """Return the runtime that *options* mean, its environment built if need be, for the recipe's job of that name.

    Args:
        report_step: called with the runtime that ``auto`` takes, and with what is being done while an environment is built.

    Raises:
        UsageError: the options do not go together.
        LnpatchError: there is no Python for it, or a package could not be installed.
    """
    choice = explain_choice(options, recipe, job)
    runtime = make_runtime(choice.name, options)
    if choice.reason:
        report_step(f"runtime {choice.name}: {choice.reason} (--runtime chooses)")
    environment = _use_environment(runtime, recipe, job, report_step)
    users = runtime.users_settings(recipe, environment)
    for note in users.notes:
        report_step(note)
    return OpenRuntime(runtime, environment, recipe, recipe.jobs[job], options.device, users, choice.reason)


def _use_environment(runtime: Runtime, recipe: Recipe, job: str, report_step: ReportStep) -> Environment:
    """Return the environment, built if need be, which nobody removes from the cache while this process runs."""
    environment = runtime.ensure_environment(recipe, job, report_step)
    use_entry(environment.folder)
    if not environment.python.exists():  # it was pruned at that very moment
        environment = runtime.ensure_environment(recipe, job, report_step)
        use_entry(environment.folder)
    use_entry(runtime.compiled_folder(environment))
    return environment


def _take_result(path: Path | None) -> dict[str, Any]:
    """Read a script's result and remove the file, which is a message and not a part of a run."""
    if path is None or not path.exists():
        return {}
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):  # killed while it was written: as good as none
        result = {}
    path.unlink()
    return result if isinstance(result, dict) else {}
