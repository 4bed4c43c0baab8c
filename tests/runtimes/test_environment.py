"""Environments: built, found again, mended; what is said where one cannot be had."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.errors import EnvironmentBuildError
from lnpatch.runtimes import find_python2 as python2
from lnpatch.runtimes.environment import Spec, ensure, find
from lnpatch.training import patched as handoff
from lnpatch.training.patched import EngineOptions, choose_runtime
from tests.conftest import Output

Run = Callable[..., Output]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spec:
    """An environment with nothing in it, which needs no network."""
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    return Spec("test", Path(sys.executable), (), ("json", "pip"))


def test_built_once_and_found_again(spec: Spec) -> None:
    said: list[str] = []
    assert find(spec) is None
    environment = ensure(spec, said.append)
    assert environment.python.exists()
    assert environment.version("pip")
    assert environment.version("python") == ".".join(map(str, sys.version_info[:3]))
    assert said
    said.clear()
    assert ensure(spec, said.append) == environment == find(spec)
    assert not said


def break_manifest(folder: Path) -> None:
    (folder / "lnpatch.json").write_text("{")


def break_python(folder: Path) -> None:
    (folder / "bin" / "python").unlink()


def break_module(folder: Path) -> None:
    package = next(folder.glob("lib/python*/site-packages/pip"))
    package.rename(package.with_name("gone"))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(break_module, id="module"),
        # each builds two environments
        pytest.param(break_manifest, id="manifest", marks=pytest.mark.slow),
        pytest.param(break_python, id="python", marks=pytest.mark.slow),
    ],
)
def test_a_broken_one_is_built_again(spec: Spec, damage: Callable[[Path], None]) -> None:
    folder = ensure(spec, lambda _: None).folder
    damage(folder)
    assert find(spec) is None
    assert ensure(spec, lambda _: None).folder == folder
    assert find(spec) is not None


def test_other_requirements_are_another_environment(spec: Spec) -> None:
    other = Spec("test", spec.base, (("six",),), ())
    assert other.folder != spec.folder


def test_what_cannot_be_installed_leaves_no_environment(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    impossible = Spec("test", spec.base, (("no-such-package-of-lnpatch",),), ())
    with pytest.raises(EnvironmentBuildError) as caught:
        ensure(impossible, lambda _: None)
    assert find(impossible) is None
    assert "no-such-package-of-lnpatch" in Path(caught.value.log).read_text()
    assert caught.value.exit_code == 5


def test_the_callers_packages_stay_out(spec: Spec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert ensure(spec, lambda _: None).python.exists()


def test_without_python_27_setup_says_what_gives_one(lnpatch: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python2, "_candidates", lambda: iter(()))
    python2.find_python2.cache_clear()
    try:
        refused = lnpatch("setup", "demo", "--runtime", "theano")
    finally:
        python2.find_python2.cache_clear()
    assert refused.code == 5
    for words in ("no Python 2.7", "pyenv install 2.7.18", "conda create", "--runtime pytensor"):
        assert words in refused.err


@pytest.mark.parametrize("python", ["nowhere/python", pytest.param(sys.executable, id="Python 3")])
def test_a_python_that_is_no_27(lnpatch: Run, python: str) -> None:
    refused = lnpatch("setup", "demo", "--runtime", "theano", "--python", python)
    assert refused.code == 5
    assert "2.7" in refused.err


def test_theano_has_no_engines_to_choose(lnpatch: Run) -> None:
    assert lnpatch("setup", "demo", "--runtime", "theano", "--engine", "jax").code == 2


@pytest.mark.parametrize(
    ("options", "python27", "runtime"),
    [
        pytest.param(EngineOptions(), True, "theano", id="with Python 2.7"),
        pytest.param(EngineOptions(), False, "pytensor", id="without Python 2.7"),
        pytest.param(EngineOptions(engine="c"), True, "pytensor", id="C"),
        pytest.param(EngineOptions(device="gpu"), True, "pytensor", id="GPU"),
        pytest.param(EngineOptions("theano", device="gpu"), True, "theano", id="Theano on a GPU"),
        pytest.param(EngineOptions("pytensor"), True, "pytensor", id="PyTensor"),
        pytest.param(EngineOptions("theano"), False, "theano", id="Theano without Python 2.7"),
    ],
)
def test_the_runtime_that_is_chosen(
    options: EngineOptions, python27: bool, runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handoff, "find_python2", lambda: Path("python2.7") if python27 else None)
    assert choose_runtime(options).name == runtime
