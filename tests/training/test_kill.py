"""Runs whose processes are killed: what is there afterwards, and what a resume makes of it. The trainer is the toy's."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

from lnpatch.commands.train import train
from lnpatch.runtimes import choose
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.training.run_folder import RunState, read_run
from lnpatch.training.run_lock import is_locked
from lnpatch.training.train_view import SilentView
from tests.conftest import Output
from tests.training.conftest import TOY, HereRuntime

Run = Callable[..., Output]

#: A command line in a process of its own, every runtime being the Python of the tests.
ALONE = """
import sys
from lnpatch.runtimes import choose
from tests.training.conftest import HereRuntime
choose.runtimes = lambda: {"theano": HereRuntime, "pytensor": HereRuntime}
from lnpatch.cli import main
sys.exit(main(sys.argv[1:]))
"""

#: Seconds that anything here may take.
DEADLINE = 60


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start ``lnpatch train`` on the toy in a process of its own, and in a group of its own, as its trainer is not."""
    command = [sys.executable, "-c", ALONE, "train", TOY, *arguments]
    environment = os.environ | {"PYTHONPATH": os.fspath(Path(__file__).parents[2])}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def numbers(run: Path) -> list[int]:
    """The numbers of the updates that a run has reported."""
    entries = [json.loads(line) for line in (run / "updates.jsonl").read_text().splitlines()]
    return [entry["update"] for entry in entries if "cost" in entry]


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until a process has come so far; one that ends before has failed."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def has_reported(run: Path, count: int) -> Callable[[], bool]:
    """Return what tells that a run has reported so many lines."""
    file = run / "updates.jsonl"
    return lambda: file.exists() and file.read_text().count("\n") >= count


def trainers(run: Path) -> list[int]:
    """The processes that have been started to train in a run's folder."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(word.endswith(b"launch.py") for word in words) and os.fsencode(run.absolute()) in b" ".join(words):
                found.append(int(folder.name))
    return found


def kill(process: subprocess.Popen[str], run: Path, trainer: bool = True) -> None:
    """``kill -9`` a run, its trainer first or not at all."""
    process.send_signal(signal.SIGSTOP)  # it is not to see how its trainer has ended
    for pid in trainers(run) if trainer else []:
        os.kill(pid, signal.SIGKILL)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + DEADLINE
    while trainer and is_locked(run):  # the system takes its time to end a process
        assert time.monotonic() < deadline
        time.sleep(0.01)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the trainer in /proc")
pytestmark = needs_proc

SLOW = ("--set", "wait=0.05", "--set", "saveFreq=5", "--set", "max_epochs=3")


@pytest.mark.slow
def test_a_second_resume_is_refused_and_says_who_trains(lnpatch: Run, toy: Path) -> None:
    run = Path("run")
    first = start("--output", "run", *SLOW)
    wait_for(has_reported(run, 2), first)
    before = (run / "saved.json").exists()
    refused = lnpatch("train", TOY, "--resume", "--output", "run")
    assert refused.code == 4
    for word in (str(first.pid), os.uname().nodename, "since", "nothing in it was changed"):
        assert word in refused.err
    assert not before
    assert first.wait(DEADLINE) == 0
    first.communicate()
    assert numbers(run) == list(range(1, 31))


@pytest.mark.slow
def test_after_a_kill_the_folder_is_busy_until_the_trainer_has_ended(lnpatch: Run, toy: Path) -> None:
    run = Path("run")
    first = start("--output", "run", "--set", "hang_at=2")
    wait_for(has_reported(run, 1), first)
    kill(first, run, trainer=False)
    (trainer,) = trainers(run)
    assert read_run(run).info.state is RunState.RUNNING
    refused = lnpatch("train", TOY, "--resume", "--output", "run")
    assert (refused.code, numbers(run)) == (4, [1])
    os.kill(trainer, signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE
    while read_run(run).info.state is not RunState.KILLED:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert lnpatch("train", TOY, "--resume", "--output", "run", "--set", "hang_at=0").code == 0
    assert numbers(run) == list(range(1, 51))


@pytest.mark.slow
def test_a_trainer_whose_lnpatch_is_killed_ends_by_itself(lnpatch: Run, toy: Path) -> None:
    run = Path("run")
    first = start("--output", "run", "--set", "wait=0.3", "--set", "max_epochs=1000", "--set", "dispFreq=10000")
    wait_for(lambda: "Epoch" in (run / "log.txt").read_text() if (run / "log.txt").exists() else False, first)
    kill(first, run, trainer=False)
    deadline = time.monotonic() + DEADLINE
    while trainers(run):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize(
    ("save_every", "reported", "saved", "words"),
    [
        pytest.param(5, 8, 5, "3 updates after it were lost", id="after a save"),
        pytest.param(100, 4, 0, "Nothing was saved: the run begins again", id="before the first save"),
    ],
)
def test_a_resume_goes_on_from_the_last_save(
    lnpatch: Run, toy: Path, save_every: int, reported: int, saved: int, words: str
) -> None:
    run = Path("run")
    settings = ("--set", f"saveFreq={save_every}", "--seed", "7")
    whole = lnpatch("train", TOY, "--output", "whole", "--max-updates", "12", *settings)
    assert whole.code == 0, whole.err
    first = start("--output", "run", "--set", f"hang_at={reported + 1}", *settings)
    wait_for(has_reported(run, reported), first)
    kill(first, run)
    killed = read_run(run)
    assert (killed.info.state, len(killed.updates)) == (RunState.KILLED, reported)
    on = lnpatch("train", TOY, "--resume", "--output", "run", "--set", "hang_at=0", "--max-updates", "12")
    assert on.code == 0, on.err
    assert words in on.err
    assert numbers(run) == list(range(1, 13))
    info = json.loads((run / "run.json").read_text())
    assert (info["updates"], info["seed"], info["state"]) == (12, 7, "done")
    ours, theirs = numpy.load("run/model.npz"), numpy.load("whole/model.npz")
    for name in theirs.files:
        if name != "history_errs":
            assert numpy.allclose(ours[name], theirs[name]), name


def test_a_half_written_model_is_not_taken(lnpatch: Run, toy: Path) -> None:
    assert lnpatch("train", TOY, "--output", "run", "--max-updates", "6").code == 0
    model = Path("run/model.npz")
    Path("run/model.npz.tmp").write_bytes(model.read_bytes()[:100])
    on = lnpatch("train", TOY, "--resume", "--output", "run", "--max-updates", "8")
    assert on.code == 0, on.err
    assert numbers(Path("run")) == list(range(1, 9))
    model.write_bytes(model.read_bytes()[:100])
    refused = lnpatch("train", TOY, "--resume", "--output", "run", "--max-updates", "2")
    assert refused.code == 1
    assert "run/model.npz: not a whole .npz file" in refused.err
    assert numbers(Path("run")) == list(range(1, 9))


@pytest.mark.slow
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGTERM, id="SIGTERM"),
        pytest.param(signal.SIGUSR1, id="SIGUSR1"),
        pytest.param(signal.SIGHUP, id="SIGHUP", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, id="SIGINT", marks=pytest.mark.slow),
    ],
)
def test_a_signal_stops_and_saves(lnpatch: Run, toy: Path, number: signal.Signals) -> None:
    run = Path("run")
    first = start("--output", "run", "--set", "wait=0.05", "--set", "max_epochs=100")
    wait_for(has_reported(run, 3), first)
    first.send_signal(number)
    out, err = first.communicate(timeout=DEADLINE)
    assert first.returncode == 1, err
    assert "Stopped" in out
    info = read_run(run).info
    assert info.state is RunState.STOPPED
    assert numbers(run) == list(range(1, info.updates + 1))
    assert numpy.load("run/model.npz").files


@pytest.mark.slow
def test_killed_again_and_again_every_update_stands_once(lnpatch: Run, toy: Path) -> None:
    run, draw = Path("run"), random.Random(2016)
    settings = ("--set", "saveFreq=3", "--set", "max_epochs=1000", "--set", "wait=0.01")
    for attempt in range(12):
        before = last_line(run)
        process = start("--output", "run", *(("--resume",) if attempt else settings))
        wait_for(lambda: last_line(run) not in (b"", before), process)  # noqa: B023 - called before it changes
        time.sleep(draw.uniform(0, 0.3))
        kill(process, run, trainer=draw.random() < 0.7)
        while trainers(run):
            time.sleep(0.02)
    ahead = str(numbers(run)[-1] + 4)
    on = lnpatch("train", TOY, "--resume", "--output", "run", "--max-updates", ahead)
    assert on.code == 0, on.err
    count = json.loads((run / "run.json").read_text())["updates"]
    assert numbers(run) == list(range(1, count + 1))
    assert count > 12
    whole = lnpatch("train", TOY, "--output", "whole", *settings, "--max-updates", str(count))
    assert whole.code == 0, whole.err
    ours, theirs = numpy.load("run/model.npz"), numpy.load("whole/model.npz")
    for name in theirs.files:
        if name != "history_errs":
            assert numpy.allclose(ours[name], theirs[name]), name


def last_line(run: Path) -> bytes:
    """The end of the updates that a run has reported."""
    file = run / "updates.jsonl"
    return file.read_bytes()[-100:] if file.exists() else b""


# Around a run


def test_a_terminal_that_is_closed_ends_no_training(toy: Path) -> None:
    class Closed(SilentView):
        """A view whose terminal is gone."""

        def show_line(self, text: str) -> None:
            raise OSError(5, "Input/output error")

        def show_event(self, event: object) -> None:
            raise BrokenPipeError(32, "Broken pipe")

    result = train(TOY, toy, output="run", max_updates=3, view=Closed())
    assert (result.info.state, numbers(Path("run"))) == (RunState.DONE, [1, 2, 3])


def test_what_a_trainer_does_not_save_itself_is_saved_when_it_returns(lnpatch: Run, toy: Path) -> None:
    trainer = toy / "train.py"
    text = trainer.read_text()
    end = text.index("    numpy.savez(saveto, history_errs=history_errs")
    trainer.write_text(text[:end] + "    return cost\n")
    done = lnpatch("train", TOY, "--output", "run", "--set", "max_epochs=2", "--format", "json")
    assert (done.code, done.json["model"]) == (0, "model.npz")
    assert read_run("run").info.updates == 20
    on = lnpatch("train", TOY, "--output", "run", "--resume", "--max-updates", "21")
    assert on.code == 0, on.err
    assert numbers(Path("run")) == list(range(1, 22))


def test_a_cost_that_became_nan_replaces_no_model(lnpatch: Run, toy: Path) -> None:
    assert lnpatch("train", TOY, "--output", "run", "--set", "nan_at=8", "--set", "saveFreq=5").code == 1
    assert json.loads(Path("run/saved.json").read_text())["saved"][0]["update"] == 5
    assert lnpatch("train", TOY, "--output", "run", "--resume", "--set", "nan_at=0", "--max-updates", "9").code == 0
    assert numbers(Path("run")) == list(range(1, 10))


def test_a_folder_with_a_lock_alone_is_empty(lnpatch: Run, toy: Path) -> None:
    Path("run").mkdir()
    Path("run/run.lock").write_text("")
    assert lnpatch("train", TOY, "--output", "run", "--max-updates", "1").code == 0


def test_a_run_on_another_machine_is_not_taken_over_at_once(lnpatch: Run, toy: Path) -> None:
    assert lnpatch("train", TOY, "--output", "run", "--max-updates", "2").code == 0
    info = json.loads(Path("run/run.json").read_text())
    Path("run/run.json").write_text(json.dumps(info | {"state": "running", "host": "elsewhere"}))
    refused = lnpatch("train", TOY, "--resume", "--output", "run")
    assert refused.code == 4
    assert "on elsewhere" in refused.err
    assert "seems to train" in refused.err
    for file in Path("run").iterdir():
        os.utime(file, (time.time() - 3600,) * 2)
    assert lnpatch("train", TOY, "--resume", "--output", "run", "--max-updates", "3").code == 0


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize("earlier", ["cpu", "gpu"])
def test_a_resume_keeps_device_and_backend(toy: Path, earlier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    named = type("Named", (HereRuntime,), {"name": "pytensor"})
    monkeypatch.setattr(choose, "runtimes", lambda: {"theano": HereRuntime, "pytensor": named})
    options = RuntimeOptions(runtime="pytensor", backend="jax", device=earlier)
    assert train(TOY, toy, output="run", max_updates=1, runtime=options).info.backend == "jax"
    info = train(TOY, toy, output="run", max_updates=2, resume=True).info
    assert (info.device, info.backend, info.updates) == (earlier, "jax", 2)
