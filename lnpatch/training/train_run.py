"""Run a trainer that is ready to start: its output becomes the run's log and updates, its end the outcome."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lnpatch.errors import NotARunError, TrainingFailedError
from lnpatch.runtimes.open_runtime import Outcome
from lnpatch.trackers.open_trackers import Trackers
from lnpatch.training.final_cost import final_cost
from lnpatch.training.jobs import LAUNCH
from lnpatch.training.output import BatchWords, Event, OutputParser, Saving, Update, Validation, is_event
from lnpatch.training.prepare import TrainPlan
from lnpatch.training.resume import find_resume_point
from lnpatch.training.run_folder import RunInfo, RunState, time_now, write_info
from lnpatch.training.run_writer import RunWriter
from lnpatch.training.tracking import FigureTracking, describe_tracked
from lnpatch.training.train_view import TrainView


@dataclass(frozen=True)
class TrainResult:
    """How a run has ended."""

    #: The run's folder.
    folder: Path
    #: What its ``run.json`` says.
    info: RunInfo
    #: The first cost that was reported in this part of the run.
    first_cost: float | None = None
    #: The mean of the last tenth of those.
    last_cost: float | None = None
    #: Whether the two are costs per word.
    per_word: bool = False
    #: The median over all reported updates but the first, which is slower.
    seconds_per_update: float | None = None
    #: The last validation figures, by name.
    validation: Mapping[str, float] = field(default_factory=dict)
    #: What the launcher says of the parameters, where it was asked: see ``templates/launcher/launch.py``.
    parameters: Mapping[str, Any] = field(default_factory=dict)
    #: The recipe's jobs that take its model.
    model_jobs: tuple[str, ...] = ()
    #: Remarks for people.
    notes: tuple[str, ...] = ()


#: Characters of a line of output in a message about a failure.
_SHOWN_LINE = 500


@dataclass
class _Reported:
    """What a run has reported so far."""

    costs: list[float] = field(default_factory=list)
    #: The number of each update, and by it the words that its cost is summed over, where that is known.
    updates: list[int] = field(default_factory=list)
    words: dict[int, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    validation: dict[str, float] = field(default_factory=dict)

    def add_event(self, event: Event) -> None:
        if isinstance(event, Update):
            self.costs.append(event.cost)
            self.updates.append(event.update)
            self.seconds.append(event.seconds)
        elif isinstance(event, Validation):
            self.validation.update(event.figures)
        elif isinstance(event, BatchWords):
            self.words[event.update] = event.words

    @property
    def per_word(self) -> bool:
        """Whether the words of all updates are known."""
        return bool(self.updates) and all(self.words.get(update, 0) > 0 for update in self.updates)

    def compared_costs(self) -> list[float]:
        """Return the costs, per word where that is known: those of batches of longer sentences are larger."""
        if not self.per_word:
            return self.costs
        return [cost / self.words[update] for update, cost in zip(self.updates, self.costs, strict=True)]

    def seconds_per_update(self) -> float | None:
        later = sorted(self.seconds[1:]) or self.seconds
        return later[len(later) // 2] if later else None


def run_plan(plan: TrainPlan, view: TrainView) -> TrainResult:
    """Train, and write down how it went.

    Raises:
        TrainingFailedError: the trainer has failed, or its cost became NaN; the run's folder says more.
    """
    writer = RunWriter(plan.folder, plan.info.elapsed)
    trackers = Trackers(plan.info.log_to, describe_tracked(plan), view.report_step)
    info = replace(plan.info, state=RunState.FAILED)
    try:
        outcome, reported = _run_trainer(plan, view, writer, trackers)
        info = _info_at_end(plan, writer, outcome)
        write_info(plan.folder, info)
    except OSError as error:
        reason = f"{error.filename or plan.folder} cannot be written ({error.strerror or error}){_kept_model(plan)}"
        raise TrainingFailedError(plan.runtime.recipe.reference, str(plan.folder), reason, ()) from error
    finally:
        plan.lock.release()
        told = trackers.finish(info.state, info.reason)
    if info.state in (RunState.NAN, RunState.FAILED):
        tail = [line[:_SHOWN_LINE] for line in outcome.tail] if info.state is RunState.FAILED else ()
        raise TrainingFailedError(plan.runtime.recipe.reference, str(plan.folder), info.reason, tuple(tail))
    costs = reported.compared_costs()
    return TrainResult(
        plan.folder,
        info,
        costs[0] if costs else None,
        final_cost(costs),
        reported.per_word,
        reported.seconds_per_update(),
        reported.validation,
        outcome.result.get("parameters", {}),
        tuple(job for job in ("evaluate", "encode") if job in plan.runtime.recipe.jobs),
        (*plan.notes, *told),
    )


def _run_trainer(plan: TrainPlan, view: TrainView, writer: RunWriter, trackers: Trackers) -> tuple[Outcome, _Reported]:
    """Run the trainer to its end; return how it has ended, and what it has reported."""
    parser = OutputParser(plan.recipe_job.validation, plan.info.updates)
    reported, tracking = _Reported(), FigureTracking(trackers)
    view.start(plan)
    with writer.open_files(), _answer_pipe() as (answers, answer):

        def read_line(text: str) -> None:
            if not is_event(text):
                with suppress(OSError):  # the terminal may be closed, which ends no training
                    view.show_line(text[:_SHOWN_LINE])
            for event in parser.parse(text):
                if isinstance(event, Saving):
                    answer(writer.sync_updates())
                    continue
                reported.add_event(event)
                if not isinstance(event, BatchWords):
                    with suppress(OSError):
                        view.show_event(event)
                tracking.record_event(event)
                writer.record_event(event)

        # the lock is inherited, so that the folder stays locked while the trainer lives
        job = replace(plan.job, answers=answers)
        keep_open = (answers, plan.lock.descriptor)
        return plan.runtime.run(LAUNCH, job, read_line, writer.append_log, keep_open), reported


@contextmanager
def _answer_pipe() -> Iterator[tuple[int, Callable[[bool], None]]]:
    """Make a pipe; give the descriptor to read from, and what answers: yes, or no for good by the end of the pipe."""
    reader, writer = os.pipe()
    open_ends = {reader, writer}

    def answer(yes: bool) -> None:
        if yes and writer in open_ends:
            os.write(writer, b"\n")
        elif writer in open_ends:
            open_ends.remove(writer)
            os.close(writer)

    try:
        yield reader, answer
    finally:
        for end in open_ends:
            os.close(end)


def _info_at_end(plan: TrainPlan, writer: RunWriter, outcome: Outcome) -> RunInfo:
    """Return what ``run.json`` says of a run that has ended."""
    state, reason = _end_state(plan, writer, outcome)
    reported = writer.last.update if writer.last else plan.info.updates
    model = plan.recipe_job.model
    return replace(
        plan.info,
        state=state,
        reason=reason,
        finished=time_now(),
        updates=plan.info.updates + outcome.result["updates"] if outcome.result else reported,
        elapsed=round(writer.elapsed, 3),
        model=model if (plan.folder / model).exists() else "",
    )


def _end_state(plan: TrainPlan, writer: RunWriter, outcome: Outcome) -> tuple[RunState, str]:
    """Return how a run has ended, and why."""
    if writer.nan_at is not None:
        return RunState.NAN, f"the cost became NaN at update {writer.nan_at}"
    if outcome.result and (outcome.status == 0 or outcome.interrupted):  # the launcher writes its result last
        state = RunState(outcome.result["state"])
        return state, writer.failure or (_own_end(plan, outcome) if state is RunState.DONE else "")
    if writer.failure:
        return RunState.FAILED, writer.failure + _kept_model(plan)
    if outcome.interrupted:
        return RunState.STOPPED, "stopped before anything was saved"
    said = f": {outcome.tail[-1][:_SHOWN_LINE]}" if outcome.tail else ""
    return RunState.FAILED, f"the trainer has failed (exit status {outcome.status}){said}"


def _own_end(plan: TrainPlan, outcome: Outcome) -> str:
    """Return why a trainer has ended ahead of the updates that were asked for; empty where it has made them all."""
    limit = plan.info.max_updates
    if limit is None or plan.info.updates + outcome.result["updates"] >= limit:
        return ""
    name = plan.recipe_job.epochs_setting
    epochs = f" with {name} = {plan.epochs}" if plan.epochs is not None else ""
    return f"the trainer has ended by itself{epochs}, before the {limit} updates that were asked for"


def _kept_model(plan: TrainPlan) -> str:
    """Return, for people, which model is there where a run could not be written down any more."""
    try:
        update = find_resume_point(plan.folder, plan.recipe_job, plan.info).update
    except NotARunError:
        update = 0
    return f"; the model of update {update} is kept" if update else "; no model was saved before"
