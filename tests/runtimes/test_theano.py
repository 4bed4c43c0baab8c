"""Training for real on the embedded repository: Python 2.7, Theano 0.8.2, from the environment to the curves.

Minutes, most of which Theano spends compiling; LNPATCH_TEST_CACHE names a folder to keep the environment and the compiled
code in from one time to the next.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Output, contents, git

pytestmark = pytest.mark.slow

Run = Callable[..., Output]


@pytest.fixture(scope="module")
def cache(python2: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A cache for all the tests of this module; skips where there is no Python 2.7."""
    return os.environ.get("LNPATCH_TEST_CACHE") or str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def patched(lnpatch: Run, demo: Path, cache: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A patched checkout of the demo, and an environment that trains it."""
    monkeypatch.setenv("LNPATCH_CACHE", cache)
    assert lnpatch("apply", "demo").code == 0
    ready = lnpatch("setup", "demo", "--runtime", "theano", "--format", "json")
    assert ready.code == 0, ready.err
    assert ready.json["packages"]["theano"] == "0.8.2"
    assert ready.json["packages"]["numpy"] == "1.11.3"
    return demo


def test_setup_mends_an_environment_that_has_lost_a_package(lnpatch: Run, patched: Path) -> None:
    folder = Path(lnpatch("setup", "demo", "--runtime", "theano", "--format", "json").json["folder"])
    packages = folder / "lib" / "python2.7" / "site-packages"
    for file in packages.glob("six.py*"):
        file.unlink()
    mended = lnpatch("setup", "demo", "--runtime", "theano", "--format", "json")
    assert mended.code == 0, mended.err
    assert mended.json["built"]
    assert (packages / "six.py").exists()


def test_train_baseline_and_ln_then_compare(lnpatch: Run, patched: Path) -> None:
    before = contents(patched)
    for cell in ("gru", "lngru"):
        done = lnpatch(
            "train", "demo", "--runtime", "theano", "--smoke", "--cell", cell, "--output", cell, "--format", "json"
        )
        assert done.code == 0, done.err
        assert done.json["state"] == "done"
        assert done.json["updates"] == 40
        assert done.json["last_cost"] < 0.9 * done.json["first_cost"]
    assert contents(patched) == before
    assert git(patched, "status", "--short").splitlines() == [" M layers.py", " M train.py"]
    reported = [json.loads(line) for line in Path("lngru/updates.jsonl").read_text().splitlines()]
    assert [entry["update"] for entry in reported] == list(range(1, 41))
    curves = lnpatch("curves", "gru", "lngru", "-o", "curves.svg", "--format", "json")
    assert curves.code == 0, curves.err
    assert Path("curves.svg").read_text().startswith("<?xml")

    on = lnpatch(
        "train",
        "demo",
        "--runtime",
        "theano",
        "--output",
        "lngru",
        "--resume",
        "--max-updates",
        "45",
        "--format",
        "json",
    )
    assert on.code == 0, on.err
    assert on.json["updates"] == 45
    assert on.json["first_cost"] < 0.9 * reported[0]["cost"]


def test_check_passes_on_what_apply_wrote_and_fails_on_another_epsilon(lnpatch: Run, patched: Path) -> None:
    passed = lnpatch("check", "demo", "--runtime", "theano", "--quick", "--format", "json")
    assert passed.code == 0, passed.text
    assert {row["name"] for row in passed.json["rows"]} >= {"parameters", "forward", "gradients", "one step"}
    layers = patched / "layers.py"
    text = layers.read_bytes()
    assert text.count(b"variance + 1e-5") == 1
    layers.write_bytes(text.replace(b"variance + 1e-5", b"variance + 1e-2"))
    failed = lnpatch("check", "demo", "--runtime", "theano", "--quick", "--format", "json")
    assert failed.code == 1
    wrong = {row["name"] for row in failed.json["rows"] if not row["passed"]}
    assert "forward" in wrong
    assert "parameters" not in wrong
