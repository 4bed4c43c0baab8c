"""A runtime that needs no Theano: the toy repository under the Python of the tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from lnpatch.checkout.worktree import Checkout
from lnpatch.folders import templates
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import Environment, Progress
from lnpatch.runtimes.launch import Launch
from lnpatch.training import patched as handoff
from lnpatch.training.patched import EngineOptions
from tests.conftest import FIXTURES, Output, folder_contents, make_checkout

TOY = str(FIXTURES / "toy.toml")


class HereRuntime:
    """Runs a checkout that needs nothing but NumPy, under this Python."""

    name = "theano"

    def __init__(self, options: EngineOptions) -> None:
        self._python = Path(sys.executable)

    def find(self, recipe: Recipe, job: str | None = None) -> Environment | None:
        return self.ensure(recipe, job, print)

    def ensure(self, recipe: Recipe, job: str | None, progress: Progress) -> Environment:
        return Environment(Path(), self._python, {"numpy": "0"})

    def code(self, recipe: Recipe, checkout: Checkout, into: Path) -> Path:
        return checkout.root.absolute()

    def launch(
        self,
        recipe: Recipe,
        environment: Environment,
        script: str,
        arguments: tuple[str, ...],
        directory: Path,
        *,
        device: str = "cpu",
        options: tuple[str, ...] = (),
        path: Sequence[str] = (),
    ) -> Launch:
        path = os.fspath(templates() / script)
        return Launch(
            environment.python, ("-u", *options, path, *arguments), directory, {"PYTHONDONTWRITEBYTECODE": "1"}
        )


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lnpatch: object) -> Path:
    """A patched checkout of the toy repository; every runtime is the Python of the tests."""
    monkeypatch.setattr(handoff, "runtimes", lambda: {"theano": HereRuntime, "pytensor": HereRuntime})
    root = make_checkout(tmp_path / "toy", folder_contents(FIXTURES / "toy"))
    applied: Output = lnpatch("apply", TOY)  # type: ignore[operator]
    assert applied.code == 0, applied.err
    return root
