"""The Python that lnpatch runs in is PyTensor's runtime where it has all that is needed, wherever it has it from."""

from __future__ import annotations

import importlib.metadata
import os
import site
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.recipes import find_recipe
from lnpatch.runtimes.environment import Environment
from lnpatch.runtimes.pytensor import PyTensorRuntime
from lnpatch.runtimes.users_settings import UsersSettings

DEMO = find_recipe("demo")
PACKAGES = {"pytensor": "3.3.8", "jax": "0.11.2", "numpy": "2.5.2", "scipy": "1.18.1", "six": "1.17.0"}


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Have this Python say that it has the packages, and no others; there is no environment that lnpatch has built."""
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))

    def pretend(*more: str) -> None:
        versions = {**PACKAGES, **dict.fromkeys(more, "0.11.2")}

        def version(name: str) -> str:
            if name not in versions:
                raise importlib.metadata.PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(importlib.metadata, "version", version)

    return pretend


@pytest.mark.parametrize(
    ("device", "plugins", "taken"),
    [
        pytest.param("cpu", [], True, id="CPU"),
        pytest.param("gpu", ["jax-cuda12-plugin"], True, id="CUDA 12"),
        pytest.param("gpu", ["jax-cuda13-plugin"], True, id="CUDA 13"),
        pytest.param("gpu", [], False, id="GPU without a plugin"),
    ],
)
def test_whether_it_is_taken(install: Callable[..., None], device: str, plugins: list[str], taken: bool) -> None:
    install(*plugins)
    environment = PyTensorRuntime(None, "jax", device).find_environment(DEMO, "train")
    assert (environment.python if environment else None) == (Path(sys.executable) if taken else None)
    assert environment is None or {*plugins} <= environment.packages.keys()


def variables(python: Path) -> dict[str, str]:
    environment = Environment(python.parent.parent, python, PACKAGES)
    return PyTensorRuntime().variables(DEMO, environment, ["/code"], UsersSettings({}, {}))


def test_a_process_finds_what_this_one_finds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/site", "", "packages"]))
    monkeypatch.setattr(site, "ENABLE_USER_SITE", True)
    own = variables(Path(sys.executable))
    # the process runs in another folder, and the repository's modules come first
    assert own["PYTHONPATH"].split(os.pathsep)[1:] == ["/code", "/site", str(tmp_path / "packages")]
    assert "PYTHONNOUSERSITE" not in own
    monkeypatch.setattr(site, "ENABLE_USER_SITE", False)
    assert variables(Path(sys.executable))["PYTHONNOUSERSITE"] == "1"


def test_an_environment_that_was_built_finds_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", "/site")
    built = variables(tmp_path / "bin" / "python")
    assert built["PYTHONPATH"].split(os.pathsep)[1:] == ["/code"]
    assert built["PYTHONNOUSERSITE"] == "1"
