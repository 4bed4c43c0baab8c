"""Environments: built, found again, mended; what is said where one cannot be had."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.errors import EnvironmentBuildError
from lnpatch.recipes import find_recipe
from lnpatch.runtimes import choose, pytensor
from lnpatch.runtimes import find_python2 as python2
from lnpatch.runtimes.choose import explain_choice
from lnpatch.runtimes.environment import Environment, EnvironmentSpec, ensure_environment, find_environment
from lnpatch.runtimes.pytensor import PyTensorRuntime
from lnpatch.runtimes.runtime_options import RuntimeOptions
from tests.conftest import Output

Run = Callable[..., Output]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EnvironmentSpec:
    """An environment with nothing in it, which needs no network."""
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    return EnvironmentSpec("test", Path(sys.executable), (), ("json", "pip"))


def test_built_once_and_found_again(spec: EnvironmentSpec) -> None:
    said: list[str] = []
    assert find_environment(spec) is None
    environment = ensure_environment(spec, said.append)
    assert environment.python.exists()
    assert environment.version("pip")
    assert environment.version("python") == ".".join(map(str, sys.version_info[:3]))
    assert said
    said.clear()
    assert ensure_environment(spec, said.append) == environment == find_environment(spec)
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
        # each builds two environments
        pytest.param(break_module, id="module", marks=pytest.mark.slow),
        pytest.param(break_manifest, id="manifest", marks=pytest.mark.slow),
        pytest.param(break_python, id="python", marks=pytest.mark.slow),
    ],
)
def test_a_broken_one_is_built_again(spec: EnvironmentSpec, damage: Callable[[Path], None]) -> None:
    folder = ensure_environment(spec, lambda _: None).folder
    damage(folder)
    assert find_environment(spec) is None
    assert ensure_environment(spec, lambda _: None).folder == folder
    assert find_environment(spec) is not None


def test_other_requirements_are_another_environment(spec: EnvironmentSpec) -> None:
    other = EnvironmentSpec("test", spec.base, (("six",),), ())
    assert other.folder != spec.folder


@pytest.mark.slow
def test_what_cannot_be_installed_leaves_no_environment(spec: EnvironmentSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    impossible = EnvironmentSpec("test", spec.base, (("no-such-package-of-lnpatch",),), ())
    with pytest.raises(EnvironmentBuildError) as caught:
        ensure_environment(impossible, lambda _: None)
    assert find_environment(impossible) is None
    assert "No matching distribution found for no-such-package-of-lnpatch" in Path(caught.value.log).read_text()
    assert caught.value.exit_code == 5


@pytest.mark.slow
def test_the_callers_packages_stay_out(spec: EnvironmentSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert ensure_environment(spec, lambda _: None).python.exists()


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


def test_theano_has_no_backends_to_choose(lnpatch: Run) -> None:
    assert lnpatch("setup", "demo", "--runtime", "theano", "--backend", "jax").code == 2


@pytest.mark.parametrize(
    ("options", "installed", "runtime", "why"),
    [
        pytest.param(RuntimeOptions(), {"pytensor", "theano"}, "pytensor", "the faster one", id="both"),
        pytest.param(RuntimeOptions(), {"pytensor"}, "pytensor", "it is installed", id="PyTensor is installed"),
        pytest.param(RuntimeOptions(), {"theano"}, "theano", "environment is built", id="Theano is built"),
        pytest.param(RuntimeOptions(), set(), "pytensor", "no runtime is installed", id="neither"),
        pytest.param(RuntimeOptions(backend="c"), {"theano"}, "pytensor", "backend c", id="C"),
        pytest.param(RuntimeOptions(device="gpu"), {"theano"}, "pytensor", "no current card", id="GPU"),
        pytest.param(RuntimeOptions(python="python2.7"), {"pytensor"}, "theano", "is a Python 2", id="a Python 2"),
        pytest.param(RuntimeOptions("theano", device="gpu"), {"pytensor"}, "theano", "", id="Theano on a GPU"),
        pytest.param(RuntimeOptions("pytensor"), {"theano"}, "pytensor", "", id="PyTensor is named"),
        pytest.param(RuntimeOptions("theano"), {"pytensor"}, "theano", "", id="Theano is named"),
    ],
)
def test_the_runtime_that_is_chosen(
    options: RuntimeOptions, installed: set[str], runtime: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fake:
        def __init__(self, name: str) -> None:
            self.name = name

        def find_environment(self, recipe: object, job: object) -> object:
            return Path("built") if self.name in installed else None

    monkeypatch.setattr(
        choose, "runtimes", lambda: {name: lambda _, n=name: Fake(n) for name in ("theano", "pytensor")}
    )
    monkeypatch.setattr(choose, "is_python2", lambda path: path == Path("python2.7"))
    choice = explain_choice(options, find_recipe("demo"), "train")
    assert choice.name == runtime
    assert why in choice.reason
    assert bool(choice.reason) is bool(why)


@pytest.mark.parametrize(
    ("built", "used"),
    [
        pytest.param([None], None, id="that of all jobs"),
        pytest.param(["train", None], "train", id="its own first"),
        pytest.param([], "nothing", id="none"),
    ],
)
def test_the_environment_that_a_job_of_pytensor_runs_in(
    monkeypatch: pytest.MonkeyPatch, built: list[str | None], used: str | None
) -> None:
    recipe, runtime = find_recipe("skip-thoughts"), PyTensorRuntime(sys.executable)
    folders = {job: runtime.environment_spec(recipe, job).folder for job in ("train", None)}
    there = [folders[job] for job in built]

    def find(spec: EnvironmentSpec) -> Environment | None:
        return Environment(spec.folder, Path(sys.executable), {}) if spec.folder in there else None

    monkeypatch.setattr(pytensor, "find_environment", find)
    environment = runtime.find_environment(recipe, "train")
    assert (environment and environment.folder) == folders.get(used)
