"""A training as one line for a shell or a batch scheduler: what ``--print-command`` prints, and ``run.json`` keeps.

The line is a command of this lnpatch itself, not of the runtime's Python. So a run that a scheduler starts is written down,
locked, stopped and resumed by the code that does so everywhere, and printing it makes nothing: environment, folder, tiny
data and Python 3 copy are made when the line starts. What was found out here is said in it: absolute paths, the runtime,
the cell. It needs there what is needed here: this Python, the checkout, git and lnpatch's cache, in a folder that both
machines see. The cache alone may be missing; it is then made.

It is a simple command, without ``cd`` or a redirection, so that ``srun``, ``nohup`` and ``exec`` can stand before it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lnpatch.folders import cache_root
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.find_python2 import find_python2
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.runtimes.users_settings import PYTENSOR, THEANO
from lnpatch.training.held_out import normalise_choice
from lnpatch.training.request import TrainOptions

#: Variables with lists of files or folders, which are made absolute.
_PATHS = ("PYTHONPATH", THEANO.files_variable, PYTENSOR.files_variable)

#: Variables that change how a training runs; a scheduler may start with none of its user's.
_VARIABLES = (*_PATHS, "THEANO_FLAGS", *THEANO.variables, *PYTENSOR.variables, "JAX_PLATFORMS", "GLIBC_TUNABLES")


@dataclass(frozen=True)
class ShellCommand:
    """A command, with the environment variables that it needs beyond those of whoever starts it."""

    words: tuple[str, ...]
    variables: Mapping[str, str]

    @property
    def line(self) -> str:
        """The one line for a shell."""
        return shlex.join(["env", *(f"{name}={value}" for name, value in self.variables.items()), *self.words])


def make_shell_command(recipe: Recipe, root: Path, options: TrainOptions, runtime: str, folder: Path) -> ShellCommand:
    """Return the command that trains in *folder*.

    Args:
        root: the checkout, an absolute path.
        options: those of a :class:`~lnpatch.training.request.TrainRequest`.
        runtime: the name of the runtime.
        folder: the run's folder, an absolute path.
    """
    words = [*_command_words("train", recipe, root, options.runtime, runtime), *_option_words(options)]
    words += ["--output", os.fspath(folder)]
    if options.resume:
        words.append("--resume")
    if options.arguments:
        words += ["--", *options.arguments]
    return ShellCommand(tuple(words), dict(_variables()))


def make_evaluate_command(
    recipe: Recipe, root: Path, options: RuntimeOptions, runtime: str, folder: Path, data: str | None = None
) -> ShellCommand:
    """Return the command that evaluates the model of the run in *folder*, and prints its figures as a JSON document.

    Args:
        data: the path of the data; None for that of the run.
    """
    words = [*_command_words("evaluate", recipe, root, options, runtime), "--model", os.fspath(folder)]
    words += ["--data", data] if data else []
    return ShellCommand((*words, "--format", "json"), dict(_variables()))


def name_recipe(recipe: Recipe) -> str:
    """Return a recipe as a command line names it from anywhere: its name, or the absolute path of its file."""
    return recipe.name if recipe.reference == recipe.name else os.path.abspath(recipe.origin)


def make_setup_command(recipe: Recipe, options: RuntimeOptions, runtime: str) -> str:
    """Return the line that builds the environment of the runtime *runtime*, which *options* have come to mean here."""
    return shlex.join(["lnpatch", "setup", name_recipe(recipe), *_runtime_words(options, runtime)])


def _command_words(command: str, recipe: Recipe, root: Path, options: RuntimeOptions, runtime: str) -> list[str]:
    """Return how a command of this lnpatch begins that works on the checkout *root*."""
    # -P: in whatever folder it starts, Python imports nothing from there
    words = [sys.executable, "-P", "-m", "lnpatch", command, name_recipe(recipe), "--dir", os.fspath(root)]
    return [*words, *_runtime_words(options, runtime)]


def _runtime_words(options: RuntimeOptions, runtime: str) -> list[str]:
    words = ["--runtime", runtime]
    python = options.python or (find_python2() if runtime == "theano" else None)
    if python is not None:
        words += ["--python", os.path.abspath(shutil.which(python) or python)]
    # what stands for itself is said as well: whoever runs the line may have configured something else
    if options.backend != "auto" or runtime == "pytensor":
        words += ["--backend", options.backend]
    if options.precision != "auto" or options.device == "gpu":
        words += ["--precision", options.precision]
    return [*words, "--device", options.device]


def _option_words(options: TrainOptions) -> Iterator[str]:
    values: Mapping[str, str | int | None] = {
        "--cell": options.cell,
        "--data": options.data,
        "--max-updates": options.max_updates,
        "--seed": options.seed,
        "--held-out": normalise_choice(options.held_out) if options.held_out is not None else None,
        "--held-out-every": options.held_out_every,
    }
    for name, value in values.items():
        if value is not None:
            yield from (name, str(value))
    if options.smoke:
        yield "--smoke"
    for tracker in options.log_to:
        yield from ("--log-to", tracker)
    for setting in options.settings:
        yield from ("--set", setting)


def _variables() -> Iterator[tuple[str, str]]:
    yield "LNPATCH_CACHE", os.fspath(cache_root())
    for name in _VARIABLES:
        if value := os.environ.get(name):
            if name in _PATHS:
                value = os.pathsep.join(os.path.abspath(os.path.expanduser(path)) for path in value.split(os.pathsep))
            yield name, value
