"""Studies on a cluster, without one: what is asked of it, what it answers, and a plugin of submitit's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.errors import ClusterError, FolderNotSharedError, UsageError
from lnpatch.recipes import find_recipe
from lnpatch.study import cluster
from lnpatch.study.cluster import ClusterJobStatus, JobState, explain_lost_job, find_jobs, require_cluster
from lnpatch.study.cluster_job import ClusterJob
from lnpatch.study.cluster_options import ClusterOptions
from lnpatch.study.run_task import RunTask, find_error
from lnpatch.study.study_folder import StudyFolder, Submission
from tests.conftest import Output
from tests.training.conftest import TOY
from tests.training.test_kill import numbers

pytest.importorskip("submitit")

Run = Callable[..., Output]

TWO = ("reproduce", TOY, "--from", "source", "--data", "corpus.txt", "--seeds", "1", "-o", "S", "--max-updates", "3")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(ClusterOptions("slrum"), "Did you mean slurm", id="a name"),
        pytest.param(ClusterOptions("debug"), "knows no cluster 'debug'", id="submitit's own"),
        pytest.param(ClusterOptions("slurm", parameters=("account",)), "KEY=VALUE", id="no value"),
        pytest.param(ClusterOptions("slurm", parameters=("=x",)), "KEY=VALUE", id="no key"),
    ],
)
def test_what_is_refused(options: ClusterOptions, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        require_cluster(options)
    assert words in str(refused.value)


def test_a_machine_without_slurm(lnpatch: Run, toy_source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    refused = lnpatch(*TWO, "--on", "slurm")
    assert refused.code == 5
    assert "commands are not on this machine" in refused.err
    assert not Path("S").exists()


def test_without_submitit(lnpatch: Run, toy_source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "submitit", None)
    refused = lnpatch(*TWO, "--on", "slurm")
    assert refused.code == 5
    assert "pip install 'submitit<2,>=1.5'" in refused.err


@pytest.mark.parametrize(
    "option", [["--time", "5"], ["--wait"], ["--cluster", "account=x"], ["--slurm-partition", "p"]]
)
def test_options_of_a_cluster_are_not_for_this_machine(lnpatch: Run, toy_source: Path, option: list[str]) -> None:
    refused = lnpatch(*TWO, *option)
    assert refused.code == 2
    assert "--on slurm" in refused.err


QUEUE = """\
12_0 PENDING
12_1 RUNNING
12_2 COMPLETING
12_3 REQUEUE_HOLD
12_4 CANCELLED
12_5 FAILED
12_6 TIMEOUT
13 COMPLETED
"""


def test_what_the_queue_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def answer(words: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        asked.append(words)
        return subprocess.CompletedProcess(words, 0, QUEUE, "")

    monkeypatch.setattr(subprocess, "run", answer)
    jobs = {f"r{number}": f"12_{number}" for number in range(8)}
    found = find_jobs(StudyFolder(tmp_path), [Submission("slurm", jobs, ""), Submission("slurm", {"r0": "13"}, "")])
    assert "--jobs=12,13" in asked[0]
    ended, queued, running = JobState.ENDED, JobState.QUEUED, JobState.RUNNING
    assert [found[f"r{number}"].state for number in range(8)] == [
        ended,  # its second job counts
        running,
        running,
        queued,
        ended,
        ended,
        ended,
        ended,  # the queue does not know it any more
    ]
    assert str(found["r0"]) == "slurm 13"


@pytest.mark.parametrize(
    ("status", "said", "failure"),
    [
        pytest.param(1, "slurm_load_jobs error: Invalid job id specified", "", id="forgotten"),
        pytest.param(1, "Unable to contact slurm controller", "Unable to contact", id="out of reach"),
    ],
)
def test_a_queue_that_says_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int, said: str, failure: str
) -> None:
    answer = subprocess.CompletedProcess([], status, "", said)
    monkeypatch.setattr(subprocess, "run", lambda words, **options: answer)
    submissions = [Submission("slurm", {"gru-1": "12"}, "")]
    if failure:
        with pytest.raises(ClusterError, match=failure):
            find_jobs(StudyFolder(tmp_path), submissions)
    else:
        assert find_jobs(StudyFolder(tmp_path), submissions)["gru-1"].state is JobState.ENDED


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("1.5", 1.5), ("true", True), ("nlp", "nlp"), ("01:00", "01:00"), ("[1]", "[1]"), ("", "")],
)
def test_values(text: str, value: object) -> None:
    read = cluster._read_value(text)
    assert (read, type(read)) == (value, type(value))


def test_a_job_that_sees_another_folder(tmp_path: Path) -> None:
    job = find_recipe("demo").jobs["train"]
    task = RunTask("gru-1", tmp_path / "run", job, {}, tmp_path / "log", tmp_path / "figures", tmp_path / "lock")
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster/submitted-1").touch()
    with pytest.raises(FolderNotSharedError) as refused:
        ClusterJob(task, "cpu", tmp_path / "cluster/submitted-2")()
    assert str(tmp_path) in refused.value.message
    assert os.uname().nodename in refused.value.message


def test_a_job_that_comes_no_further_is_not_queued_for_ever(tmp_path: Path) -> None:
    job = find_recipe("demo").jobs["train"]
    task = RunTask("gru-1", tmp_path / "run", job, {}, tmp_path / "log", tmp_path / "figures", tmp_path / "lock")
    cluster_job = ClusterJob(task, "cpu", tmp_path / "mark", update=3, idle=4)
    for idle in range(5):  # it was at another update before, so this counts anew
        cluster_job = cluster_job.checkpoint().function
        assert (cluster_job.update, cluster_job.idle) == (0, idle)
    assert cluster_job.checkpoint() is None
    assert "it needs more --time" in find_error(task.log)


def test_a_job_that_has_left_nothing(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    folder.cluster.mkdir()
    job = ClusterJobStatus("slurm", "12_1", JobState.ENDED)
    assert "folder that all nodes share" in explain_lost_job(folder, job)
    log = folder.cluster / "12_1_0_log.err"
    log.write_text("")
    assert str(log) in explain_lost_job(folder, job)


PLUGIN = """
import os
from submitit.local.local import LocalExecutor, LocalJob


class ClosetJob(LocalJob):
    def done(self, force_check=False):
        return self.paths.result_pickle.exists()

    @property
    def state(self):
        return "FINISHED" if self.done() else "RUNNING"


class ClosetExecutor(LocalExecutor):
    job_class = ClosetJob
"""


@pytest.mark.slow
def test_a_plugin_of_submitits(toy_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    information = site / "closet-1.0.dist-info"
    information.mkdir(parents=True)
    (site / "closet.py").write_text(PLUGIN)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: closet\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[submitit]\nexecutor = closet:ClosetExecutor\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ["PYTHONPATH"]]))
    command = [sys.executable, "-m", "lnpatch", *TWO, "--on", "closet", "--wait", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [run["state"] for run in document["runs"]] == ["done", "done"]
    assert numbers(tmp_path / "S/runs/gru-1") == [1, 2, 3]
    (submission,) = json.loads((tmp_path / "S/study.json").read_text())["submissions"]
    assert (submission["cluster"], sorted(submission["jobs"])) == ("closet", ["gru-1", "lngru-1"])
