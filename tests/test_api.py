"""``import lnpatch``: what scripts rely on, typed, without printing and without click."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import lnpatch
from tests.conftest import make_checkout

README = Path(__file__).parents[1] / "README.md"


def test_every_name_is_there_and_documented() -> None:
    for name in lnpatch.__all__:
        value = getattr(lnpatch, name)
        assert value.__doc__, name
        assert name in dir(lnpatch)
    with pytest.raises(AttributeError, match="nonsense"):
        lnpatch.nonsense  # noqa: B018


def test_functions_are_typed() -> None:
    for name in lnpatch.__all__:
        value = getattr(lnpatch, name)
        if inspect.isfunction(value):
            hints = typing.get_type_hints(value)
            assert hints.keys() == {*inspect.signature(value).parameters, "return"}, name


def test_importing_is_light_and_needs_no_click() -> None:
    code = (
        "import sys, lnpatch; print(lnpatch.__all__); "
        "sys.exit(sorted({'click', 'rich', 'libcst', 'git', 'dataclasses', 'lnpatch.errors'} & sys.modules.keys()) or None)"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "'read_run'" in run.stdout


def test_patching_from_python(demo_files: dict[str, bytes], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    checkout = make_checkout(tmp_path / "checkout", demo_files)
    assert "demo" in [recipe.name for recipe in lnpatch.targets()]
    assert lnpatch.status("demo", checkout).state == "not-applied"
    assert len(lnpatch.plan("demo", checkout).changes) == 2
    before = lnpatch.diff("demo", checkout)
    assert lnpatch.apply("demo", checkout, dry_run=True).patch == before.patch
    assert lnpatch.apply("demo", str(checkout)).written == ("layers.py", "train.py")
    assert lnpatch.diff(None, checkout).patch == before.patch
    with pytest.raises(lnpatch.ConflictError, match="lnlstm"):
        lnpatch.apply("demo", checkout, cell="lnlstm")
    assert lnpatch.revert(directory=checkout).written
    with pytest.raises(lnpatch.NotFoundError):
        lnpatch.status("no-such-target")
    with pytest.raises(lnpatch.InvalidRequestError):
        lnpatch.apply("demo", checkout, cell="gru")
    assert capfd.readouterr() == ("", "")


def test_click_is_for_the_command_line_alone(demo_files: dict[str, bytes], tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "checkout", demo_files)
    code = f"import sys, lnpatch; lnpatch.apply('demo', {str(checkout)!r}); sys.exit('click' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_the_script_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apply, diff, train on tiny data, read the costs: in ten lines."""
    pytest.importorskip("jax")
    pytest.importorskip("pytensor")
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    (script,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len([line for line in script.splitlines() if line.strip()]) <= 10
    run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "lngru" in run.stdout
    first, last = map(float, re.findall(r"cost ([\d.]+) -> ([\d.]+)", run.stdout)[0])
    assert last < 0.9 * first
