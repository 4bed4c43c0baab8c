"""`lnpatch reproduce` on this machine: studies that go to their end, are cut off, and go on. The trainer is the toy's."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lnpatch.study.study_folder import hold_study
from tests.conftest import FIXTURES, Output
from tests.training.conftest import TOY
from tests.training.test_kill import DEADLINE, has_reported, needs_proc, numbers, trainers

Run = Callable[..., Output]

STUDY = Path("S")
GRU, LNGRU = STUDY / "runs/gru-1", STUDY / "runs/lngru-1"

#: A study of two runs.
TWO = ("reproduce", TOY, "--from", "source", "--data", "corpus.txt", "--seeds", "1", "-o", "S")

pytestmark = needs_proc


@pytest.fixture(autouse=True)
def _source(toy_source: Path, lnpatch: Run) -> None:
    """Every test has a repository to clone, and its own folder."""


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command line in a process of its own, which the test's end kills, and whoever works on a run after it."""
    started: list[subprocess.Popen[str]] = []

    def start_process(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "lnpatch", *arguments]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start_process
    for process in started:
        process.kill()
        process.communicate()
    for pid in workers():
        os.kill(pid, signal.SIGKILL)


def workers() -> list[int]:
    """The processes that train or evaluate a run of the study."""
    place, found = os.fsencode(STUDY.absolute() / "runs"), []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if place in words and int(folder.name) != os.getpid():
                found.append(int(folder.name))
    return found


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def states(shown: Output) -> dict[str, str]:
    return {run["name"]: run["state"] for run in shown.json["runs"]}


def test_a_study_goes_to_its_end_and_is_not_done_twice(lnpatch: Run) -> None:
    done = lnpatch(*TWO, "--max-updates", "4", "--format", "json")
    assert done.code == 0, done.err
    assert states(done) == {"gru-1": "done", "lngru-1": "done"}
    assert [(run["cell"], run["seed"], run["updates"]) for run in done.json["runs"]] == [
        ("gru", 1, 4),
        ("lngru", 1, 4),
    ]
    info = json.loads((GRU / "run.json").read_text())
    assert (info["seed"], info["max_updates"], info["checkout"]) == (1, 4, str(STUDY.absolute() / "checkout"))
    study = json.loads((STUDY / "study.json").read_text())
    assert study["checkouts"][0]["commit"] == info["commit"]
    report = [Path(path).relative_to(STUDY.absolute()).as_posix() for path in done.json["report"]]
    assert {"report.html", "report.md", "table.csv"} <= set(report)
    page = (STUDY / "report.html").read_text()
    for words in ("LN-GRU, 1 run", "lngru-1", shlex.join(["lnpatch", "reproduce", str(FIXTURES / "toy.toml")])):
        assert words in page
    before = (GRU / "run.json").stat().st_mtime_ns
    again = lnpatch("reproduce", "-o", "S", "--format", "json")
    assert (again.code, states(again)) == (0, states(done))
    assert (GRU / "run.json").stat().st_mtime_ns == before
    # cells and seeds may come to it, a cell with a checkout of its own
    more = lnpatch("reproduce", "-o", "S", "--seeds", "1,8", "--cells", "lnlstm", "--format", "json")
    assert more.code == 0, more.err
    assert set(states(more).values()) == {"done"}
    assert len(more.json["runs"]) == 6
    assert json.loads((STUDY / "runs/lnlstm-8/run.json").read_text())["checkout"].endswith("checkout-lnlstm")
    assert (GRU / "run.json").stat().st_mtime_ns == before
    # and updates, to all of its runs
    further = lnpatch("reproduce", "-o", "S", "--max-updates", "6", "--format", "json")
    assert (further.code, {run["updates"] for run in further.json["runs"]}) == (0, {6})
    assert numbers(GRU) == list(range(1, 7))
    refused = lnpatch("reproduce", "-o", "S", "--max-updates", "5")
    assert refused.code == 4
    assert "--max-updates 5, where the study has 6" in refused.err


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_and_no_update_stands_twice(
    lnpatch: Run, start: Callable[..., subprocess.Popen[str]]
) -> None:
    first = start(*TWO, "--set", "wait=0.05", "--set", "saveFreq=3", "--max-updates", "24", "--jobs", "2")
    wait_for(lambda: has_reported(GRU, 8)() and has_reported(LNGRU, 8)())
    first.kill()
    for pid in workers():
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not workers())
    assert len(numbers(GRU)) < 24
    status = lnpatch("reproduce", "-o", "S", "--status", "--format", "json")
    assert (status.code, states(status)) == (0, {"gru-1": "killed", "lngru-1": "killed"})
    on = lnpatch("reproduce", "-o", "S", "--format", "json")
    assert on.code == 0, on.err
    for run in (GRU, LNGRU):
        assert numbers(run) == list(range(1, 25))
        assert json.loads((run / "run.json").read_text())["updates"] == 24


@pytest.mark.slow
def test_where_lnpatch_alone_is_killed_its_runs_go_on_and_are_waited_for(
    lnpatch: Run, start: Callable[..., subprocess.Popen[str]]
) -> None:
    first = start(*TWO, "--set", "wait=0.05", "--max-updates", "20", "--jobs", "1")
    wait_for(has_reported(GRU, 2))
    (trainer,) = trainers(GRU)
    first.kill()
    first.communicate()
    assert states(lnpatch("reproduce", "-o", "S", "--status", "--format", "json"))["gru-1"] == "running"
    on = lnpatch("reproduce", "-o", "S", "--format", "json")
    assert (on.code, set(states(on).values())) == (0, {"done"}), on.err
    assert not Path(f"/proc/{trainer}").exists()
    assert (STUDY / "logs/gru-1.log").read_text().count("$ env ") == 1  # it was not begun again
    assert numbers(GRU) == numbers(LNGRU) == list(range(1, 21))


@pytest.mark.slow
@pytest.mark.parametrize("way", ["Ctrl-C", pytest.param("--cancel", marks=pytest.mark.slow)])
def test_a_study_that_is_stopped_has_saved_and_goes_on(
    lnpatch: Run, start: Callable[..., subprocess.Popen[str]], way: str
) -> None:
    first = start(*TWO, "--set", "wait=0.05", "--max-updates", "20", "--jobs", "1", "--format", "json")
    wait_for(has_reported(GRU, 2))
    busy = lnpatch("reproduce", "-o", "S")
    assert busy.code == 4
    assert f"process {first.pid} on" in busy.err
    if way == "Ctrl-C":
        first.send_signal(signal.SIGINT)
    else:
        assert lnpatch("reproduce", "-o", "S", "--cancel").code == 0
    out, err = first.communicate(timeout=DEADLINE)
    assert first.returncode == 1, err
    assert {run["name"]: run["state"] for run in json.loads(out)["runs"]} == {"gru-1": "stopped", "lngru-1": "to-do"}
    assert "the models are being saved" in err
    made = json.loads((GRU / "run.json").read_text())["updates"]
    assert json.loads((GRU / "saved.json").read_text())["saved"][0]["update"] == made > 0
    on = lnpatch("reproduce", "-o", "S", "--format", "json")
    assert on.code == 0, on.err
    assert numbers(GRU) == numbers(LNGRU) == list(range(1, 21))
    none = lnpatch("reproduce", "-o", "S", "--cancel", "--format", "json")
    assert none.json["notes"] == ["Nothing of it was under way."]


@pytest.mark.slow
def test_a_run_that_fails_keeps_no_other_from_its_end(lnpatch: Run) -> None:
    checkout = STUDY / "checkout"
    assert lnpatch("apply", TOY, "--from", "source", "--dir", checkout).code == 0
    layers = checkout / "layers.py"
    layers.write_text(layers.read_text().replace("def param_init_gru(", "def param_init_gru_gone("))
    failed = lnpatch(*TWO, "--max-updates", "3", "--format", "json")
    assert (failed.code, states(failed)) == (1, {"gru-1": "failed", "lngru-1": "done"}), failed.err
    assert "the trainer has failed" in failed.json["runs"][0]["reason"]
    again = lnpatch("reproduce", "-o", "S", "--format", "json")
    assert states(again) == {"gru-1": "failed", "lngru-1": "done"}
    assert "--resume" in (STUDY / "logs/gru-1.log").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["--set", "dmi=3"], 2, "Did you mean dim?", id="a setting"),
        pytest.param(["--cells", "gru,sru"], 2, "no cell 'sru'", id="a cell"),
        pytest.param(["--data", "nothing.txt"], 3, "nothing.txt", id="data"),
        pytest.param(["--seeds", "many"], 2, "--seeds", id="seeds"),
        pytest.param(["--from", "nowhere"], 3, "nowhere", id="a source"),
        pytest.param(["--status", "--cancel"], 2, "do not go together", id="two at once"),
        pytest.param(["--status"], 3, "no study.json", id="the state of nothing"),
    ],
)
def test_what_is_refused_before_anything_trains(lnpatch: Run, arguments: list[str], code: int, words: str) -> None:
    refused = lnpatch(*TWO, *arguments)
    assert refused.code == code, refused.err
    assert words in refused.err
    assert not (STUDY / "study.json").exists()
    assert not (STUDY / "runs").exists()


def test_a_folder_with_something_else_is_left_alone(lnpatch: Run) -> None:
    STUDY.mkdir()
    (STUDY / "thesis.tex").write_text("")
    refused = lnpatch(*TWO)
    assert refused.code == 4
    assert sorted(path.name for path in STUDY.iterdir()) == ["thesis.tex"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "plan": {"cells": "gru"}}', "[" * 100_000, "\udcff"]
)
@pytest.mark.parametrize("options", [["reproduce", "-o", "S"], ["reproduce", "-o", "S", "--status"]])
def test_a_study_that_cannot_be_read(lnpatch: Run, text: str, options: list[str]) -> None:
    STUDY.mkdir()
    (STUDY / "study.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    refused = lnpatch(*options)
    assert refused.code == 3
    assert "Traceback" not in refused.err
    listed = lnpatch("runs", "--format", "json")
    assert (listed.code, len(listed.json["notes"])) == (0, 1)


@pytest.mark.slow
def test_a_checkout_that_was_changed_since(lnpatch: Run) -> None:
    assert lnpatch(*TWO, "--max-updates", "2", "--cells", "gru").code == 0
    checkout = STUDY / "checkout"
    (checkout / "note").write_text("")
    for words in (["add", "note"], ["commit", "-qm", "Note"]):
        subprocess.run(["git", "-C", checkout, *words], check=True)
    refused = lnpatch("reproduce", "-o", "S", "--seeds", "2")
    assert refused.code == 4
    assert "the commit in" in refused.err


@pytest.mark.slow
def test_a_checkout_of_ones_own_and_left_overs_of_a_run(lnpatch: Run) -> None:
    assert lnpatch("apply", TOY, "--dir", "source").code == 0
    (GRU / "code").mkdir(parents=True)
    (GRU / "run.lock").write_text("")
    (STUDY / "study.lock").write_text("")
    STUDY.rename("kept")
    options = ("--dir", "source", "--max-updates", "2", "--cells", "gru", "--seeds", "1", "--data", "corpus.txt")
    assert lnpatch("reproduce", TOY, *options, "-o", "S", "--format", "json").code == 0
    assert not (STUDY / "checkout").exists()
    for path in (GRU / "run.json", GRU / "model.npz"):
        path.unlink()
    (GRU / "code").mkdir()
    refused = lnpatch("reproduce", "-o", "S", "--format", "json")
    assert states(refused) == {"gru-1": "failed"}  # what is there is not only what a training makes again
    assert "is not empty" in refused.json["runs"][0]["reason"]
    for path in GRU.iterdir():
        path.unlink()
    (GRU / "code").mkdir()
    assert lnpatch("reproduce", "-o", "S").code == 0
    assert numbers(GRU) == [1, 2]


@pytest.mark.slow
def test_another_target_and_a_target_that_is_around(lnpatch: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lnpatch("apply", TOY, "--dir", "source").code == 0
    with hold_study(STUDY):
        assert lnpatch(*TWO).code == 4
    monkeypatch.chdir("source")
    around = lnpatch("reproduce", "--smoke", "--data", "../corpus.txt", "--seeds", "4,", "--format", "json")
    assert around.code == 0, around.err
    assert around.json["study"] == str(Path("studies/toy-smoke").absolute())
    assert [run["updates"] for run in around.json["runs"]] == [7, 7]
    refused = lnpatch("reproduce", "demo", "-o", "studies/toy-smoke")
    assert refused.code == 4
    assert "TARGET demo, where the study has toy" in refused.err


@pytest.mark.parametrize("option", ["--status", "--cancel"])
def test_of_a_folder_without_a_study_nothing_is_said_or_stopped(lnpatch: Run, option: str) -> None:
    refused = lnpatch("reproduce", option, "-o", "nowhere")
    assert refused.code == 3
    assert "nowhere is not the folder of a study" in refused.err


@pytest.mark.slow
def test_every_run_is_logged_to_a_tracker(lnpatch: Run) -> None:
    pytest.importorskip("tensorboardX")
    logged = lnpatch(*TWO, "--max-updates", "4", "--log-to", "tensorboard", "--format", "json")
    assert logged.code == 0, logged.err
    for run in (GRU, LNGRU):
        assert any((run / "tensorboard").iterdir())
    assert lnpatch("reproduce", "-o", "S", "--max-updates", "6").code == 0
    assert len(list((GRU / "tensorboard").iterdir())) == 2
