"""`demo`: the whole story, offline."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Output, contents, git

Cli = Callable[..., Output]


@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
def test_tells_the_story_and_leaves_nothing(lnpatch: Cli, tmp_path: Path, cell: str) -> None:
    before = set(tmp_path.iterdir())
    shown = lnpatch("demo", "--cell", cell)
    assert shown.code == 0
    assert "FAILED" not in shown.text
    for part in (
        f"Patched it with {cell}",
        "+def ln(x, b, s):",
        "a second time: nothing to do",
        "every byte is as before",
    ):
        assert part in shown.text
    assert set(tmp_path.iterdir()) == before


def test_keeps_it_where_it_is_told_to(lnpatch: Cli, tmp_path: Path) -> None:
    report = lnpatch("demo", "--dir", "kept", "--format", "json").json
    assert (report["kept"], report["passed"]) == (True, True)
    assert git(tmp_path / "kept", "diff", "--name-only").split() == ["layers.py", "train.py"]
    assert lnpatch("status", "demo", "--dir", "kept", "--exit-code").code == 0
    assert lnpatch("revert", "demo", "--dir", "kept").code == 0
    assert git(tmp_path / "kept", "status", "--short") == ""


def test_touches_no_folder_that_is_something_else(lnpatch: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "layers.py").write_bytes(b"x = 1\n")
    assert lnpatch("demo", "--dir", "mine").code == 5
    assert contents(tmp_path / "mine") == {"layers.py": b"x = 1\n"}


def test_the_embedded_repository_is_python_2(demo: Path, python2: Path) -> None:
    sources = sorted(demo.glob("*.py"))
    run = subprocess.run([python2, "-m", "py_compile", *sources], capture_output=True, check=False, cwd=demo)
    assert run.returncode == 0, run.stderr.decode()
