"""A runtime that needs no Theano: the Python of the tests, also in the processes that they start."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from lnpatch.checkout.worktree import Checkout
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import Environment, ReportStep
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.runtimes.users_settings import UsersSettings

#: A module that Python imports by itself when it starts, from a folder of PYTHONPATH: every runtime is this one.
SITECUSTOMIZE = """
from lnpatch.runtimes import choose
from tests.training.here_runtime import HereRuntime
choose.runtimes = lambda: {"theano": HereRuntime, "pytensor": HereRuntime}
"""


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

    def compiled_folder(self, environment: Environment) -> Path:
        return Path()

    def users_settings(self, recipe: Recipe, environment: Environment) -> UsersSettings:
        return UsersSettings({}, {})

    def variables(
        self, recipe: Recipe, environment: Environment, path: Sequence[str], users: UsersSettings
    ) -> dict[str, str]:
        return {"PYTHONDONTWRITEBYTECODE": "1"}
