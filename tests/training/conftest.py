"""The toy repository, patched, and a runtime for it that needs no Theano."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lnpatch.runtimes import choose
from tests.conftest import FIXTURES, Output, folder_contents, make_checkout
from tests.training.here_runtime import SITECUSTOMIZE
from tests.training.here_runtime import HereRuntime as HereRuntime

TOY = str(FIXTURES / "toy.toml")


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lnpatch: object) -> Path:
    """A patched checkout of the toy repository; every runtime is the Python of the tests."""
    monkeypatch.setattr(choose, "runtimes", lambda: {"theano": HereRuntime, "pytensor": HereRuntime})
    root = make_checkout(tmp_path / "toy", folder_contents(FIXTURES / "toy"))
    applied: Output = lnpatch("apply", TOY)  # type: ignore[operator]
    assert applied.code == 0, applied.err
    return root


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every runtime is the Python of the tests in the processes of the test as well."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(FIXTURES.parents[1])]))
