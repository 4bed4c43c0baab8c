"""A patched file that was changed since, and that no parser takes any more: nobody is locked out of his patch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Output, contents, git

Run = Callable[..., Output]

BROKEN = {
    "no-python": b"\ndef f(:\n",
    "nested": b"\nx = " + b"(" * 3000 + b")" * 3000 + b"\n",
    "chain": b"\nif a: pass\n" + b"elif a: pass\n" * 5000,
    "null": b"\nx = 1\x00\n",
    "merge": b"\n<<<<<<< HEAD\n=======\n>>>>>>> b\n",
    "keyword": b"\ndef f(): return(a if b else c)\n",
}


@pytest.mark.cases_by_default(3)
@pytest.mark.parametrize("kind", BROKEN)
def test_status_diff_and_revert(lnpatch: Run, demo: Path, kind: str) -> None:
    before = contents(demo)
    assert lnpatch("apply", "demo").code == 0
    patch = lnpatch("diff", "demo").out
    layers = demo / "layers.py"
    layers.write_bytes(layers.read_bytes() + BROKEN[kind])

    status = lnpatch("status", "demo", "--format", "json")
    assert (status.code, status.json["state"]) == (0, "modified"), status.err
    said = any("layers.py:" in note for note in status.json["notes"])
    assert said == (kind != "keyword")
    diff = lnpatch("diff", "demo")
    assert (diff.code, diff.out) == (0, patch), diff.err

    assert lnpatch("revert", "demo").code == 0
    assert contents(demo) == before | {"layers.py": before["layers.py"] + BROKEN[kind]}
    assert git(demo, "for-each-ref", "refs/lnpatch").strip() == ""


def test_a_patch_that_somebody_took_out_of_a_broken_file(lnpatch: Run, demo: Path) -> None:
    before = contents(demo)
    assert lnpatch("apply", "demo").code == 0
    for path, data in before.items():
        (demo / path).write_bytes(data)
    (demo / "layers.py").write_bytes(before["layers.py"] + BROKEN["no-python"])
    failed = lnpatch("status", "demo")
    assert failed.code == 1
    assert "layers.py:" in failed.err


def test_apply_stays_strict(lnpatch: Run, demo: Path) -> None:
    (demo / "layers.py").write_bytes((demo / "layers.py").read_bytes() + BROKEN["no-python"])
    failed = lnpatch("apply", "demo")
    assert failed.code == 1
    assert "neither valid Python 2.7 nor valid Python 3" in failed.err
