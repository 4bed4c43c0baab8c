"""Run a trainer that is ready to start: its output becomes the run's log and updates, its end the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lnpatch.errors import TrainingFailedError
from lnpatch.runtimes.open_runtime import Outcome
from lnpatch.training.jobs import LAUNCH
from lnpatch.training.output import Event, OutputParser, Update, Validation, is_event
from lnpatch.training.prepare import TrainPlan
from lnpatch.training.run_folder import RunInfo, RunState, RunWriter, time_now, write_info
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
    #: The mean of the last five.
    last_cost: float | None = None
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


@dataclass
class _Reported:
    """What a run has reported so far."""

    costs: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    validation: dict[str, float] = field(default_factory=dict)

    def add_event(self, event: Event) -> None:
        if isinstance(event, Update):
            self.costs.append(event.cost)
            self.seconds.append(event.seconds)
        elif isinstance(event, Validation):
            self.validation.update(event.figures)

    def first_cost(self) -> float | None:
        return self.costs[0] if self.costs else None

    def last_cost(self) -> float | None:
        last = self.costs[-5:]
        return sum(last) / len(last) if last else None

    def seconds_per_update(self) -> float | None:
        later = sorted(self.seconds[1:]) or self.seconds
        return later[len(later) // 2] if later else None


def run_plan(plan: TrainPlan, view: TrainView) -> TrainResult:
    """Train, and write down how it went.

    Raises:
        TrainingFailedError: the trainer has failed, or its cost became NaN; the run's folder says more.
    """
    writer = RunWriter(plan.folder, plan.info.updates, plan.info.elapsed)
    parser = OutputParser(plan.recipe_job.validation, plan.info.updates)
    reported = _Reported()
    write_info(plan.folder, plan.info)
    view.start(plan)
    with writer.open_files() as (log, updates):

        def read_line(text: str) -> None:
            if not is_event(text):
                view.show_line(text)
            for event in parser.parse(text):
                writer.record_event(event, updates)
                reported.add_event(event)
                view.show_event(event)

        outcome = plan.runtime.run(LAUNCH, plan.job, read_line, log)
    info = _info_at_end(plan, writer, outcome)
    write_info(plan.folder, info)
    if info.state in (RunState.NAN, RunState.FAILED):
        tail = outcome.tail if info.state is RunState.FAILED else ()
        raise TrainingFailedError(plan.runtime.recipe.reference, str(plan.folder), info.reason, tail)
    return TrainResult(
        plan.folder,
        info,
        reported.first_cost(),
        reported.last_cost(),
        reported.seconds_per_update(),
        reported.validation,
        outcome.result.get("parameters", {}),
        tuple(job for job in ("evaluate", "encode") if job in plan.runtime.recipe.jobs),
        plan.notes,
    )


def _info_at_end(plan: TrainPlan, writer: RunWriter, outcome: Outcome) -> RunInfo:
    """Return what ``run.json`` says of a run that has ended."""
    state, reason = _end_state(writer, outcome)
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


def _end_state(writer: RunWriter, outcome: Outcome) -> tuple[RunState, str]:
    """Return how a run has ended, and why."""
    if writer.nan_at is not None:
        return RunState.NAN, f"the cost became NaN at update {writer.nan_at}"
    if outcome.result and (outcome.status == 0 or outcome.interrupted):  # the launcher writes its result last
        return RunState(outcome.result["state"]), ""
    if outcome.interrupted:
        return RunState.STOPPED, "stopped before anything was saved"
    return RunState.FAILED, f"the trainer has failed (exit status {outcome.status})"
