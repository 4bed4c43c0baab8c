"""What the two runtimes have in common, and which of them a user's options mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import NoPython2Error, NoRequirementsError, UsageError, WrongPythonError
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import Environment, ReportStep
from lnpatch.runtimes.find_python2 import is_python2
from lnpatch.runtimes.pytensor import PyTensorRuntime
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.runtimes.theano import TheanoRuntime
from lnpatch.runtimes.users_settings import UsersSettings


class Runtime(Protocol):
    """A Python with Theano, or with PyTensor in its place, that runs a repository's code."""

    @property
    def name(self) -> str:
        """As ``--runtime`` names it."""

    def find_environment(self, recipe: Recipe, job: str | None = None) -> Environment | None:
        """Return the environment for one of the recipe's jobs, for all of them if it is None; None if it is not there and whole."""

    def ensure_environment(self, recipe: Recipe, job: str | None, report_step: ReportStep) -> Environment:
        """Return the environment, built if need be."""

    def prepare_code(self, recipe: Recipe, checkout: Checkout, folder: Path) -> Path:
        """Return the folder with the code that this runtime runs: the checkout, or a copy of it for another Python in *folder*."""

    def compiled_folder(self, environment: Environment) -> Path:
        """Return the folder of the cache in which its processes keep what they compile."""

    def users_settings(self, recipe: Recipe, environment: Environment) -> UsersSettings:
        """Return the user's own settings of the engine, as far as it starts with them."""

    def variables(
        self, recipe: Recipe, environment: Environment, path: Sequence[str], users: UsersSettings
    ) -> dict[str, str]:
        """Return the environment variables of a process, with the folders *path* on its module search path."""


def runtimes() -> dict[str, Callable[[RuntimeOptions], Runtime]]:
    """Return what makes each runtime, by its name."""
    return {
        "theano": lambda options: TheanoRuntime(options.python, options.device),
        "pytensor": lambda options: PyTensorRuntime(
            options.python, options.backend, options.device, options.precision_of("pytensor")
        ),
    }


@dataclass(frozen=True)
class RuntimeChoice:
    """Which runtime a user's options mean."""

    name: str
    #: Why, in words for people; empty where the options name it.
    reason: str = ""


def explain_choice(options: RuntimeOptions, recipe: Recipe, job: str | None = None) -> RuntimeChoice:
    """Return the runtime that is asked for: of ``auto`` the fastest that is installed, and why.

    Args:
        job: the recipe's job that is to be run; None for all of them.
    """
    if options.runtime != "auto":
        return RuntimeChoice(options.runtime)
    if options.backend != "auto":
        return RuntimeChoice("pytensor", f"the backend {options.backend} is PyTensor's")
    if options.device == "gpu":
        return RuntimeChoice("pytensor", "Theano knows no current card")
    if options.python is not None and is_python2(Path(options.python)):
        return RuntimeChoice("theano", f"{options.python} is a Python 2")
    if _is_installed("pytensor", options, recipe, job):
        return RuntimeChoice("pytensor", "it is installed, and the faster one")
    if _is_installed("theano", options, recipe, job):
        return RuntimeChoice("theano", "its environment is built, and PyTensor is not installed")
    return RuntimeChoice("pytensor", "no runtime is installed yet, and it is the faster one")


def choose_runtime(options: RuntimeOptions, recipe: Recipe, job: str | None = None) -> Runtime:
    """Return the runtime that is asked for, as :func:`explain_choice` explains it.

    Raises:
        UsageError: the options do not go together.
    """
    return make_runtime(explain_choice(options, recipe, job).name, options)


def make_runtime(name: str, options: RuntimeOptions) -> Runtime:
    """Return the runtime of that name, with the other options.

    Raises:
        UsageError: the options do not go together.
    """
    if name == "theano" and options.backend != "auto":
        raise UsageError(f"--backend {options.backend} belongs to --runtime pytensor; Theano has its own.")
    if options.precision not in ("auto", "float32") and (options.device, name) != ("gpu", "pytensor"):
        raise UsageError(
            f"--precision {options.precision} belongs to --device gpu and --runtime pytensor; all else computes in float32."
        )
    makers = runtimes()
    if name not in makers:
        raise UsageError(f"There is no runtime {name} for this; there is: {', '.join(makers)}.")
    return makers[name](options)


def _is_installed(name: str, options: RuntimeOptions, recipe: Recipe, job: str | None) -> bool:
    """Return whether a runtime has all that the job needs, and nothing has to be built."""
    try:
        return runtimes()[name](options).find_environment(recipe, job) is not None
    except (NoPython2Error, WrongPythonError, NoRequirementsError):
        return False
