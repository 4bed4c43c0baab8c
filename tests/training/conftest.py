"""A runtime that needs no Theano: the toy repository under the Python of the tests."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from lnpatch.checkout.worktree import Checkout
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes import choose
from lnpatch.runtimes.environment import Environment, ReportStep
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.runtimes.users_settings import UsersSettings
from tests.conftest import FIXTURES, Output, folder_contents, make_checkout

TOY = str(FIXTURES / "toy.toml")


class HereRuntime:
    """Runs a checkout that needs nothing but NumPy, under this Python."""

    name = "theano"

    def __init__(self, options: RuntimeOptions) -> None:
        self._python = Path(sys.executable)

    def find_environment(self, recipe: Recipe, job: str | None = None) -> Environment | None:
        return self.ensure_environment(recipe, job, print)

    def ensure_environment(self, recipe: Recipe, job: str | None, report_step: ReportStep) -> Environment:
        return Environment(Path(), self._python, {"numpy": "0"})

    def prepare_code(self, recipe: Recipe, checkout: Checkout, folder: Path) -> Path:
        return checkout.root.absolute()

    def users_settings(self, recipe: Recipe, environment: Environment) -> UsersSettings:
        return UsersSettings({}, {})

    def variables(
        self, recipe: Recipe, environment: Environment, path: Sequence[str], users: UsersSettings
    ) -> dict[str, str]:
        return {"PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lnpatch: object) -> Path:
    """A patched checkout of the toy repository; every runtime is the Python of the tests."""
    monkeypatch.setattr(choose, "runtimes", lambda: {"theano": HereRuntime, "pytensor": HereRuntime})
    root = make_checkout(tmp_path / "toy", folder_contents(FIXTURES / "toy"))
    applied: Output = lnpatch("apply", TOY)  # type: ignore[operator]
    assert applied.code == 0, applied.err
    return root
