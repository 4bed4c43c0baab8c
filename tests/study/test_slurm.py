"""Studies on a real SLURM of one node: arrays, jobs that are cancelled, queued again, and cut off by their time limit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Output
from tests.training.conftest import TOY
from tests.training.test_kill import numbers

pytest.importorskip("submitit")
pytestmark = pytest.mark.slurm

Run = Callable[..., Output]

STUDY = Path("S")
NODE = Path(__file__).parent / "slurm" / "one-node.sh"

#: Seconds that anything here may take.
DEADLINE = 120

TOY_STUDY = ("reproduce", TOY, "--from", "source", "--data", "corpus.txt", "-o", "S", "--on", "slurm")


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The configuration of a cluster of two processors that is up."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a SLURM")
    for command in ("slurmctld", "slurmd", "munged"):
        if shutil.which(command) is None:
            pytest.skip(f"there is no {command}: apt-get install slurm-wlm munge")
    environment = os.environ | {"SLURM_TEST_DIR": str(tmp_path_factory.mktemp("slurm"))}
    started = subprocess.run([NODE, "start", "2"], env=environment, capture_output=True, text=True, check=False)
    assert started.returncode == 0, started.stderr
    yield started.stdout.strip().partition("=")[2]
    subprocess.run([NODE, "stop"], env=environment, check=True)


@pytest.fixture(autouse=True)
def _cluster(slurm: str, toy_source: Path, lnpatch: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test has a cluster without jobs, a repository to clone, and its own folder."""
    monkeypatch.setenv("SLURM_CONF", slurm)
    yield
    subprocess.run(["scancel", "--user", "root"], check=True)
    wait_for(lambda: not queue())


def queue() -> list[str]:
    """The jobs that have not ended."""
    listed = subprocess.run(
        ["squeue", "--noheader", "--array", "--format=%i"], capture_output=True, text=True, check=True
    )
    return listed.stdout.split()


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def runs(shown: Output) -> dict[str, Any]:
    """The runs of a study, by name."""
    return {run["name"]: run for run in shown.json["runs"]}


def updates(name: str) -> list[int]:
    file = STUDY / "runs" / name
    return numbers(file) if (file / "updates.jsonl").exists() else []


def jobs_of(shown: Output) -> dict[str, str]:
    """The number of each run's job in SLURM."""
    return {name: run["job"].removeprefix("slurm ") for name, run in runs(shown).items() if run["job"]}


def test_an_array_of_which_one_is_cancelled_and_one_queued_again(lnpatch: Run) -> None:
    settings = ("--seeds", "2", "--set", "wait=0.3", "--set", "saveFreq=5", "--max-updates", "30")
    sent = lnpatch(*TOY_STUDY, *settings, "--format", "json")
    assert sent.code == 0, sent.err
    jobs = jobs_of(sent)
    assert list(jobs) == ["gru-1", "lngru-1", "gru-2", "lngru-2"]
    array = jobs["gru-1"].partition("_")[0]
    assert list(jobs.values()) == [f"{array}_{number}" for number in range(4)]
    # asked again, what is queued is left alone, here and there
    assert jobs_of(lnpatch("reproduce", "-o", "S", "--on", "slurm", "--format", "json")) == jobs
    busy = lnpatch("reproduce", "-o", "S")
    assert busy.code == 4
    assert f"slurm {array}_" in busy.err
    wait_for(lambda: len(updates("gru-1")) > 7 and len(updates("lngru-1")) > 7)
    subprocess.run(["scancel", jobs["gru-1"]], check=True)
    subprocess.run(["scontrol", "requeue", jobs["lngru-1"]], check=True)
    wait_for(lambda: jobs["gru-1"] not in queue())
    status = lnpatch("reproduce", "-o", "S", "--status", "--format", "json")
    cancelled = runs(status)["gru-1"]
    assert (cancelled["state"], cancelled["job"]) == ("stopped", None)
    assert cancelled["updates"] >= 7  # it has saved
    done = lnpatch("reproduce", "-o", "S", "--on", "slurm", "--wait", "--format", "json")
    assert done.code == 0, done.err
    assert {name: run["state"] for name, run in runs(done).items()} == dict.fromkeys(jobs, "done")
    for name in jobs:
        assert updates(name) == list(range(1, 31))
    first, second = json.loads((STUDY / "study.json").read_text())["submissions"]
    assert (first["jobs"], list(second["jobs"])) == (jobs, ["gru-1"])


def test_a_time_limit_saves_and_the_job_goes_on(lnpatch: Run) -> None:
    # SLURM looks twice a minute, and sends the signal half a minute early: after 30 to 60 of the 60 seconds that this takes
    limits = ("--time", "2", "--cluster", "signal_delay_s=60", "--wait")
    settings = ("--seeds", "1", "--cells", "lngru", "--set", "wait=3", "--max-updates", "20")
    done = lnpatch(*TOY_STUDY, *limits, *settings, "--format", "json")
    assert done.code == 0, done.err
    assert updates("lngru-1") == list(range(1, 21))
    assert "--resume" in (STUDY / "logs/lngru-1.log").read_text()
    (log,) = STUDY.glob("cluster/*_log.out")
    assert "Requeued job" in log.read_text()


def test_a_study_that_is_cancelled_has_saved(lnpatch: Run) -> None:
    settings = ("--seeds", "2", "--set", "wait=0.3", "--max-updates", "200", "--set", "max_epochs=100")
    jobs = jobs_of(lnpatch(*TOY_STUDY, *settings, "--format", "json"))
    wait_for(lambda: len(updates("gru-1")) > 3)
    cancelled = lnpatch("reproduce", "-o", "S", "--cancel", "--format", "json")
    assert cancelled.json["notes"] == [f"slurm {job} was cancelled." for job in jobs.values()]
    wait_for(lambda: not queue())
    status = runs(lnpatch("reproduce", "-o", "S", "--status", "--format", "json"))
    assert (status["gru-1"]["state"], status["lngru-2"]["state"]) == ("stopped", "to-do")
    assert status["gru-1"]["updates"] > 3
    assert (STUDY / "runs/gru-1/model.npz").exists()


def test_a_folder_that_the_node_does_not_see(lnpatch: Run) -> None:
    later = ("--cluster", "begin=now+3", "--seeds", "1", "--max-updates", "2")
    sent = lnpatch(*TOY_STUDY, *later, "--format", "json")
    assert sent.code == 0, sent.err
    STUDY.rename("elsewhere")
    wait_for(lambda: not queue())
    Path("elsewhere").rename("S")
    status = lnpatch("reproduce", "-o", "S", "--status")
    assert "in a folder that all nodes share" in status.text
    done = lnpatch("reproduce", "-o", "S", "--on", "slurm", "--wait", "--format", "json")
    assert done.code == 0, done.err
    assert updates("gru-1") == [1, 2]


def test_a_parameter_that_sbatch_refuses(lnpatch: Run) -> None:
    refused = lnpatch(*TOY_STUDY, "--slurm-partition", "nowhere", "--format", "json")
    assert refused.code == 5
    assert "invalid partition" in refused.json["error"]["message"]
    assert "invalid partition" not in refused.err  # submitit prints it as well
    assert not queue()
