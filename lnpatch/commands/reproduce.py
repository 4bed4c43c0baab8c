"""``lnpatch reproduce``: the comparison that the paper makes, from the checkout to the report, as a study that can go on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lnpatch import __version__
from lnpatch.checkout.clone import ReportCloning
from lnpatch.commands.apply import apply
from lnpatch.commands.diff import diff
from lnpatch.commands.locate import Target, as_recipe, locate
from lnpatch.errors import LnpatchError, NotAStudyError, StudyBusyError, StudyDiffersError
from lnpatch.files import sha256_of
from lnpatch.recipes import Recipe, find_recipe
from lnpatch.report.write import WrittenReport, write_report
from lnpatch.runtimes.choose import choose_runtime
from lnpatch.runtimes.environment import Environment
from lnpatch.runtimes.process import signals_to
from lnpatch.study.cluster import (
    ClusterJobStatus,
    JobState,
    cancel_jobs,
    explain_lost_job,
    find_jobs,
    require_cluster,
    submit_runs,
)
from lnpatch.study.cluster_options import ClusterOptions
from lnpatch.study.experiment import make_experiment
from lnpatch.study.local import LocalWork
from lnpatch.study.places import find_places
from lnpatch.study.plan import (
    StudyPlan,
    StudyRequest,
    choose_patch,
    extend_plan,
    injected_cells,
    make_plan,
    require_cells,
)
from lnpatch.study.run_status import RunStatus
from lnpatch.study.run_task import RunTask, Step
from lnpatch.study.study_folder import (
    Study,
    StudyCheckout,
    StudyFolder,
    hold_study,
    read_study,
    read_study_holder,
    write_study,
)
from lnpatch.study.study_view import SilentStudyView, StudyView
from lnpatch.study.tasks import evaluates, make_task, read_status
from lnpatch.trackers.open_trackers import require_trackers
from lnpatch.training.patched import open_patched
from lnpatch.training.request import TrainOptions, check_request
from lnpatch.training.run_folder import RunState, time_now
from lnpatch.training.shell_command import name_recipe

#: The packages whose versions belong to a study.
_VERSIONS = ("python", "theano", "pytensor", "jax", "numpy", "scipy")

#: Seconds between two looks at whether something has ended, and between two questions to a cluster.
_INTERVAL, _ASK_EVERY = 0.1, 5.0


@dataclass(frozen=True)
class StudyResult:
    """How a study stands."""

    #: Its folder, an absolute path.
    folder: Path
    study: Study
    runs: tuple[RunStatus, ...]
    #: The report that was written, and what it has found.
    report: WrittenReport = field(default_factory=WrittenReport)
    #: Whether it was told to stop.
    stopped: bool = False
    #: Remarks for people.
    notes: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether every run has come to its end."""
        return all(run.state == RunState.DONE for run in self.runs)

    @property
    def is_under_way(self) -> bool:
        """Whether runs are with a cluster, or another process, and the others are done."""
        return any(run.job for run in self.runs) and all(run.job or run.state == RunState.DONE for run in self.runs)


def reproduce(
    target: Target = None,
    *,
    output: str | os.PathLike[str] | None = None,
    request: StudyRequest | None = None,
    new_request: StudyRequest | None = None,
    studies: str | os.PathLike[str] = "studies",
    jobs: int | None = None,
    cluster: ClusterOptions | None = None,
    wait: bool = False,
    view: StudyView | None = None,
    report_cloning: ReportCloning = lambda step, done, total: None,
) -> StudyResult:
    """Train baseline and layer-normalized cell with several seeds, evaluate them, and write a report.

    Asked again it goes on: what is done stays, what failed or was killed is resumed, cells and seeds may come to it.

    Args:
        target: a name, an alias, the path of a recipe file, or a recipe; None for that of the study in *output*, or the
            one that is around.
        output: the study's folder; by default ``TARGET`` in *studies*.
        request: what to train; by default the paper's comparison, with three seeds.
        new_request: what to train if there is no study yet, where that is more than what is asked of one that goes on.
        studies: the folder of the studies that *output* names none for.
        jobs: the runs at once; by default as many as there are processors, or cards, or as a cluster lets.
        cluster: where to send the runs as jobs; None for this machine.
        wait: with a cluster, whether to wait for the jobs, and write the report.
        view: shows the study while it goes on; by default nothing is shown.
        report_cloning: called with a clone's progress: the step, how far it is, and of how much.

    Raises:
        LnpatchError: see :mod:`lnpatch.errors`; a run that fails is no error, and is in the result.
    """
    view = view or SilentStudyView()
    request = _with_absolute_paths(request or StudyRequest())
    opened = _open_study(target, output, request, studies, _with_absolute_paths(new_request or request))
    if cluster is not None:
        require_cluster(cluster)
    require_trackers(opened.plan.log_to)
    with hold_study(opened.folder.path):
        study = _prepare(opened, view, report_cloning)
        if cluster is None:
            return _run_here(opened, study, jobs, view)
        study = _submit(opened, study, jobs, cluster)
        stopped = wait and not _wait_for_jobs(opened, study, view)
        return _conclude(opened, study, view, stopped=stopped)


def study_status(
    target: Target = None,
    *,
    output: str | os.PathLike[str] | None = None,
    studies: str | os.PathLike[str] = "studies",
) -> StudyResult:
    """Say how a study stands; nothing is changed.

    Raises:
        NotAStudyError: there is none.
    """
    opened = _open_study(target, output, StudyRequest(), studies, must_exist=True)
    study = _require_study(opened)
    return StudyResult(opened.folder.path, study, _read_statuses(opened, study, _find_jobs(opened, study)))


def cancel_study(
    target: Target = None,
    *,
    output: str | os.PathLike[str] | None = None,
    studies: str | os.PathLike[str] = "studies",
) -> StudyResult:
    """Stop a study that goes on elsewhere, its models saved; return when it has stopped.

    Raises:
        NotAStudyError: there is none.
        StudyBusyError: it goes on on another machine, which this one cannot reach.
    """
    opened = _open_study(target, output, StudyRequest(), studies, must_exist=True)
    study = _require_study(opened)
    folder = opened.folder.path
    holder = read_study_holder(folder)
    if holder is not None:
        if not holder.is_here():
            raise StudyBusyError(str(folder), str(holder))
        os.kill(holder.pid, signal.SIGTERM)
        while read_study_holder(folder) == holder:
            time.sleep(_INTERVAL)
    live = [job for job in _find_jobs(opened, study).values() if job.state is not JobState.ENDED]
    cancel_jobs(opened.folder, live)
    # so that nobody wonders why a job has ended that was never begun
    cancelled = replace(study, submissions=())
    if study.submissions:
        with hold_study(folder):
            write_study(folder, cancelled)
    notes = [f"{job} was cancelled." for job in live] if holder or live else ["Nothing of it was under way."]
    return StudyResult(folder, cancelled, _read_statuses(opened, cancelled), notes=tuple(notes))


@dataclass(frozen=True)
class _OpenStudy:
    """A study that is asked for: what there is of it, and what it is to be."""

    folder: StudyFolder
    recipe: Recipe
    plan: StudyPlan
    #: What ``study.json`` says; None for a new study.
    earlier: Study | None


def _open_study(
    target: Target,
    output: str | os.PathLike[str] | None,
    request: StudyRequest,
    studies: str | os.PathLike[str],
    new_request: StudyRequest | None = None,
    *,
    must_exist: bool = False,
) -> _OpenStudy:
    """Find the study that is meant, and what it is to be; nothing is made."""
    earlier = read_study(Path(output)) if output is not None else None
    if must_exist and output is not None and earlier is None:
        raise NotAStudyError(os.fspath(output), ["there is no study.json in it"])
    recipe = as_recipe(target) if target is not None else None
    new = new_request or request
    if recipe is None and earlier is None:
        location = locate(None, request.directory)
        directory = str(location.directory.absolute())
        recipe, request, new = location.recipe, replace(request, directory=directory), replace(new, directory=directory)
    if output is None and recipe is not None:
        output = Path(studies) / (f"{recipe.name}-smoke" if request.smoke else recipe.name)
        earlier = read_study(output)
    folder = Path(str(output)).absolute()
    if earlier is None:
        assert recipe is not None
        runtime = choose_runtime(new.runtime, recipe, "train").name
        plan = make_plan(recipe, name_recipe(recipe), new, runtime)
    else:
        if recipe is not None and recipe.name != earlier.plan.target:
            raise StudyDiffersError(str(folder), [f"TARGET {recipe.name}, where the study has {earlier.plan.target}"])
        plan = extend_plan(str(folder), earlier.plan, request)
        recipe = recipe or find_recipe(earlier.plan.recipe)
        require_cells(plan.cells, recipe)
    return _OpenStudy(StudyFolder(folder), recipe, plan, earlier)


def _require_study(opened: _OpenStudy) -> Study:
    if opened.earlier is None:
        raise NotAStudyError(str(opened.folder.path), ["there is no study.json in it"])
    return opened.earlier


def _with_absolute_paths(request: StudyRequest) -> StudyRequest:
    """Return a request whose paths mean the same in every folder."""

    def absolute(path: str | None) -> str | None:
        return os.path.abspath(os.path.expanduser(path)) if path else None

    source = request.source
    if source is not None and Path(source).exists():
        source = absolute(source)
    runtime = replace(request.runtime, python=request.runtime.python and absolute(request.runtime.python))
    return replace(
        request,
        data=absolute(request.data),
        task_data=absolute(request.task_data),
        directory=absolute(request.directory),
        source=source,
        runtime=runtime,
    )


# Before the runs


def _prepare(opened: _OpenStudy, view: StudyView, report_cloning: ReportCloning) -> Study:
    """Have checkouts and environment, find out that the runs can be trained, and write the study down."""
    plan, recipe, earlier = opened.plan, opened.recipe, opened.earlier
    checkouts = _patch_checkouts(opened, report_cloning)
    study = Study(
        plan,
        checkouts,
        earlier.versions if earlier else {},
        earlier.submissions if earlier else (),
        earlier.created if earlier else time_now(),
    )
    for checkout in checkouts:
        _check_training(recipe, study, checkout, view.report_step)
    environment = _build_environments(recipe, plan, view.report_step)
    packages = {name: version for name in _VERSIONS if (version := environment.version(name))}
    study = replace(study, versions=study.versions or {"lnpatch": __version__, **packages})
    if study != earlier:
        write_study(opened.folder.path, study)
    return study


def _patch_checkouts(opened: _OpenStudy, report_cloning: ReportCloning) -> tuple[StudyCheckout, ...]:
    """Clone and patch what is not there yet: a checkout for each injected cell, since a patch brings one.

    Raises:
        StudyDiffersError: a checkout is not what the study began with.
        LnpatchError: a repository cannot be cloned or patched.
    """
    plan, recipe = opened.plan, opened.recipe
    known = {checkout.cell: checkout for checkout in opened.earlier.checkouts} if opened.earlier else {}
    checkouts: list[StudyCheckout] = []
    for cell in injected_cells(plan.cells, tuple(known), recipe):
        earlier = known.get(cell)
        own = opened.folder.checkout(cell, first=not checkouts)
        folder = Path(earlier.folder if earlier else plan.directory or own)
        report = apply(recipe, folder, cell=cell, source=plan.source or None, report_cloning=report_cloning)
        digest = sha256_of(diff(recipe, folder, cell=cell).patch)
        checkout = StudyCheckout(str(folder), cell, report.commit, digest)
        if earlier is not None and checkout != earlier:
            what = "commit" if checkout.commit != earlier.commit else "patch"
            before, now = (earlier.commit, checkout.commit) if what == "commit" else (earlier.patch_sha256, digest)
            found = f"the {what} in {folder} is {now[:12]}, where the study began with {before[:12]}"
            raise StudyDiffersError(str(opened.folder.path), [found])
        checkouts.append(checkout)
    return tuple(checkouts)


def _check_training(recipe: Recipe, study: Study, checkout: StudyCheckout, report_step: Callable[[str], None]) -> None:
    """Refuse what no run of a checkout could be trained with, before the first of them starts.

    Raises:
        LnpatchError: a hyperparameter, the data, or a cell.
    """
    plan = study.plan
    patched = open_patched(recipe, Path(checkout.folder))
    cells = [cell for cell in plan.cells if choose_patch(cell, study.patched_cells, recipe) == checkout.cell]
    for cell in cells:
        patched.choose_cell(cell)
    if cells:
        options = TrainOptions(plan.runtime_options, cells[0], plan.data or None, plan.smoke, plan.assignments)
        check_request(patched, options, report_step)


def _build_environments(recipe: Recipe, plan: StudyPlan, report_step: Callable[[str], None]) -> Environment:
    """Build what the runs need, so that they do not wait for each other; return what trains."""
    runtime = choose_runtime(plan.runtime_options, recipe, "train")
    if evaluates(recipe, plan):
        runtime.ensure_environment(recipe, "evaluate", report_step)
    return runtime.ensure_environment(recipe, "train", report_step)


# The runs, and what comes after them


def _tasks(opened: _OpenStudy, study: Study) -> list[RunTask]:
    return [make_task(opened.recipe, study, opened.folder, run) for run in study.plan.runs]


def _run_here(opened: _OpenStudy, study: Study, jobs: int | None, view: StudyView) -> StudyResult:
    """Do what the runs need on this machine.

    Raises:
        StudyBusyError: a cluster has jobs for it.
    """
    for job in _find_jobs(opened, study).values():
        if job.state is not JobState.ENDED:
            raise StudyBusyError(str(opened.folder.path), str(job))
    to_do = [task for task in _tasks(opened, study) if _needs_work(task)]
    places = find_places(study.plan.device, len(to_do), jobs)
    work = LocalWork(to_do, places, lambda: view.show_runs(_read_statuses(opened, study)), view.show_stopping)
    with signals_to(work.stop):
        work.run()
    return _conclude(opened, study, view, work.failures, work.stopped)


def _submit(opened: _OpenStudy, study: Study, jobs: int | None, cluster: ClusterOptions) -> Study:
    """Send a cluster the runs that need something and have no job yet, and write down their jobs."""
    known = _find_jobs(opened, study)
    live = {run for run, job in known.items() if job.state is not JobState.ENDED}
    to_do = [task for task in _tasks(opened, study) if task.name not in live and _needs_work(task)]
    if not to_do:
        return study
    title = f"lnpatch-{study.plan.target}"
    submission = submit_runs(opened.folder, title, to_do, cluster, study.plan.device, jobs)
    study = replace(study, submissions=(*study.submissions, submission))
    write_study(opened.folder.path, study)
    return study


def _wait_for_jobs(opened: _OpenStudy, study: Study, view: StudyView) -> bool:
    """Wait until all jobs have ended; return whether they have, and nobody has asked to stop waiting."""
    asked_to_stop: list[int] = []
    with signals_to(asked_to_stop.append):
        while not asked_to_stop:
            jobs = _find_jobs(opened, study)
            view.show_runs(_read_statuses(opened, study, jobs))
            if all(job.state is JobState.ENDED for job in jobs.values()):
                return True
            for _ in range(round(_ASK_EVERY / _INTERVAL)):
                if not asked_to_stop:
                    time.sleep(_INTERVAL)
    return False


def _find_jobs(opened: _OpenStudy, study: Study) -> dict[str, ClusterJobStatus]:
    """Return the last job of each run; none where all runs are done, so that no cluster is needed to read such a study."""
    if not any(_needs_work(task) for task in _tasks(opened, study)):
        return {}
    return find_jobs(opened.folder, study.submissions)


def _needs_work(task: RunTask) -> bool:
    """Return whether a run has not come to its end; a folder that cannot be read is left to the step to refuse."""
    try:
        return task.next_step() is not Step.NOTHING
    except LnpatchError:
        return True


def _conclude(
    opened: _OpenStudy,
    study: Study,
    view: StudyView,
    failures: Mapping[str, str] | None = None,
    stopped: bool = False,
) -> StudyResult:
    """Read how the runs stand, and report on them where none is under way."""
    jobs = _find_jobs(opened, study)
    statuses = _read_statuses(opened, study, jobs, failures or {})
    view.show_runs(statuses)
    report = WrittenReport()
    if any(status.updates for status in statuses) and not any(status.job for status in statuses):
        tasks = {task.name: task for task in _tasks(opened, study)}
        experiment = make_experiment(opened.recipe, study, opened.folder, tasks, statuses)
        report = write_report(opened.folder.path, experiment)
    return StudyResult(opened.folder.path, study, statuses, report, stopped)


def _read_statuses(
    opened: _OpenStudy,
    study: Study,
    jobs: Mapping[str, ClusterJobStatus] | None = None,
    failures: Mapping[str, str] | None = None,
) -> tuple[RunStatus, ...]:
    statuses = []
    for run, task in zip(study.plan.runs, _tasks(opened, study), strict=True):
        job = (jobs or {}).get(run.name)
        is_live = job is not None and job.state is not JobState.ENDED
        status = read_status(task, run, (failures or {}).get(run.name, ""), str(job) if is_live else "")
        if job is not None and not is_live and status.state == "to-do":
            status = replace(status, state=str(RunState.FAILED), reason=explain_lost_job(opened.folder, job))
        statuses.append(status)
    return tuple(statuses)
