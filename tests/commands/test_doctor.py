"""`doctor`: what this machine has for each job, and how to get what it lacks."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from lnpatch.runtimes.find_python2 import find_python2
from tests.conftest import Output

Run = Callable[..., Output]


def test_doctor_lists_every_job(lnpatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    report = lnpatch("doctor", "--format", "json")
    assert report.code == 0
    jobs = {job["job"]: job for job in report.json["jobs"]}
    assert jobs.keys() == {
        "patch", "theano cpu", "theano gpu", "pytensor cpu", "pytensor gpu", "download", "curves"
    }  # fmt: skip
    assert jobs["patch"]["ready"]
    for job in jobs.values():
        for finding in job["findings"]:
            assert finding["there"] or finding["mend"], finding
    assert lnpatch("doctor").text.startswith("patch")


def test_doctor_misses_git(lnpatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    report = lnpatch("doctor", "--format", "json")
    assert report.code == 5
    patch = next(job for job in report.json["jobs"] if job["job"] == "patch")
    assert not patch["ready"]
    assert json.dumps(patch).count("git-scm.com") == 1
    assert os.environ["PATH"] == str(tmp_path)


def find(report: Output, job: str, name: str) -> dict[str, object]:
    """One finding of doctor's."""
    findings = next(entry for entry in report.json["jobs"] if entry["job"] == job)["findings"]
    return next(finding for finding in findings if finding["name"] == name)


@pytest.mark.parametrize("kind", ["file", "link-to-nowhere", "below-a-file", "read-only-system"])
def test_a_cache_that_cannot_be_written_is_seen(
    lnpatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    folder = {
        "file": tmp_path / "file",
        "link-to-nowhere": tmp_path / "link",
        "below-a-file": tmp_path / "file" / "cache",
        "read-only-system": Path("/proc/lnpatch"),
    }[kind]
    monkeypatch.setenv("LNPATCH_CACHE", str(folder))
    report = lnpatch("doctor", "--format", "json")
    assert report.code == 0
    cache = find(report, "pytensor cpu", "cache folder")
    assert not cache["there"]
    assert str(folder) in str(cache["detail"])
    assert "LNPATCH_CACHE" in str(cache["mend"])
    assert f"no cache folder: {folder}" in lnpatch("doctor").text


def test_a_cache_that_is_not_there_yet_is_not_made(
    lnpatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "a" / "cache"))
    assert find(lnpatch("doctor", "--format", "json"), "pytensor cpu", "cache folder")["there"]
    assert list(tmp_path.iterdir()) == []


def test_no_temporary_folder(lnpatch: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_folder() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    # not in the module itself, which pytest uses, too
    own = SimpleNamespace(gettempdir=no_folder, TemporaryFile=tempfile.TemporaryFile)
    monkeypatch.setattr("lnpatch.commands.doctor.tempfile", own)
    report = lnpatch("doctor", "--format", "json")
    assert report.code == 5
    assert "No usable temporary directory" in str(find(report, "patch", "temporary folder")["detail"])


@pytest.mark.parametrize(
    ("broken", "job", "name"),
    [
        ("lnpatch.commands.doctor.find_python2", "theano cpu", "Python 2.7"),
        ("importlib.metadata.version", "patch", "libcst"),
        ("shutil.which", "patch", "git"),
    ],
)
def test_what_cannot_be_looked_at_is_a_line(
    lnpatch: Run, monkeypatch: pytest.MonkeyPatch, broken: str, job: str, name: str
) -> None:
    def fail(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied", "/some/where")

    monkeypatch.setattr(broken, fail)
    finding = find(lnpatch("doctor", "--format", "json"), job, name)
    assert not finding["there"]
    assert "Permission denied: '/some/where'" in str(finding["detail"])


def test_a_user_without_a_home(lnpatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LNPATCH_CACHE", "LNPATCH_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME", "PYENV_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as for a user whom the system does not know
    find_python2.cache_clear()
    monkeypatch.chdir(tmp_path)
    report = lnpatch("doctor", "--format", "json")
    find_python2.cache_clear()
    assert report.code == 0
    assert report.json["cache"] == {"folder": "", "bytes": 0}
    assert "export LNPATCH_CACHE=" in str(find(report, "theano cpu", "cache folder")["mend"])
    assert not (tmp_path / "~").exists()


def test_an_unreadable_pyenv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The superuser, whom tests may run as, can read every folder; so the refusal is made up."""

    def refuse(self: Path, pattern: str) -> list[Path]:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("CONDA_EXE", "conda")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("LNPATCH_PYTHON27", raising=False)
    monkeypatch.setattr(Path, "glob", refuse)
    find_python2.cache_clear()
    assert find_python2() is None
    find_python2.cache_clear()
