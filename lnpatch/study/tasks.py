"""The runs of a study as tasks: each with the commands that train, resume and evaluate it."""

from __future__ import annotations

import json
from pathlib import Path

from lnpatch.errors import LnpatchError
from lnpatch.recipes.recipe import Recipe
from lnpatch.study.plan import StudyPlan, StudyRun, choose_patch
from lnpatch.study.progress import Progress, find_best_validation, read_progress
from lnpatch.study.run_status import RunStatus
from lnpatch.study.run_task import RunTask, Step, find_error
from lnpatch.study.study_folder import Study, StudyFolder
from lnpatch.training.evaluations import read_figures
from lnpatch.training.request import TrainOptions
from lnpatch.training.run_folder import RunState
from lnpatch.training.shell_command import make_evaluate_command, make_shell_command


def make_task(recipe: Recipe, study: Study, folder: StudyFolder, run: StudyRun) -> RunTask:
    """Return what does a run of a study; nothing is made.

    Args:
        folder: the study's folder, an absolute path.
    """
    plan = study.plan
    patch = choose_patch(run.cell, study.patched_cells, recipe)
    root = Path(next(checkout.folder for checkout in study.checkouts if checkout.cell == patch))
    options = TrainOptions(
        runtime=plan.runtime_options,
        cell=run.cell,
        data=plan.data or None,
        smoke=plan.smoke,
        settings=plan.assignments,
        max_updates=plan.max_updates or None,
        seed=run.seed,
        log_to=plan.log_to,
    )
    # the run itself says the rest
    resumed = TrainOptions(
        runtime=plan.runtime_options, resume=True, max_updates=plan.max_updates or None, log_to=plan.log_to
    )
    place = folder.run(run)
    commands = {
        Step.TRAIN: make_shell_command(recipe, root, options, plan.runtime, place),
        Step.RESUME: make_shell_command(recipe, root, resumed, plan.runtime, place),
    }
    if evaluates(recipe, plan):
        commands[Step.EVALUATE] = make_evaluate_command(
            recipe, root, plan.runtime_options, plan.runtime, place, plan.task_data or None
        )
    job = recipe.jobs["train"]
    return RunTask(
        run.name,
        place,
        job,
        commands,
        folder.log(run),
        folder.evaluation_output(run),
        folder.run_lock(run),
        plan.max_updates or None,
    )


def evaluates(recipe: Recipe, plan: StudyPlan) -> bool:
    """Tell whether the models of a study are evaluated: several tasks need data of their own, which lnpatch has not."""
    job = recipe.jobs.get("evaluate")
    if job is None:
        return False
    return not job.tasks or bool(plan.task_data) or (plan.smoke and bool(job.smoke.data))


def read_status(task: RunTask, run: StudyRun, failure: str = "", job: str = "") -> RunStatus:
    """Read how a run of a study stands.

    Args:
        failure: what has kept lnpatch itself from going on with it.
        job: the job of a cluster that waits to do it, or does it.
    """
    try:
        step = task.next_step()
        progress = read_progress(task.folder)
        best = find_best_validation(task.folder)
    except (LnpatchError, OSError) as error:
        reason = error.message if isinstance(error, LnpatchError) else str(error)
        return RunStatus(run, task.folder, str(RunState.FAILED), reason=reason, job=job)
    state, reason = _describe_state(task, progress, step, failure, job)
    return RunStatus(
        run,
        task.folder,
        state,
        progress.updates,
        progress.max_updates,
        progress.cost,
        best,
        reason,
        job,
        read_figures(task.folder),
    )


def _describe_state(task: RunTask, progress: Progress, step: Step, failure: str, job: str) -> tuple[str, str]:
    """Return the state of a run, and the reason where it needs one."""
    info = progress.info
    ended = info is not None and info.state is not RunState.RUNNING and task.has_come_to_its_end(info)
    if step is Step.WAIT:
        if not ended:
            return str(RunState.RUNNING), ""
        return ("evaluating" if Step.EVALUATE in task.commands else str(RunState.DONE)), ""
    if job and step is not Step.NOTHING:
        return "queued", ""
    if failure:
        return str(RunState.FAILED), failure
    if step is Step.EVALUATE:
        said = _evaluation_failure(task)
        return ("not-evaluated", said) if said else (str(RunState.DONE), "")
    if ended:
        return str(RunState.DONE), ""
    if info is None:  # lnpatch has said why it could not begin
        said = find_error(task.log)
        return (str(RunState.FAILED) if said else progress.state), said
    return progress.state, info.reason


def _evaluation_failure(task: RunTask) -> str:
    """Return what an evaluation has said that has failed; empty where there was none."""
    try:
        document = json.loads(task.evaluation_output.read_text(encoding="utf-8"))
        return str(document["error"]["message"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return find_error(task.log) if task.evaluation_output.exists() else ""
