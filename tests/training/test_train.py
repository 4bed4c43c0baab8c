"""``lnpatch train`` as a user meets it: what a run leaves, how it ends, what is refused. The trainer is the toy's."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

from lnpatch.source import Source
from lnpatch.training.run_folder import RunState, read_info
from tests.conftest import Output, contents, git
from tests.training.conftest import TOY

Run = Callable[..., Output]


def updates(run: Path) -> list[dict[str, object]]:
    """What a run has reported: its updates, and its validations among them."""
    return [json.loads(line) for line in (run / "updates.jsonl").read_text().splitlines()]


def costs(run: Path) -> list[object]:
    """The cost of every update of a run, in order."""
    return [entry["cost"] for entry in updates(run) if "cost" in entry]


def test_a_run_leaves_what_it_was_and_how_it_went(lnpatch: Run, toy: Path) -> None:
    done = lnpatch("train", TOY, "--output", "run", "--format", "json")
    assert done.code == 0, done.err
    info = json.loads(Path("run/run.json").read_text())
    assert info["state"] == "done"
    assert (info["cell"], info["baseline"]) == ("lngru", False)
    assert info["commit"] == git(toy, "rev-parse", "HEAD").strip()
    assert info["updates"] == 50
    reported = updates(Path("run"))
    assert [entry["update"] for entry in reported if "cost" in entry] == list(range(1, 51))
    assert {"epoch", "update", "cost", "seconds", "elapsed"} == reported[0].keys()
    assert [entry["update"] for entry in reported if "validation" in entry] == [10, 20, 30, 40, 50]
    assert reported[0]["cost"] > reported[-2]["cost"]  # type: ignore[operator]
    assert "Update  50" in Path("run/log.txt").read_text()
    assert done.json["model"] == "model.npz"
    assert done.json["last_cost"] < done.json["first_cost"]


def test_the_checkout_is_left_alone(lnpatch: Run, toy: Path) -> None:
    before = contents(toy)
    lnpatch("train", TOY, "--output", "run")
    assert contents(toy) == before


#: Command lines, the cell that they train and for how many updates.
LENGTHS = [
    (["--max-updates", "12"], "lngru", 12),
    (["--smoke"], "lngru", 7),
    (["--smoke", "--max-updates", "3"], "lngru", 3),
    (["--cell", "gru", "--max-updates", "5"], "gru", 5),
    (["--set", "max_epochs=2"], "lngru", 20),
    (["--set", "dispFreq=4", "--max-updates", "9"], "lngru", 9),
]


@pytest.mark.cases_by_default(3)
@pytest.mark.parametrize(
    ("arguments", "cell", "count"), [pytest.param(*case, id=" ".join(case[0])) for case in LENGTHS]
)
def test_how_long_and_with_what(lnpatch: Run, toy: Path, arguments: list[str], cell: str, count: int) -> None:
    done = lnpatch("train", TOY, "--output", "run", *arguments)
    assert done.code == 0, done.err
    info = json.loads(Path("run/run.json").read_text())
    assert (info["cell"], info["updates"], info["state"]) == (cell, count, "done")
    stored = set(numpy.load("run/model.npz").files)
    assert f"{cell}_U" in stored
    # the gains are what a layer-normalized cell has and a plain one has not
    assert (f"{cell}_s1" in stored) == (cell == "lngru")


def test_stopped_at_the_limit_it_saves_what_the_trainer_would(lnpatch: Run, toy: Path) -> None:
    lnpatch("train", TOY, "--output", "limited", "--max-updates", "10")
    lnpatch("train", TOY, "--output", "whole", "--set", "max_epochs=1")
    limited, whole = numpy.load("limited/model.npz"), numpy.load("whole/model.npz")
    assert sorted(limited.files) == sorted(whole.files)
    for name in whole.files:
        assert numpy.array_equal(limited[name], whole[name]), name
    assert Path("limited/model.npz.pkl").exists()


def test_the_same_run_twice_gives_the_same_model(lnpatch: Run, toy: Path) -> None:
    for name in ("one", "two"):
        assert lnpatch("train", TOY, "--smoke", "--output", name).code == 0
    assert len(costs(Path("one"))) == 7
    assert costs(Path("one")) == costs(Path("two"))
    one, two = numpy.load("one/model.npz"), numpy.load("two/model.npz")
    assert one.files == two.files
    for name in one.files:
        assert numpy.array_equal(one[name], two[name]), name


def test_resume_goes_on_with_numbers_and_model(lnpatch: Run, toy: Path) -> None:
    lnpatch("train", TOY, "--output", "run", "--max-updates", "6", "--set", "lrate=0.05")
    on = lnpatch("train", TOY, "--output", "run", "--resume", "--max-updates", "10")
    assert on.code == 0, on.err
    whole = lnpatch("train", TOY, "--output", "whole", "--max-updates", "10", "--set", "lrate=0.05")
    assert whole.code == 0
    numbers = [entry["update"] for entry in updates(Path("run")) if "cost" in entry]
    assert numbers == list(range(1, 11))
    ours, theirs = numpy.load("run/model.npz"), numpy.load("whole/model.npz")
    for name in theirs.files:
        if name != "history_errs":
            assert numpy.allclose(ours[name], theirs[name])
    assert json.loads(Path("run/run.json").read_text())["updates"] == 10


def test_resume_after_a_kill_goes_on_from_what_was_reported(lnpatch: Run, toy: Path) -> None:
    lnpatch("train", TOY, "--output", "run", "--max-updates", "6")
    info = json.loads(Path("run/run.json").read_text())
    Path("run/run.json").write_text(json.dumps(info | {"state": "running", "updates": 0, "elapsed": 0.0}))
    with Path("run/updates.jsonl").open("a") as file:
        file.write('{"epoch": 0, "upd')
    on = lnpatch("train", TOY, "--output", "run", "--resume", "--max-updates", "8")
    assert on.code == 0, on.err
    assert json.loads(Path("run/run.json").read_text())["updates"] == 8
    lines = Path("run/updates.jsonl").read_text().splitlines()
    assert [json.loads(line)["update"] for line in lines if line.endswith("}")] == list(range(1, 9))


#: Seconds that a run may take to report its first updates, and to end after a Ctrl-C.
DEADLINE = 60


class CtrlC(threading.Thread):
    """Presses Ctrl-C when a run has reported more than two updates; if that does not end it, twice more, which kills it."""

    def __init__(self, run: Path) -> None:
        super().__init__(daemon=True)
        self._reported = run / "updates.jsonl"
        self._ended = threading.Event()
        self.pressed = 0

    def run(self) -> None:
        deadline = time.monotonic() + DEADLINE
        while not self._has_begun() and time.monotonic() < deadline and not self._ended.wait(0.05):
            pass
        while self.pressed < 3 and not self._ended.is_set():
            self.pressed += 1
            os.kill(os.getpid(), signal.SIGINT)
            self._ended.wait(DEADLINE)

    def end(self) -> None:
        """Press it no more: the run has ended."""
        self._ended.set()
        self.join(DEADLINE)

    def _has_begun(self) -> bool:
        return self._reported.exists() and self._reported.read_text().count("\n") > 2


def test_ctrl_c_ends_the_update_and_saves(lnpatch: Run, toy: Path) -> None:
    keyboard = CtrlC(Path("run"))
    keyboard.start()
    done = lnpatch("train", TOY, "--output", "run", "--set", "wait=0.1", "--set", "max_epochs=100")
    keyboard.end()
    assert keyboard.pressed == 1
    assert done.code == 1
    assert "Stopped" in done.text
    info = json.loads(Path("run/run.json").read_text())
    assert info["state"] == "stopped"
    assert 2 < info["updates"] < 100
    assert numpy.load("run/model.npz").files


def test_the_outcome_of_an_earlier_process_is_not_this_ones(lnpatch: Run, toy: Path) -> None:
    """A kill leaves one behind."""
    lnpatch("train", TOY, "--output", "run", "--max-updates", "2")
    Path("run/outcome.json").write_text(json.dumps({"state": "done", "settings": {}, "updates": 40}))
    failed = lnpatch("train", TOY, "--output", "run", "--resume", "--set", "fail_at=1")
    assert failed.code == 1
    info = json.loads(Path("run/run.json").read_text())
    assert (info["state"], info["updates"]) == ("failed", 2)


def test_nan_is_a_failure(lnpatch: Run, toy: Path) -> None:
    done = lnpatch("train", TOY, "--output", "run", "--set", "nan_at=4")
    assert done.code == 1
    assert "became NaN at update 4" in done.err
    assert json.loads(Path("run/run.json").read_text())["state"] == "nan"


def test_a_trainer_that_breaks_is_a_failure_with_its_last_words(lnpatch: Run, toy: Path) -> None:
    done = lnpatch("train", TOY, "--output", "run", "--set", "fail_at=3")
    assert done.code == 1
    assert "the trainer has broken at update 3" in done.err
    assert "log.txt" in done.err
    assert json.loads(Path("run/run.json").read_text())["state"] == "failed"
    assert "Traceback" in Path("run/log.txt").read_text()


@pytest.mark.parametrize("cell", ["gru", "lngru"])
def test_the_layers_are_parsed_once(lnpatch: Run, toy: Path, monkeypatch: pytest.MonkeyPatch, cell: str) -> None:
    parsed: list[str] = []
    read = Source.read.__func__  # type: ignore[attr-defined]

    def count(cls: type[Source], data: bytes, name: str) -> Source:
        parsed.append(name)
        source: Source = read(cls, data, name)
        return source

    monkeypatch.setattr(Source, "read", classmethod(count))
    assert lnpatch("train", TOY, "--cell", cell, "--print-command").code == 0
    assert sorted(parsed) == ["layers.py", "train.py"]


def test_a_run_has_a_folder_of_its_own(lnpatch: Run, toy: Path) -> None:
    for _ in range(2):
        assert lnpatch("train", TOY, "--max-updates", "1").code == 0
    assert len(list(Path("runs/toy").iterdir())) == 2


#: Command lines, their exit codes and words of their messages.
REFUSED = [
    (["--set", "dimm=3"], 2, ["no setting 'dimm'", "Did you mean dim?", "lrate"]),
    (["--set", "dim"], 2, ["KEY=VALUE"]),
    (["--set", "dim=large"], 2, ["an integer"]),
    (["--set", "dim=2.5"], 2, ["an integer"]),
    (["--set", "lrate=fast"], 2, ["a number"]),
    (["--set", "reload_=true"], 2, ["set by lnpatch itself"]),
    (["--set", "encoder=gru"], 2, ["set by lnpatch itself", "--cell"]),
    (["--cell", "lnlstm"], 3, ["no layer 'lnlstm'", "gru, lngru", "--cell lnlstm --dir OTHER"]),
    (["--cell", "sru"], 3, ["no layer 'sru'"]),
    (["--data", "nowhere.txt"], 3, ["nowhere.txt", "--smoke"]),
    (["--data", "."], 3, ["it is a folder"]),
    (["--dir", "nowhere"], 3, ["no checkout"]),
    (["--resume"], 2, ["--output"]),
    (["--resume", "--output", "nowhere"], 3, ["nowhere"]),
    (["--output", "toy"], 4, ["not empty"]),
    (["--", "--dim", "3"], 2, ["no command line"]),
    (["--max-updates", "0"], 2, ["0 is not in the range"]),
]


@pytest.mark.cases_by_default(9)
@pytest.mark.parametrize(
    ("arguments", "code", "words"), [pytest.param(*case, id=" ".join(case[0])) for case in REFUSED]
)
def test_what_is_refused(lnpatch: Run, toy: Path, arguments: list[str], code: int, words: list[str]) -> None:
    refused = lnpatch("train", TOY, *arguments)
    assert refused.code == code, refused.err
    for word in words:
        assert word in refused.err
    assert "Traceback" not in refused.err
    assert not Path("runs").exists()


def test_an_unpatched_checkout_is_refused(lnpatch: Run, toy: Path) -> None:
    lnpatch("revert", TOY)
    refused = lnpatch("train", TOY, "--smoke")
    assert refused.code == 3
    assert "not patched" in refused.err
    assert "lnpatch apply" in refused.err


def test_a_failure_is_json_where_json_was_asked_for(lnpatch: Run, toy: Path) -> None:
    refused = lnpatch("train", TOY, "--set", "dimm=3", "--format", "json")
    assert refused.json["error"]["kind"] == "SettingError"
    assert "dim" in refused.json["error"]["details"]["names"]


def test_max_updates_counts_those_before_a_resume(lnpatch: Run, toy: Path) -> None:
    assert lnpatch("train", TOY, "--output", "run", "--max-updates", "6").code == 0
    refused = lnpatch("train", TOY, "--output", "run", "--resume", "--max-updates", "6")
    assert refused.code == 2
    assert "has 6 updates already" in refused.err
    assert "--max-updates 12" in refused.err
    assert len(costs(Path("run"))) == 6


def test_it_is_said_why_a_run_ends_before_the_updates_that_were_asked_for(lnpatch: Run, toy: Path) -> None:
    done = lnpatch("train", TOY, "--output", "run", "--max-updates", "3000", "--set", "max_epochs=2")
    assert (done.code, read_info(Path("run")).state) == (0, RunState.DONE)
    assert "with max_epochs = 2, before the 3000 updates that were asked for" in done.text
    assert read_info(Path("run")).reason in done.text
    whole = lnpatch("train", TOY, "--output", "whole", "--max-updates", "3")
    assert (whole.code, read_info(Path("whole")).reason) == (0, "")
