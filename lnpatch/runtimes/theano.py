"""The runtime of 2016: Python 2.7 and the Theano that the repositories were written for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import NoPython2Error, NoRequirementsError, WrongPythonError
from lnpatch.folders import cache_folder
from lnpatch.recipes.recipe import Recipe, Requirements
from lnpatch.runtimes.environment import (
    Environment,
    EnvironmentSpec,
    ReportStep,
    ensure_environment,
    find_environment,
)
from lnpatch.runtimes.find_python2 import find_python2, is_python2
from lnpatch.runtimes.launch import huge_pages
from lnpatch.runtimes.theano_flags import theano_flags
from lnpatch.runtimes.users_settings import THEANO, UsersSettings, find_working_settings

#: Modules by the distributions that bring them, where the names differ.
_MODULES = {"scikit-learn": "sklearn"}


class TheanoRuntime:
    """Runs the checkout as it is, under Python 2.7 with Theano."""

    name = "theano"

    def __init__(self, python: str | None = None, device: str = "cpu") -> None:
        self._python = python
        self._device = device

    def environment_spec(self, recipe: Recipe) -> EnvironmentSpec:
        """Return what the environment that trains *recipe* has to hold.

        Raises:
            NoRequirementsError: the recipe does not say what it needs.
            NoPython2Error, WrongPythonError: there is no Python 2.7.
        """
        requirements = _requirements(recipe)
        names = [package.partition("=")[0].lower() for package in (*requirements.packages, *requirements.extras)]
        imports = tuple(_MODULES.get(name, name) for name in names)
        steps = (requirements.packages, requirements.extras)
        return EnvironmentSpec("theano-py2.7", self._base_python(), steps, imports, python2=True)

    def find_environment(self, recipe: Recipe, job: str | None = None) -> Environment | None:
        """Return the environment if it is there and whole; one serves all jobs."""
        return find_environment(self.environment_spec(recipe))

    def ensure_environment(self, recipe: Recipe, job: str | None, report_step: ReportStep) -> Environment:
        """Return the environment, built if need be.

        Raises:
            LnpatchError: there is no Python 2.7, or a package could not be installed.
        """
        return ensure_environment(self.environment_spec(recipe), report_step)

    def prepare_code(self, recipe: Recipe, checkout: Checkout, folder: Path) -> Path:
        """Return the checkout itself: it is Python 2 already."""
        return checkout.root.absolute()

    def compiled_folder(self, environment: Environment) -> Path:
        """Return the folder of the cache in which Theano keeps what it compiles."""
        versions = f"theano-{environment.version('theano')}-numpy-{environment.version('numpy')}"
        return cache_folder("compiled", versions)

    def users_settings(self, recipe: Recipe, environment: Environment) -> UsersSettings:
        """Return the user's THEANO_FLAGS and ``.theanorc``, as far as Theano starts with them."""
        return find_working_settings(
            THEANO,
            self._device,
            lambda users: (
                [environment.python, "-c", THEANO.probe],
                {**os.environ, **self.variables(recipe, environment, (), users)},
            ),
        )

    def variables(
        self, recipe: Recipe, environment: Environment, path: Sequence[str], users: UsersSettings
    ) -> dict[str, str]:
        """Return the environment variables of a process, with the folders *path* on its module search path."""
        version = environment.version("theano")
        compile_dir = self.compiled_folder(environment)
        flags = theano_flags(version, self._device, compile_dir, _requirements(recipe).flags, users.flags)
        return {
            **huge_pages(),
            **users.variables,
            "THEANO_FLAGS": flags,
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONNOUSERSITE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",  # attentive-reader has .pyc files under version control
            "PYTHONIOENCODING": "utf-8",
        }

    def _base_python(self) -> Path:
        if self._python is not None:
            python = Path(self._python)
            if not is_python2(python):
                raise WrongPythonError(self._python, "2.7")
            return python
        on_this_machine = find_python2()
        if on_this_machine is None:
            raise NoPython2Error()
        return on_this_machine


def _requirements(recipe: Recipe) -> Requirements:
    if recipe.requirements is None:
        raise NoRequirementsError(recipe.reference, str(recipe.origin))
    return recipe.requirements
