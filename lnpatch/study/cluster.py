"""Do the runs of a study on a cluster: an array of jobs, by submitit, which knows SLURM and takes plugins for others."""

from __future__ import annotations

import ast
import io
import logging
import os
import secrets
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any

from lnpatch.errors import ClusterError, ClusterLibraryError, FileError, UsageError
from lnpatch.errors.install_hint import how_to_install
from lnpatch.schema import Scalar
from lnpatch.study.cluster_job import PREEMPTION_SIGNAL, ClusterJob
from lnpatch.study.cluster_options import ClusterOptions
from lnpatch.study.run_task import RunTask
from lnpatch.study.study_folder import StudyFolder, Submission
from lnpatch.suggest import close_matches
from lnpatch.training.run_folder import time_now

_logger = logging.getLogger(__name__)

#: The cluster that submitit asks ``squeue``, ``sbatch`` and ``scancel`` for.
SLURM = "slurm"

#: The minutes of a job where nothing is said; it is queued again as often as it needs.
_MINUTES = 240

#: How often a job that has reached its time limit is queued again.
_MOST_TIMEOUTS = 10_000

#: Seconds before a time limit at which a job is told to save; less for a limit of a few minutes.
_SAVING_SECONDS = 90

#: What ``squeue`` calls a job that is not begun, or under way; anything else has ended.
_QUEUED = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD"}
_RUNNING = {"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"}

#: Seconds that a command of the cluster may take.
_TIMEOUT = 120


class JobState(StrEnum):
    """How a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True)
class ClusterJobStatus:
    """A job of a cluster, and how it stands."""

    cluster: str
    #: As the cluster calls it: ``12_0``.
    job: str
    state: JobState

    def __str__(self) -> str:
        return f"{self.cluster} {self.job}"


def require_cluster(options: ClusterOptions) -> None:
    """Refuse a cluster that submitit does not know here, before anything is made.

    Raises:
        ClusterLibraryError: there is no submitit.
        UsageError: there is no cluster of that name, or an option that it does not have.
        ClusterError: this machine cannot send it jobs.
    """
    known = _executors()
    if options.name not in known:
        near = close_matches(options.name, known)
        advice = f"Did you mean {near[0]}?" if near else "A plugin of submitit's brings another one."
        raise UsageError(f"submitit knows no cluster {options.name!r}; it knows {', '.join(known)}.", advice)
    if options.name != SLURM and options.partition is not None:
        raise UsageError(f"--slurm-partition is for --on slurm, not for {options.name}.")
    _parse_parameters(options)
    if known[options.name].affinity() < 0:
        raise ClusterError(options.name, "looking for it", "its commands are not on this machine")


def submit_runs(
    folder: StudyFolder,
    title: str,
    tasks: Sequence[RunTask],
    options: ClusterOptions,
    device: str,
    at_once: int | None = None,
) -> Submission:
    """Send a cluster one array of jobs, one for each run.

    Args:
        title: what the jobs are called.
        device: ``cpu`` or ``gpu``.
        at_once: the jobs that may run at once; by default as many as the cluster lets.

    Raises:
        ClusterError: it does not take them.
        UsageError: a parameter is none of its own.
    """
    submitit = _import_submitit()
    parameters = _make_parameters(options, device, at_once)
    # one for each submission: an old copy of the folder, on a node's own disk, has another one
    mark = folder.cluster / f"submitted-{secrets.token_hex(8)}"
    try:
        folder.cluster.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError as error:
        raise FileError(str(error.filename or mark), error.strerror or str(error)) from error
    chosen = {f"{SLURM}_max_num_timeout": _MOST_TIMEOUTS} if options.name == SLURM else {}
    try:
        executor = submitit.AutoExecutor(folder=folder.cluster, cluster=options.name, **chosen)
        executor.update_parameters(name=title, **{**parameters, **_name_parameters(options)})
    except (NameError, ValueError, TypeError, AssertionError) as error:
        raise UsageError(f"{options.name} does not take this: {error}") from error
    except RuntimeError as error:
        raise ClusterError(options.name, "preparing the jobs", str(error)) from error
    jobs = [ClusterJob(task, device, mark) for task in tasks]
    try:
        with redirect_stderr(io.StringIO()):  # submitit prints what sbatch has said, and raises it
            submitted = executor.submit_array(jobs)
    except Exception as error:
        raise ClusterError(options.name, "submitting the jobs", str(error)) from error
    ids = {task.name: str(job.job_id) for task, job in zip(tasks, submitted, strict=True)}
    return Submission(options.name, ids, time_now(), {**parameters, **_parse_parameters(options)})


def find_jobs(folder: StudyFolder, submissions: Sequence[Submission]) -> dict[str, ClusterJobStatus]:
    """Return the last job that each run was given, by the run's name.

    Raises:
        ClusterError: a cluster does not answer.
    """
    jobs: dict[str, ClusterJobStatus] = {}
    for cluster in dict.fromkeys(submission.cluster for submission in submissions):
        ids = [job for one in submissions if one.cluster == cluster for job in one.jobs.values()]
        states = _ask_slurm(ids) if cluster == SLURM else _ask_plugin(folder, cluster, ids)
        for submission in submissions:
            if submission.cluster == cluster:
                jobs |= {
                    run: ClusterJobStatus(cluster, job, states.get(job, JobState.ENDED))
                    for run, job in submission.jobs.items()
                }
    return jobs


def cancel_jobs(folder: StudyFolder, jobs: Iterable[ClusterJobStatus]) -> None:
    """Cancel jobs that have not ended; those that run save, if the cluster lets them.

    Raises:
        ClusterError: the cluster does not do it.
    """
    for one in jobs:
        if one.state is JobState.ENDED:
            continue
        cluster, job = one.cluster, one.job
        executor = _executors().get(cluster)
        if executor is None:
            raise ClusterError(cluster, f"cancelling {job}", "submitit knows no such cluster here")
        try:
            executor.job_class(folder=folder.cluster, job_id=job).cancel(check=True)
        except (subprocess.CalledProcessError, OSError) as error:
            raise ClusterError(cluster, f"cancelling {job}", str(error)) from error


def explain_lost_job(folder: StudyFolder, job: ClusterJobStatus) -> str:
    """Return why a job may have ended that has left nothing of its run.

    A scheduler that cannot write a job's log ends it without a word.
    """
    log = folder.cluster / f"{job.job}_0_log.err"
    if log.exists():
        return f"{job} has ended before it trained; what it has said is in {log}"
    return (
        f"{job} has ended before it wrote anything: it was cancelled in the queue, or its node does not "
        f"see {folder.path}, which has to be in a folder that all nodes share (--output names another one)"
    )


# submitit


def _import_submitit() -> ModuleType:
    try:
        import submitit
    except ImportError as error:
        raise ClusterLibraryError(str(error), how_to_install("cluster")) from error
    return submitit


def _executors() -> Mapping[str, Any]:
    """Return what submitit can send jobs to, by name, but for its own ways of running them on this machine."""
    _import_submitit()
    from submitit.core.plugins import get_executors

    return {name: executor for name, executor in get_executors().items() if name not in ("local", "debug")}


def _make_parameters(options: ClusterOptions, device: str, at_once: int | None) -> dict[str, Scalar]:
    """Return what submitit's executors take, under its own names: those that all of them share, and this one's."""
    gpus = options.gpus if options.gpus is not None else int(device == "gpu")
    named: dict[str, Scalar | None] = {
        "timeout_min": options.minutes or _MINUTES,
        "mem_gb": options.memory,
        "cpus_per_task": options.cpus,
        "gpus_per_node": gpus or None,
    }
    if options.name == SLURM:
        named["slurm_partition"] = options.partition
        named["slurm_array_parallelism"] = at_once
    return {name: value for name, value in named.items() if value is not None}


def _parse_parameters(options: ClusterOptions) -> dict[str, Scalar]:
    """Return the further parameters, ``KEY=VALUE``, by name."""
    values: dict[str, Scalar] = {}
    for text in options.parameters:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--cluster takes KEY=VALUE, not {text!r}", "For example: --cluster account=nlp")
        values[name.strip().replace("-", "_")] = _read_value(value.strip())
    return values


def _name_parameters(options: ClusterOptions) -> dict[str, Any]:
    """Return the further parameters under submitit's names, and what a job of SLURM has to be told beyond them.

    What submitit shares between clusters is called as it is, what one has of its own begins with its name, and any other
    option of ``sbatch`` is passed on.
    """
    from submitit import AutoExecutor

    generic, own = AutoExecutor._typed_parameters(), _executors()[options.name]._valid_parameters()
    named: dict[str, Any] = {}
    passed_on: dict[str, Scalar] = {}
    for name, value in _parse_parameters(options).items():
        if name in generic:
            named[name] = value
        elif name in own or options.name != SLURM:
            named[f"{options.name}_{name}"] = value
        else:
            passed_on[name] = value
    if options.name != SLURM:
        return named
    delay = named.get("slurm_signal_delay_s", min(_SAVING_SECONDS, (options.minutes or _MINUTES) * 15))
    # a job starts without its user's variables where the cluster is set up so
    variables = {name: os.environ[name] for name in ("PYTHONPATH", "LNPATCH_CACHE") if os.environ.get(name)}
    exports = {"SUBMITIT_PREEMPT_SIGNAL": PREEMPTION_SIGNAL, **variables}
    named["slurm_setup"] = [f"export {name}={shlex.quote(value)}" for name, value in exports.items()]
    # so that a job saves ahead of its end, and may be queued again
    named["slurm_additional_parameters"] = {
        "signal": f"{PREEMPTION_SIGNAL}@{delay}",
        "requeue": True,
        **passed_on,
    }
    return named


def _read_value(text: str) -> Scalar:
    """Return a parameter's value: a number or a truth value where it is one, else the text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return value if isinstance(value, (int, float)) else text


# How jobs stand


def _ask_slurm(ids: Sequence[str]) -> dict[str, JobState]:
    """Return how jobs of SLURM stand, as far as ``squeue`` still knows them: submitit asks ``sacct``, which few set up."""
    arrays = dict.fromkeys(job.partition("_")[0] for job in ids)
    words = ["squeue", "--noheader", "--array", "--states=all", "--format=%i %T", f"--jobs={','.join(arrays)}"]
    _logger.debug("$ %s", shlex.join(map(str, words)))
    try:
        answer = subprocess.run(words, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except FileNotFoundError as error:
        raise ClusterError(SLURM, "asking for the jobs", "its commands are not on this machine") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(SLURM, "asking for the jobs", str(error)) from error
    if answer.returncode and "Invalid job id" not in answer.stderr:
        raise ClusterError(SLURM, "asking for the jobs", answer.stderr.strip())
    return dict(_parse_queue(answer.stdout))


def _parse_queue(text: str) -> Iterator[tuple[str, JobState]]:
    for line in text.splitlines():
        job, _, state = line.strip().partition(" ")
        if state in _QUEUED:
            yield job, JobState.QUEUED
        else:
            yield job, JobState.RUNNING if state in _RUNNING else JobState.ENDED


def _ask_plugin(folder: StudyFolder, cluster: str, ids: Sequence[str]) -> dict[str, JobState]:
    executor = _executors().get(cluster)
    if executor is None:
        raise ClusterError(cluster, "asking for the jobs", "submitit knows no such cluster here")
    states: dict[str, JobState] = {}
    for job in ids:
        one = executor.job_class(folder=folder.cluster, job_id=job)
        pending = str(one.state).upper() in ("PENDING", "QUEUED")
        states[job] = JobState.ENDED if one.done() else JobState.QUEUED if pending else JobState.RUNNING
    return states
