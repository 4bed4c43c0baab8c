"""A study as its report takes it: what its runs have recorded, what was published, and what differs from the paper."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lnpatch.curves.read import read_run_series
from lnpatch.curves.series import RunSeries
from lnpatch.errors import LnpatchError
from lnpatch.recipes.recipe import Recipe
from lnpatch.report.experiment import Difference, Experiment, ReportRun
from lnpatch.study.machine import describe_machine
from lnpatch.study.plan import StudyPlan, command_words
from lnpatch.study.run_status import RunStatus
from lnpatch.study.run_task import RunTask, Step
from lnpatch.study.study_folder import Study, StudyFolder
from lnpatch.training.run_folder import RUN, RunInfo, read_info


def make_experiment(
    recipe: Recipe, study: Study, folder: StudyFolder, tasks: Mapping[str, RunTask], statuses: Sequence[RunStatus]
) -> Experiment:
    """Return what there is to report of a study.

    Args:
        folder: the study's folder, an absolute path.
        tasks: by the runs' names.
        statuses: how the runs stand.
    """
    plan = study.plan
    infos = [read_info(status.folder) for status in statuses if (status.folder / RUN).exists()]
    evaluation = recipe.jobs.get("evaluate")
    return Experiment(
        target=recipe.name,
        title=recipe.title,
        paper=recipe.paper,
        cells=plan.cells,
        runs=tuple(
            ReportRun(
                status.run.cell,
                status.run.seed,
                status.state,
                _read_series(status),
                status.evaluation,
                status.reason,
            )
            for status in statuses
        ),
        rows=evaluation.paper if evaluation is not None and not plan.smoke else (),
        differences=tuple(_find_differences(recipe, plan, infos)),
        command=shlex.join([*command_words(plan), "--output", os.fspath(folder.path)]),
        steps=tuple(_list_steps(recipe, study, folder, tasks)),
        machine=_describe_machines(infos),
        versions=study.versions,
        sources=tuple(f"{one.cell}: commit {one.commit}, patch SHA-256 {one.patch_sha256}" for one in study.checkouts),
        smoke=plan.smoke,
    )


def _read_series(status: RunStatus) -> RunSeries | None:
    """Return what a run has recorded; None where that is nothing, or cannot be read, which its state says."""
    try:
        return read_run_series(os.fspath(status.folder))
    except LnpatchError:
        return None


def _describe_machines(infos: Sequence[RunInfo]) -> Mapping[str, str]:
    """Return what is known of where the runs were trained: this machine in full, another one by its name."""
    here = os.uname().nodename
    others = sorted({info.host for info in infos if info.host and info.host != here})
    machines = {} if others and all(info.host in others for info in infos) else describe_machine()
    return {**machines, **({"other machines": ", ".join(others)} if others else {})}


def _find_differences(recipe: Recipe, plan: StudyPlan, infos: Sequence[RunInfo]) -> Iterator[Difference]:
    train = recipe.jobs["train"]
    here: Mapping[str, object] = infos[0].settings if infos else plan.settings
    flags = zip(train.arguments[::2], train.arguments[1::2], strict=False)
    paper = {**{name.lstrip("-"): value for name, value in flags}, **train.settings}
    for name, value in paper.items():
        own = here.get(name, value)
        if not _are_equal(own, value):
            yield Difference(name, str(value), str(own))
    if not paper and not train.paper_training:
        return
    ours = {
        "data": "tiny data, made for it" if plan.smoke else Path(plan.data).name or "the same, as the checkout has it",
        "updates": str(plan.max_updates or max((info.updates for info in infos), default=0)),
        "runtime": ", ".join(_describe_runtimes(plan, infos)),
    }
    for name, text in train.paper_training.items():
        yield Difference(name, text, ours.get(name, "the same"))


def _describe_runtimes(plan: StudyPlan, infos: Sequence[RunInfo]) -> Iterator[str]:
    found = dict.fromkeys((info.runtime, info.backend, info.device, info.precision) for info in infos)
    for parts in found or {(plan.runtime, "", plan.device, ""): None}:
        yield " ".join(part for part in parts if part)


def _are_equal(own: object, value: object) -> bool:
    """Tell whether two values of a setting are the same; one of them may be the text of a command line."""
    try:
        return float(str(own)) == float(str(value))
    except ValueError:
        return str(own) == str(value)


def _list_steps(recipe: Recipe, study: Study, folder: StudyFolder, tasks: Mapping[str, RunTask]) -> Iterator[str]:
    """Return the commands that the study stands for, in their order."""
    plan = study.plan
    for checkout in study.checkouts:
        words = ["lnpatch", "apply", plan.recipe, "--cell", checkout.cell, "--dir", checkout.folder]
        yield shlex.join([*words, *(["--from", plan.source] if plan.source else [])])
    for step in (Step.TRAIN, Step.EVALUATE):
        yield from (task.commands[step].line for task in tasks.values() if step in task.commands)
    runs = [os.fspath(task.folder) for task in tasks.values()]
    yield shlex.join(["lnpatch", "curves", *runs, "-o", os.fspath(folder.path / "figures" / "curves.svg")])
