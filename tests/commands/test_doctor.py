"""`doctor`: what this machine has for each job, and how to get what it lacks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.commands import doctor
from lnpatch.runtimes import find_python2
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


def findings(report: Output, name: str) -> list[dict[str, object]]:
    return [finding for job in report.json["jobs"] for finding in job["findings"] if finding["name"] == name]


@pytest.mark.parametrize(
    "check", ["_git", "_package", "_python2", "_python3", "_compiler", "_nvcc", "_gpu", "_environment"]
)
@pytest.mark.parametrize(
    "error", [PermissionError(13, "no", "/x"), UnicodeDecodeError("ascii", b"", 0, 1, "x"), KeyError("k")]
)
def test_a_check_that_fails_is_a_line_and_the_others_go_on(
    lnpatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, check: str, error: Exception
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(doctor, check, fail)
    report = lnpatch("doctor", "--format", "json")
    assert report.code == (5 if check in ("_git", "_package") else 0)
    assert len(report.json["jobs"]) == 7
    assert f"could not be looked at ({type(error).__name__}" in report.out.decode()


@pytest.mark.parametrize("variable", ["PYENV_ROOT", "CONDA_EXE", "LNPATCH_PYTHON27"])
@pytest.mark.parametrize("value", ["{tmp}/file", "{tmp}/loop", "{tmp}/closed", "x", "/x", "~nobody-here", "a\nb"])
def test_odd_places_to_look_for_python_27(
    lnpatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "closed").mkdir(mode=0o000)
    for name in ("PYENV_ROOT", "CONDA_EXE", "LNPATCH_PYTHON27"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value.format(tmp=tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert [path for path in find_python2._candidates() if path.name == "never"] == []
    monkeypatch.setattr(Path, "glob", lambda *_: raise_error(PermissionError(13, "Permission denied")))
    assert isinstance(list(find_python2._candidates()), list)


def raise_error(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("place", ["file", "file/below", "link to nowhere", "loop"])
@pytest.mark.parametrize(("variable", "name"), [("LNPATCH_CACHE", "cache"), ("LNPATCH_DATA", "records")])
def test_folders_that_cannot_be_written(
    lnpatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str, variable: str, name: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link to nowhere").symlink_to("nowhere/at/all")
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setenv(variable, str(tmp_path / place))
    report = lnpatch("doctor", "--format", "json")
    assert report.code == 0
    found = findings(report, name)
    assert found
    for finding in found:
        assert (finding["there"], variable in str(finding["mend"])) == (False, True)
    before = sorted(tmp_path.iterdir())
    assert str(tmp_path / place.partition("/")[0]) in lnpatch("doctor").text
    assert sorted(tmp_path.iterdir()) == before


def test_a_cache_that_is_not_there_yet_is_no_fault(
    lnpatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "a/b/c"))
    assert all(finding["there"] for finding in findings(lnpatch("doctor", "--format", "json"), "cache"))
    assert not (tmp_path / "a").exists()


def test_a_full_disk(lnpatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path))
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: raise_error(OSError(28, "No space left on device")))
    report = doctor.diagnose()
    details = {finding.name: finding for job in report for finding in job.findings}
    for name in ("cache", "records", "temporary files"):
        assert "No space left on device" in details[name].detail


@pytest.mark.skipif(os.name != "posix", reason="POSIX's users")
def test_nobody_is_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without HOME and without an entry in the list of users, as in some containers."""
    import pwd

    for name in ("HOME", "LNPATCH_CACHE", "LNPATCH_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME", "PYENV_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: raise_error(KeyError(uid)))
    monkeypatch.chdir(tmp_path)
    details = {finding.name: finding for job in doctor.diagnose() for finding in job.findings}
    assert "no home folder" in details["cache"].detail
    assert "no home folder" in details["records"].detail
    assert list(tmp_path.iterdir()) == []


def test_tools_that_print_what_is_no_text(lnpatch: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "bin/nvidia-smi"
    tool.parent.mkdir()
    tool.write_bytes(b"#!/bin/sh\nprintf 'card \\377\\033[2J'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    out = lnpatch("doctor")
    assert out.code == 0
    assert r"card \ufffd\x1b[2J".replace(r"\ufffd", "\ufffd") in out.text
