"""The engine of today: this Python and PyTensor, through its C backend or JAX, running a Python 3 copy of the checkout."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lnpatch import port
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import WrongPythonError
from lnpatch.folders import cache_folder, templates
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import Environment, Progress, Spec, ensure, find
from lnpatch.runtimes.launch import Launch, huge_pages
from lnpatch.runtimes.theano_flags import GPU_MEMORY, parse_flags

#: What every run needs; the same stands in pyproject.toml as the extra ``pytensor``.
PACKAGES = ("pytensor>=3.0.7,<4", "jax>=0.4.35,<1", "numpy>=2,<3", "scipy>=1.14,<2", "six>=1.16,<2")

#: JAX for current NVIDIA cards, with all of CUDA that it needs but the driver.
GPU_PACKAGES = ("jax[cuda12]>=0.4.35,<1",)


class PyTensorRuntime:
    """Runs a Python 3 copy of the checkout; ``engine`` is ``c``, ``jax`` or ``auto``, the faster of them that is there."""

    name = "pytensor"

    def __init__(self, python: str | None = None, engine: str = "auto", device: str = "cpu") -> None:
        self._given = python
        self._engine = engine
        self._device = device

    def spec(self, recipe: Recipe, job: str | None) -> Spec:
        """The environment for a job of *recipe*, where this Python does not have all that is needed.

        Raises:
            WrongPythonError: the Python given is older than 3.11.
        """
        base = Path(self._given or sys.executable)
        version = _version(base)
        if version < (3, 11):
            raise WrongPythonError(str(base), "3.11 or later")
        extras = _extras(recipe, job)
        packages = (*PACKAGES, *(GPU_PACKAGES if self._device == "gpu" else ()))
        name = f"pytensor-py{version[0]}.{version[1]}{'-gpu' if self._device == 'gpu' else ''}"
        return Spec(name, base, (packages, extras), ("pytensor", "jax", "numpy", "scipy", "six", *map(_module, extras)))

    def find(self, recipe: Recipe, job: str | None = None) -> Environment | None:
        """This Python, if it has all that is needed; else the environment in the cache, if it is there and whole."""
        return self._here(recipe, job) or find(self.spec(recipe, job))

    def ensure(self, recipe: Recipe, job: str | None, progress: Progress) -> Environment:
        """The environment, built if need be.

        Raises:
            LnpatchError: a package could not be installed.
        """
        return self._here(recipe, job) or ensure(self.spec(recipe, job), progress)

    def code(self, recipe: Recipe, checkout: Checkout, into: Path) -> Path:
        """A Python 3 copy of the checkout in *into*, for one run alone: the repositories write beside their code."""
        return port.port_checkout(recipe, checkout, into / "code", keep_other_files=True).directory.absolute()

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
        """A launch of one of the engine's scripts in *directory*; ``options`` are the interpreter's, ``path`` its PYTHONPATH."""
        wanted = {name: str(value) for name, value in (recipe.engine.flags if recipe.engine else {}).items()}
        wanted |= {"device": "cuda", "gpuarray.preallocate": GPU_MEMORY} if device == "gpu" else {"device": "cpu"}
        wanted |= parse_flags(os.environ.get("THEANO_FLAGS", ""))
        variables = {
            **huge_pages(),
            "THEANO_FLAGS": ",".join(f"{name}={value}" for name, value in wanted.items()),
            "LNPATCH_ENGINE": self._engine if self._engine != "auto" else "jax" if environment.version("jax") else "c",
            "LNPATCH_CACHE": str(cache_folder("compiled", f"pytensor-{environment.version('pytensor')}")),
            "PYTHONPATH": os.pathsep.join([str(templates() / "pytensor"), *path]),
            "PYTHONNOUSERSITE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",  # the copies open text files as Python 2 does, without an encoding
        }
        file = templates() / script
        return Launch(environment.python, ("-u", *options, os.fspath(file), *arguments), directory, variables)

    def _here(self, recipe: Recipe, job: str | None) -> Environment | None:
        """This Python as an environment, unless another one was asked for or a package is missing."""
        if self._given is not None:
            return None
        names = [_distribution(requirement) for requirement in (*PACKAGES, *_extras(recipe, job))]
        if self._device == "gpu":
            names.append("jax-cuda12-plugin")
        versions = {}
        for name in names:
            try:
                versions[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                return None
        versions["python"] = ".".join(map(str, sys.version_info[:3]))
        return Environment(Path(sys.prefix), Path(sys.executable), versions)


def _extras(recipe: Recipe, job: str | None) -> tuple[str, ...]:
    """What the Python 3 copy needs beyond PyTensor: for one job, or for all of them."""
    jobs = [recipe.jobs[job]] if job is not None else list(recipe.jobs.values())
    return tuple(dict.fromkeys(requirement for one in jobs for requirement in one.python3))


def _distribution(requirement: str) -> str:
    """The distribution's name in a requirement."""
    name = requirement
    for stop in "[<>=!~; ":
        name = name.partition(stop)[0]
    return name.lower()


def _module(requirement: str) -> str:
    return {"scikit-learn": "sklearn"}.get(_distribution(requirement), _distribution(requirement))


def _version(python: Path) -> tuple[int, int]:
    """The version of a Python; (0, 0) for what is none."""
    if python == Path(sys.executable):
        return sys.version_info[:2]
    code = "import sys; print('%d %d' % sys.version_info[:2])"
    try:
        found = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=30, check=False)
        major, minor = found.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0, 0
