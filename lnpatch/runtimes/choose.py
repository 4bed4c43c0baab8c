"""What the two runtimes have in common, and which of them a user's options mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import NoPython2Error, UsageError
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import Environment, ReportStep
from lnpatch.runtimes.find_python2 import find_python2, is_python2
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


def choose_runtime(options: RuntimeOptions) -> Runtime:
    """Return the runtime that is asked for.

    ``auto`` takes the repositories' own where there is a Python 2.7, and PyTensor's for a GPU: Theano knows no current card.

    Raises:
        UsageError: the options do not go together.
    """
    name = options.runtime
    if name == "auto":
        needs_pytensor = (
            options.backend != "auto"
            or options.device == "gpu"
            or (find_python2() is None and not _names_python2(options.python))
        )
        name = "pytensor" if needs_pytensor else "theano"
    if name == "theano" and options.backend != "auto":
        raise UsageError(f"--backend {options.backend} belongs to --runtime pytensor; Theano has its own.")
    if options.precision not in ("auto", "float32") and (options.device, name) != ("gpu", "pytensor"):
        raise UsageError(
            f"--precision {options.precision} belongs to --device gpu and --runtime pytensor; all else computes in float32."
        )
    return runtimes()[name](options)


def prefer_installed(recipe: Recipe) -> RuntimeOptions:
    """Return a runtime that is installed already, the faster one first; else the one that would be built."""
    for name in ("pytensor", "theano"):
        options = RuntimeOptions(runtime=name)
        try:
            if choose_runtime(options).find_environment(recipe, "train") is not None:
                return options
        except NoPython2Error:
            continue
    return RuntimeOptions()


def _names_python2(python: str | None) -> bool:
    return python is not None and is_python2(Path(python))
