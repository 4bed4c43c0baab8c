"""`doctor`: what this machine has for each job, and how to get what it lacks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

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
