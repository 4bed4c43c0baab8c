"""``lnpatch train --log-to``: trackers have what the run's folder has, once, and end no training. The trainer is the toy's."""

from __future__ import annotations

import importlib.util
import json
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lnpatch.trackers import open_trackers
from lnpatch.trackers.tracker import PACKAGES, TrackedRun
from tests.conftest import Output
from tests.training.conftest import TOY

Run = Callable[..., Output]


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is sent anywhere, and nothing of the user's is read."""
    for name in [name for name in os.environ if name.startswith(("WANDB_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")


def figures_of_tensorboard(run: Path) -> Iterator[tuple[str, int]]:
    """The scalars in the event files of a run, those left out that TensorBoard leaves out."""
    from tensorboardX.proto.event_pb2 import Event

    found: list[tuple[str, int]] = []
    for file in sorted((run / "tensorboard").iterdir()):
        data, place = file.read_bytes(), 0
        while place < len(data):  # a record: its length, a checksum, itself, a checksum
            (size,) = struct.unpack_from("<Q", data, place)
            event = Event.FromString(data[place + 12 : place + 12 + size])
            place += size + 16
            if event.session_log.status == 1:  # START: what was logged from here on is logged again
                found = [(name, step) for name, step in found if step < event.step]
            found += [(value.tag, event.step) for value in event.summary.value if value.HasField("simple_value")]
    yield from (entry for entry in found if entry[0].startswith(("train/", "validation/")))


def figures_of_mlflow(run: Path) -> Iterator[tuple[str, int]]:
    import mlflow

    kept = json.loads((run / "mlflow.json").read_text())
    client = mlflow.MlflowClient(kept["tracking_uri"])
    for name in client.get_run(kept["run_id"]).data.metrics:
        yield from ((name, metric.step) for metric in client.get_metric_history(kept["run_id"], name))


def figures_of_wandb(run: Path) -> Iterator[tuple[str, int]]:
    """The rows in the transaction logs of a run, each a LevelDB log; W&B has no other way to read them offline."""
    from wandb.proto.wandb_internal_pb2 import Record

    for file in sorted((run / "wandb").glob("offline-run-*/*.wandb")):
        data, place, record = file.read_bytes(), 7, b""  # behind W&B's own header
        while place + 7 <= len(data):
            if 32768 - place % 32768 < 7:  # no header fits into the rest of a block
                place += 32768 - place % 32768
            _, size, part = struct.unpack_from("<IHB", data, place)
            record += data[place + 7 : place + 7 + size]
            place += 7 + size
            if part in (1, 4):  # whole, or the last part
                parsed, record = Record.FromString(record), b""
                if parsed.WhichOneof("record_type") == "history":
                    names = [item.key or "/".join(item.nested_key) for item in parsed.history.item]
                    yield from ((name, parsed.history.step.num) for name in names if not name.startswith("_"))


FIGURES: Mapping[str, Callable[[Path], Iterator[tuple[str, int]]]] = {
    "tensorboard": figures_of_tensorboard,
    "mlflow": figures_of_mlflow,
    "wandb": figures_of_wandb,
}


def expected(run: Path) -> list[tuple[str, int]]:
    """What the run's own folder has."""
    entries = [json.loads(line) for line in (run / "updates.jsonl").read_text().splitlines()]
    found = [("train/cost", entry["update"]) for entry in entries if "cost" in entry]
    found += [("train/seconds_per_update", entry["update"]) for entry in entries if "cost" in entry]
    found += [(f"validation/{name}", entry["update"]) for entry in entries for name in entry.get("validation", ())]
    return sorted(found)


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize("tracker", FIGURES)
def test_a_tracker_has_every_figure_once_also_of_a_run_that_is_resumed(lnpatch: Run, toy: Path, tracker: str) -> None:
    pytest.importorskip(PACKAGES[tracker])
    first = lnpatch("train", TOY, "-o", "run", "--max-updates", "12", "--log-to", tracker)
    assert first.code == 0, first.err
    assert f"note: {tracker}: " in first.err
    run = Path("run")
    assert sorted(FIGURES[tracker](run)) == expected(run)
    assert len(expected(run)) > 24  # a validation is among them
    # ten updates that were reported, and lost since they were not saved
    lines = [json.dumps({"epoch": 0, "update": update, "cost": 1.0, "seconds": 0.1}) for update in range(13, 23)]
    with (run / "updates.jsonl").open("a") as file:
        file.write("\n".join(lines) + "\n")
    resumed = lnpatch("train", "--resume", "-o", "run", "--max-updates", "30")
    assert resumed.code == 0, resumed.err
    logged = list(FIGURES[tracker](run))
    assert len(set(logged)) == len(logged)
    missing = set(expected(run)) - set(logged)
    # W&B takes a step once, so it is not told again of those that were lost
    assert {step for _, step in missing} <= (set(range(13, 23)) if tracker == "wandb" else set())
    assert json.loads((run / "run.json").read_text())["log_to"] == [tracker]


def test_what_is_not_installed_is_refused_before_anything_is_made(
    lnpatch: Run, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "wandb" else find_spec(name))
    for more in ([], ["--print-command"]):
        refused = lnpatch("train", TOY, "-o", "run", "--log-to", "wandb", *more)
        assert refused.code == 5
        assert "--log-to wandb needs the package wandb" in refused.err
        assert "pip install" in refused.err
        assert "'wandb<1,>=" in refused.err
    assert not Path("run").exists()


def test_an_unknown_one_is_refused(lnpatch: Run, toy: Path) -> None:
    refused = lnpatch("train", TOY, "-o", "run", "--log-to", "comet")
    assert refused.code == 2
    assert "tensorboard" in refused.err
    assert not Path("run").exists()


def test_a_printed_command_names_it(lnpatch: Run, toy: Path) -> None:
    pytest.importorskip("tensorboardX")
    printed = lnpatch("train", TOY, "-o", "run", "--log-to", "tensorboard", "--print-command", "--format", "json").json
    assert "--log-to tensorboard" in printed["command"]


class _Broken:
    """A tracker whose server goes away after some updates."""

    def __init__(self, run: TrackedRun) -> None:
        self._left = 5

    def record(self, update: int, figures: Mapping[str, float]) -> None:
        self._left -= 1
        if not self._left:
            raise ConnectionError("the server\nhas gone away")

    def finish(self, state: str, reason: str) -> None:
        raise AssertionError("not after a failure")

    def where(self) -> str:
        return "nowhere"


class _Hanging(_Broken):
    """A tracker that never answers."""

    def record(self, update: int, figures: Mapping[str, float]) -> None:
        import threading

        threading.Event().wait()


class _Unstarted(_Broken):
    """A tracker that cannot be started."""

    def __init__(self, run: TrackedRun) -> None:
        raise SystemError("no such server")


@pytest.mark.parametrize(
    ("tracker", "said"),
    [
        (_Broken, "Nothing more is logged to tensorboard: the server"),
        (_Unstarted, "Nothing more is logged to tensorboard: no such server"),
        (_Hanging, "tensorboard has not taken the last figures within 0 s"),
    ],
)
def test_one_that_fails_ends_no_training_and_is_told_of(
    lnpatch: Run, toy: Path, monkeypatch: pytest.MonkeyPatch, tracker: type[Any], said: str
) -> None:
    module = pytest.importorskip("lnpatch.trackers.tensorboard")
    monkeypatch.setattr(module, "TensorBoardTracker", tracker)
    monkeypatch.setattr(open_trackers, "_LAST_SECONDS", 0.4)
    done = lnpatch("train", TOY, "-o", "run", "--log-to", "tensorboard")
    assert done.code == 0, done.err
    assert said in done.err
    assert len(Path("run/updates.jsonl").read_text().splitlines()) == 55
