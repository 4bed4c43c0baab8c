"""MLflow: a run of its tracking server, or of the database that MLflow makes where MLFLOW_TRACKING_URI names none."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping

import mlflow
from mlflow.entities import Metric, Param, RunTag

from lnpatch.files import hold_lock
from lnpatch.folders import cache_root
from lnpatch.trackers.run_state import read_state, write_state
from lnpatch.trackers.tracker import TrackedRun

_NAME = "mlflow"

#: Seconds for which figures are gathered: each call is a request to a server, or a transaction.
_INTERVAL = 2.0

#: Metrics and parameters that one request takes.
_MOST_METRICS, _MOST_PARAMETERS = 1000, 100

#: Characters of a parameter's value.
_LONGEST_VALUE = 500

#: What a name must not have in it.
_NOT_IN_NAMES = re.compile(r"[^\w./ -]")

#: What MLflow calls the ends of a run.
_STATES = {"done": "FINISHED", "stopped": "KILLED"}


class MlflowTracker:
    """Logs to one MLflow run in the experiment of the target; it is the same one when the training is resumed."""

    def __init__(self, run: TrackedRun) -> None:
        logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells of every table that it makes
        kept = read_state(run.folder, _NAME)
        self._uri = kept.get("tracking_uri") or mlflow.get_tracking_uri()
        # several processes of a study would make the database's tables, and the experiment, at the same time
        with hold_lock(cache_root() / "mlflow.lock", patience=60):
            self._client = mlflow.MlflowClient(tracking_uri=self._uri)
            self._id = kept.get("run_id") or self._make_run(run)
        write_state(run.folder, _NAME, {"tracking_uri": self._uri, "run_id": self._id})
        self._client.update_run(self._id, status="RUNNING")
        self._pending: list[Metric] = []
        self._sent_at = time.monotonic()
        self._is_resumed = bool(kept)
        self._last_steps: dict[str, int] = {}

    def record(self, update: int, figures: Mapping[str, float]) -> None:
        """Log figures of an update, unless they are there from before the run was resumed."""
        now = time.time_ns() // 1_000_000
        for name, value in figures.items():
            key = _NOT_IN_NAMES.sub("_", name)
            if update > self._last_step(key):
                self._pending.append(Metric(key, value, now, update))
        if time.monotonic() - self._sent_at >= _INTERVAL:
            self._send()

    def finish(self, state: str, reason: str) -> None:
        """Log what is left, and how the run has ended."""
        self._send()
        if reason:
            self._client.set_tag(self._id, "reason", reason)
        self._client.set_terminated(self._id, _STATES.get(state, "FAILED"))

    def where(self) -> str:
        """Return the command that shows the figures, or where they are."""
        served = self._uri.startswith(("http:", "https:", "databricks"))
        return f"{self._uri}, run {self._id}" if served else f"mlflow ui --backend-store-uri {self._uri}"

    def _make_run(self, run: TrackedRun) -> str:
        name = f"lnpatch-{run.target}"
        experiment = self._client.get_experiment_by_name(name)
        identity = experiment.experiment_id if experiment else self._client.create_experiment(name)
        made = self._client.create_run(identity, run_name=run.name, tags={"folder": str(run.folder)})
        parameters = [
            Param(_NOT_IN_NAMES.sub("_", key), str(value)[:_LONGEST_VALUE]) for key, value in run.parameters.items()
        ]
        for start in range(0, len(parameters), _MOST_PARAMETERS):
            chunk = parameters[start : start + _MOST_PARAMETERS]
            self._client.log_batch(made.info.run_id, params=chunk, tags=[RunTag("cell", run.cell)])
        return str(made.info.run_id)

    def _last_step(self, key: str) -> int:
        """Return the last update for which a figure was logged before the run was resumed."""
        if not self._is_resumed:
            return 0
        if key not in self._last_steps:
            history = self._client.get_metric_history(self._id, key)
            self._last_steps[key] = max((metric.step for metric in history), default=0)
        return self._last_steps[key]

    def _send(self) -> None:
        self._sent_at = time.monotonic()
        for start in range(0, len(self._pending), _MOST_METRICS):
            self._client.log_batch(self._id, metrics=self._pending[start : start + _MOST_METRICS])
        self._pending.clear()
