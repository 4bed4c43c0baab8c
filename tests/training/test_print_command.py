"""The line of ``--print-command``: printing makes nothing, and what it starts is a run like any other. The trainer is the toy's."""

from __future__ import annotations

import dataclasses
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lnpatch.recipes import find_recipe
from lnpatch.runtimes import choose
from lnpatch.runtimes.environment import Environment
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.training.request import TrainOptions
from lnpatch.training.run_folder import RunState, read_run
from lnpatch.training.shell_command import make_shell_command
from tests.conftest import Output
from tests.training.conftest import TOY, HereRuntime
from tests.training.test_kill import DEADLINE, has_reported, kill, needs_proc, numbers, trainers, wait_for

Run = Callable[..., Output]

pytestmark = needs_proc

SLOW = ("--set", "wait=0.05", "--set", "saveFreq=5")


def tree(folder: Path) -> dict[str, int]:
    """Everything in a folder, with the time of its last change."""
    return {str(path.relative_to(folder)): path.lstat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def print_line(lnpatch: Run, *arguments: str) -> str:
    """The line that is printed for a training of the toy."""
    printed = lnpatch("train", TOY, "--print-command", *arguments)
    assert printed.code == 0, printed.err
    assert printed.text.count("\n") == 1
    return printed.text.strip()


def start_line(line: str, **options: Any) -> subprocess.Popen[str]:
    """Start a line as a batch script does, with little in its environment and from another folder."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    return subprocess.Popen(
        ["sh", "-c", f"exec {line}"],
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


# What is printed


@pytest.mark.cases_by_default(2)
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="a new run"),
        pytest.param(["--output", "a run"], id="a named run"),
        pytest.param(["--smoke"], id="tiny data"),
        pytest.param(["--format", "json"], id="JSON"),
        pytest.param(["--resume", "--output", "done"], id="a resume"),
    ],
)
def test_printing_makes_nothing(
    lnpatch: Run, toy: Path, tmp_path: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "--resume" in arguments:
        assert lnpatch("train", TOY, "--output", "done", "--max-updates", "3").code == 0
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    before = tree(tmp_path)
    for _ in range(2):
        assert lnpatch("train", TOY, "--print-command", *arguments).code == 0
    assert tree(tmp_path) == before


@pytest.mark.parametrize(("runtime", "target"), [("pytensor", "demo"), ("theano", "demo")])
def test_printing_builds_no_environment_and_converts_nothing(
    lnpatch: Run, demo: Path, tmp_path: Path, runtime: str, target: str, monkeypatch: pytest.MonkeyPatch, python2: Path
) -> None:
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("THEANO_FLAGS", "floatX=float32")
    assert lnpatch("apply", target).code == 0
    before = tree(tmp_path)
    arguments = ["--runtime", runtime, *(["--python", sys.executable] if runtime == "pytensor" else [])]
    printed = lnpatch("train", target, *arguments, "--smoke", "--print-command", "--format", "json")
    assert printed.code == 0, printed.err
    assert tree(tmp_path) == before
    assert printed.json["environment"]["built"] is False
    assert printed.json["environment"]["setup"].startswith(f"lnpatch setup demo --runtime {runtime} --python /")
    told = lnpatch("train", target, *arguments, "--smoke", "--print-command")
    assert "is not built yet" in told.err
    assert printed.json["environment"]["setup"] in told.err


def test_json(lnpatch: Run, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEANO_FLAGS", "floatX=float32")
    document = lnpatch("train", TOY, "--print-command", "--output", "a run", "--seed", "3", "--format", "json").json
    run = Path("a run").absolute()
    assert shlex.split(document["command"]) == [
        "env",
        *(f"{name}={value}" for name, value in document["variables"].items()),
        *document["words"],
    ]
    assert document["variables"]["THEANO_FLAGS"] == "floatX=float32"
    assert "LNPATCH_CACHE" in document["variables"]
    assert (document["run"], document["cell"], document["runtime"]) == (str(run), "lngru", "theano")
    assert document["environment"]["built"] is True
    assert document["words"][-4:] == ["--seed", "3", "--output", str(run)]
    assert not run.exists()


def test_two_lines_have_two_folders(lnpatch: Run, toy: Path) -> None:
    runs = {lnpatch("train", TOY, "--print-command", "--format", "json").json["run"] for _ in range(3)}
    assert len(runs) == 3
    assert {Path(run).parent for run in runs} == {Path("runs/toy").absolute()}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["--set", "dimm=3"], 2, id="no such setting"),
        pytest.param(["--cell", "sru"], 3, id="no such cell"),
        pytest.param(["--data", "nowhere.txt"], 3, id="no data"),
        pytest.param(["--output", "toy"], 4, id="a folder that is not empty"),
        pytest.param(["--resume", "--output", "nowhere"], 3, id="no run to resume"),
    ],
)
def test_what_cannot_be_trained_is_not_printed(lnpatch: Run, toy: Path, arguments: list[str], code: int) -> None:
    refused = lnpatch("train", TOY, "--print-command", *arguments)
    assert (refused.code, refused.out) == (code, b"")


def test_every_option_is_in_the_line(toy: Path, tmp_path: Path) -> None:
    options = TrainOptions(
        RuntimeOptions("pytensor", sys.executable, "jax", "gpu", "float32"),
        cell="gru",
        data="/data",
        smoke=True,
        settings=("dim=3", "name=it's"),
        max_updates=5,
        seed=7,
        output="ignored",
        resume=True,
        arguments=("--x", "a b"),
        compares_parameters=True,
        held_out="5%",
        held_out_every=10,
    )
    # the folder is an argument of its own, and the last is of `lnpatch check` alone
    left_out = ("output", "runs", "compares_parameters")
    shown = [field.name for field in dataclasses.fields(options) if field.name not in left_out]
    whole = make_shell_command(find_recipe(TOY), toy, options, "pytensor", tmp_path / "run")
    for name in shown:
        without = dataclasses.replace(options, **{name: getattr(TrainOptions(), name)})
        assert make_shell_command(find_recipe(TOY), toy, without, "pytensor", tmp_path / "run") != whole, name
    assert shlex.split(whole.line)[-3:] == ["--", "--x", "a b"]


# What it starts


@pytest.mark.slow
@pytest.mark.parametrize("terminal", [False, True], ids=["no terminal", "in a terminal"])
def test_it_is_read_while_it_runs_and_afterwards(lnpatch: Run, toy: Path, elsewhere: None, terminal: bool) -> None:
    line = print_line(lnpatch, "--output", "a run", "--max-updates", "40", "--set", "wait=0.15")
    run = Path("a run")
    master, slave = pty.openpty() if terminal else (-1, -1)
    process = (
        start_line(line)
        if not terminal
        else subprocess.Popen(
            line, shell=True, cwd="/", stdin=slave, stdout=slave, stderr=subprocess.DEVNULL, text=True
        )
    )
    wait_for(has_reported(run, 3), process)
    meanwhile = lnpatch("curves", "a run", "--format", "json")
    assert meanwhile.code == 0, meanwhile.err
    (shown,) = meanwhile.json["runs"]
    assert 3 <= len(shown["cost"]["updates"]) < 40
    assert read_run(run).info.state is RunState.RUNNING
    refused = lnpatch("train", TOY, "--resume", "--output", "a run")
    assert (refused.code, refused.err.count(str(read_run(run).info.pid))) == (4, 1)
    process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    if terminal:
        os.close(slave)
        assert b"Trained toy with lngru for 40 updates" in os.read(master, 65536)
        os.close(master)
    info = json.loads((run / "run.json").read_text())
    assert (info["state"], info["updates"], info["model"], info["reason"]) == ("done", 40, "model.npz", "")
    assert info["finished"] >= info["started"]
    assert info["elapsed"] > 0
    assert info["command"] == line
    assert numbers(run) == list(range(1, 41))
    assert not (run / "outcome.json").exists()
    on = lnpatch("train", "--resume", "--output", "a run", "--max-updates", "42")
    assert on.code == 0, on.err
    assert numbers(run) == list(range(1, 43))


def test_killed_it_is_resumed_to_its_limit(
    lnpatch: Run, toy: Path, elsewhere: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path("run")
    line = print_line(lnpatch, "--output", "run", "--max-updates", "20", *SLOW)
    process = start_line(line)
    wait_for(has_reported(run, 8), process)
    kill(process, run)
    assert read_run(run).info.state is RunState.KILLED
    again = subprocess.run(line, shell=True, check=False, capture_output=True, text=True, timeout=DEADLINE)
    assert again.returncode == 4
    assert "add --resume" in again.stderr
    monkeypatch.chdir("/")  # the run says which checkout is meant, and where it ends
    on = lnpatch("train", "--resume", "--output", tmp_path / "run")
    assert on.code == 0, on.err
    monkeypatch.chdir(tmp_path)
    assert numbers(run) == list(range(1, 21))
    info = read_run(run).info
    assert (info.state, info.updates, info.max_updates) == (RunState.DONE, 20, 20)


@pytest.mark.slow
def test_a_resume_can_be_printed(lnpatch: Run, toy: Path, elsewhere: None) -> None:
    assert lnpatch("train", TOY, "--output", "run", "--max-updates", "4", "--cell", "gru", "--seed", "5").code == 0
    printed = lnpatch("train", "--print-command", "--resume", "--output", "run", "--max-updates", "7")
    assert printed.code == 0, printed.err
    assert subprocess.run(printed.text, shell=True, check=False, capture_output=True, timeout=DEADLINE).returncode == 0
    info = read_run("run").info
    assert (info.updates, info.cell, info.seed) == (7, "gru", 5)
    assert numbers(Path("run")) == list(range(1, 8))


def test_a_file_of_the_folder_that_it_starts_in_is_not_imported(lnpatch: Run, toy: Path, elsewhere: None) -> None:
    line = print_line(lnpatch, "--output", "run", "--max-updates", "2")
    for name in ("click.py", "lnpatch.py", "json.py"):
        Path(name).write_text("raise SystemExit('imported from here')\n")
    done = subprocess.run(line, shell=True, check=False, capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("failing", ["code", "interrupt"])
def test_a_run_whose_trainer_was_never_started(
    lnpatch: Run, toy: Path, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare_code(*arguments: object) -> Path:
        raise KeyboardInterrupt if failing == "interrupt" else ValueError("no code")

    with monkeypatch.context() as patched:
        patched.setattr(HereRuntime, "prepare_code", prepare_code)
        assert lnpatch("train", TOY, "--output", "run").code == 1
    info = read_run("run").info
    assert info.state is (RunState.STOPPED if failing == "interrupt" else RunState.FAILED)
    assert info.reason == ("stopped before the trainer was started" if failing == "interrupt" else "no code")
    on = lnpatch("train", "--resume", "--output", "run", "--max-updates", "2")
    assert on.code == 0, on.err
    assert numbers(Path("run")) == [1, 2]


def test_an_environment_that_is_not_built_is_said(lnpatch: Run, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class NotBuilt(HereRuntime):
        def find_environment(self, recipe: object, job: str | None = None) -> Environment | None:
            return None

        def ensure_environment(self, *arguments: object) -> Environment:
            raise AssertionError("it is built")

    monkeypatch.setattr(choose, "runtimes", lambda: {"theano": NotBuilt, "pytensor": NotBuilt})
    printed = lnpatch("train", TOY, "--print-command")
    assert (printed.code, printed.text.count("\n")) == (0, 1)
    assert f"lnpatch setup {TOY} --runtime theano" in printed.err


# Signals


@pytest.mark.slow
@pytest.mark.parametrize(
    ("numbers_sent", "to_trainer"),
    [
        pytest.param([signal.SIGUSR1], False, id="SIGUSR1 to lnpatch"),
        pytest.param([signal.SIGTERM], True, id="SIGTERM to both", marks=pytest.mark.slow),
        pytest.param([signal.SIGUSR1, signal.SIGTERM, signal.SIGTERM], True, id="all of them to both"),
    ],
)
def test_a_scheduler_s_signals_save_and_stop(
    lnpatch: Run, toy: Path, elsewhere: None, numbers_sent: list[signal.Signals], to_trainer: bool
) -> None:
    run = Path("run")
    process = start_line(
        print_line(lnpatch, "--output", "run", "--max-updates", "400", *SLOW, "--set", "saveFreq=1000")
    )
    wait_for(has_reported(run, 3), process)
    trainer = find_trainer(run)
    for number in numbers_sent:
        process.send_signal(number)
        if to_trainer:
            os.kill(trainer, number)
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1, err
    assert "Stopped" in out
    info = read_run(run).info
    assert (info.state, info.model, info.max_updates) == (RunState.STOPPED, "model.npz", 400)
    assert numbers(run) == list(range(1, info.updates + 1))
    on = lnpatch("train", "--resume", "--output", "run", "--max-updates", str(info.updates + 2), "--set", "wait=0")
    assert on.code == 0, on.err
    assert numbers(run) == list(range(1, info.updates + 3))


@pytest.mark.slow
@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGUSR1, id="SIGUSR1"), pytest.param(signal.SIGTERM, id="SIGTERM", marks=pytest.mark.slow)],
)
def test_a_signal_to_the_trainer_alone_saves_and_stops(
    lnpatch: Run, toy: Path, elsewhere: None, number: signal.Signals
) -> None:
    run = Path("run")
    process = start_line(print_line(lnpatch, "--output", "run", *SLOW, "--set", "max_epochs=100"))
    wait_for(has_reported(run, 3), process)
    os.kill(find_trainer(run), number)
    process.communicate(timeout=DEADLINE)
    info = read_run(run).info
    assert (info.state, info.model) == (RunState.STOPPED, "model.npz")
    assert numbers(run) == list(range(1, info.updates + 1))


@pytest.mark.slow
def test_under_nohup_a_closed_terminal_is_nothing(lnpatch: Run, toy: Path, elsewhere: None) -> None:
    run = Path("run")
    line = print_line(lnpatch, "--output", "run", "--max-updates", "10", *SLOW)
    process = start_line(f"nohup {line}")
    wait_for(has_reported(run, 2), process)
    process.send_signal(signal.SIGHUP)
    os.kill(find_trainer(run), signal.SIGHUP)
    assert (process.wait(DEADLINE), read_run(run).info.updates) == (0, 10)
    process.communicate()


def find_trainer(run: Path) -> int:
    """The process that trains in a run's folder."""
    (trainer,) = trainers(run)
    return trainer
