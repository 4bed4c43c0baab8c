"""The runtime of today: Python 3 and PyTensor, through its C backend or JAX, running a Python 3 copy of the checkout."""

from __future__ import annotations

import importlib.metadata
import os
import site
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lnpatch import port
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import WrongPythonError
from lnpatch.folders import cache_folder, templates
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.environment import (
    Environment,
    EnvironmentSpec,
    ReportStep,
    ensure_environment,
    find_environment,
)
from lnpatch.runtimes.launch import huge_pages
from lnpatch.runtimes.theano_flags import GPU_MEMORY
from lnpatch.runtimes.users_settings import PYTENSOR, UsersSettings, find_working_settings

#: What every run needs; the same stands in pyproject.toml as the extra ``pytensor``.
PACKAGES = ("pytensor>=3.0.7,<4", "jax>=0.4.35,<1", "numpy>=2,<3", "scipy>=1.14,<2", "six>=1.16,<2")

#: JAX for current NVIDIA cards, with all of CUDA that it needs but the driver.
GPU_PACKAGES = ("jax[cuda12]>=0.4.35,<1",)

#: The distributions of JAX for NVIDIA cards, one for each version of CUDA; a Python that is used as it is has one of them.
GPU_PLUGINS = ("jax-cuda12-plugin", "jax-cuda13-plugin")

#: What JAX calls the precisions of products; TF32 is what XLA takes on a card where nothing is said.
_PRECISIONS = {"tf32": "", "float32": "highest", "bfloat16": "BF16_BF16_F32"}

#: Modules by the distributions that bring them, where the names differ.
_MODULES = {"scikit-learn": "sklearn"}


class PyTensorRuntime:
    """Runs a Python 3 copy of the checkout; the backend is ``c``, ``jax`` or ``auto``, the faster of them that is there."""

    name = "pytensor"

    def __init__(
        self, python: str | None = None, backend: str = "auto", device: str = "cpu", precision: str = "float32"
    ) -> None:
        self._python = python
        self._backend = backend
        self._device = device
        self._precision = precision

    def environment_spec(self, recipe: Recipe, job: str | None) -> EnvironmentSpec:
        """Return what the environment for a job of *recipe* has to hold, where this Python does not have all that is needed.

        Raises:
            WrongPythonError: the Python that was named is older than 3.11.
        """
        base = Path(self._python or sys.executable)
        version = _python_version(base)
        if version < (3, 11):
            raise WrongPythonError(str(base), "3.11 or later")
        extras = _extra_packages(recipe, job)
        packages = (*PACKAGES, *(GPU_PACKAGES if self._device == "gpu" else ()))
        name = f"pytensor-py{version[0]}.{version[1]}{'-gpu' if self._device == 'gpu' else ''}"
        imports = ("pytensor", "jax", "numpy", "scipy", "six", *map(_module_name, extras))
        return EnvironmentSpec(name, base, (packages, extras), imports)

    def find_environment(self, recipe: Recipe, job: str | None = None) -> Environment | None:
        """Return this Python, if it has all that is needed; else the environment in the cache, if it is there and whole.

        For one job, that of all jobs is as good, which ``lnpatch setup`` builds.
        """
        here = self._this_python(recipe, job)
        return here or next(filter(None, map(find_environment, self._environment_specs(recipe, job))), None)

    def ensure_environment(self, recipe: Recipe, job: str | None, report_step: ReportStep) -> Environment:
        """Return the environment, built if need be.

        Raises:
            LnpatchError: a package could not be installed.
        """
        return self.find_environment(recipe, job) or ensure_environment(self.environment_spec(recipe, job), report_step)

    def prepare_code(self, recipe: Recipe, checkout: Checkout, folder: Path) -> Path:
        """Return a Python 3 copy of the checkout in *folder*, for one run alone: the repositories write beside their code."""
        return port.port_checkout(recipe, checkout, folder / "code", keep_other_files=True).directory.absolute()

    def compiled_folder(self, environment: Environment) -> Path:
        """Return the folder of the cache in which PyTensor and JAX keep what they compile."""
        return cache_folder("compiled", f"pytensor-{environment.version('pytensor')}")

    def users_settings(self, recipe: Recipe, environment: Environment) -> UsersSettings:
        """Return the user's THEANO_FLAGS, PYTENSOR_FLAGS and ``.pytensorrc``, as far as PyTensor starts with them."""
        return find_working_settings(
            PYTENSOR,
            self._device,
            lambda users: (
                [environment.python, "-c", PYTENSOR.probe],
                {**os.environ, **self.variables(recipe, environment, (), users)},
            ),
        )

    def variables(
        self, recipe: Recipe, environment: Environment, path: Sequence[str], users: UsersSettings
    ) -> dict[str, str]:
        """Return the environment variables of a process, with the folders *path* on its module search path."""
        flags = {name: str(v) for name, v in (recipe.requirements.flags if recipe.requirements else {}).items()}
        flags |= {"device": "cuda", "gpuarray.preallocate": GPU_MEMORY} if self._device == "gpu" else {"device": "cpu"}
        flags |= users.flags
        precision = _PRECISIONS[self._precision] if self._device == "gpu" else ""
        fastest = "jax" if environment.version("jax") else "c"
        return {
            **huge_pages(),
            **users.variables,
            **({"JAX_DEFAULT_MATMUL_PRECISION": precision} if precision else {}),
            "THEANO_FLAGS": ",".join(f"{name}={value}" for name, value in flags.items()),
            "LNPATCH_BACKEND": self._backend if self._backend != "auto" else fastest,
            "LNPATCH_CACHE": str(self.compiled_folder(environment)),
            **_search_path(environment, [str(templates() / "pytensor"), *path]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",  # the copies open text files as Python 2 does, without an encoding
        }

    def _environment_specs(self, recipe: Recipe, job: str | None) -> list[EnvironmentSpec]:
        """Return what the environments for a job may hold, the smallest first."""
        return list(dict.fromkeys(self.environment_spec(recipe, name) for name in (job, None)))

    def _this_python(self, recipe: Recipe, job: str | None) -> Environment | None:
        """Return this Python as an environment, unless another one was asked for or a package is missing."""
        if self._python is not None:
            return None
        names = [_distribution_name(requirement) for requirement in (*PACKAGES, *_extra_packages(recipe, job))]
        versions = {name: _installed_version(name) for name in names}
        if not all(versions.values()):
            return None
        if self._device == "gpu":
            plugins = {name: version for name in GPU_PLUGINS if (version := _installed_version(name))}
            if not plugins:
                return None
            versions |= plugins
        versions["python"] = ".".join(map(str, sys.version_info[:3]))
        return Environment(Path(sys.prefix), Path(sys.executable), versions)


def _search_path(environment: Environment, path: Sequence[str]) -> dict[str, str]:
    """Return the variables that say where a process finds modules: in *path* first, then where its Python has them.

    An environment that lnpatch has built has all of its packages itself. Where this Python is used instead, a process of its
    own has to find them where this one does: they may be the user's (``pip install --user``), or in PYTHONPATH.
    """
    if environment.python != Path(sys.executable):
        return {"PYTHONPATH": os.pathsep.join(path), "PYTHONNOUSERSITE": "1"}
    own = [os.path.abspath(folder) for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    variables = {"PYTHONPATH": os.pathsep.join([*path, *own])}
    return variables if site.ENABLE_USER_SITE else {**variables, "PYTHONNOUSERSITE": "1"}


def _installed_version(distribution: str) -> str:
    """Return the version of a distribution of this Python; empty where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _extra_packages(recipe: Recipe, job: str | None) -> tuple[str, ...]:
    """Return what the Python 3 copy needs beyond PyTensor: for one job, or for all of them."""
    jobs = [recipe.jobs[job]] if job is not None else list(recipe.jobs.values())
    return tuple(dict.fromkeys(requirement for one in jobs for requirement in one.python3))


def _distribution_name(requirement: str) -> str:
    """Return the distribution's name in a requirement: ``jax`` in ``jax[cuda12]>=0.4.35,<1``."""
    name = requirement
    for stop in "[<>=!~; ":
        name = name.partition(stop)[0]
    return name.lower()


def _module_name(requirement: str) -> str:
    return _MODULES.get(_distribution_name(requirement), _distribution_name(requirement))


def _python_version(python: Path) -> tuple[int, int]:
    """Return the version of a Python; (0, 0) for a file that is not a Python."""
    if python == Path(sys.executable):
        return sys.version_info[:2]
    code = "import sys; print('%d %d' % sys.version_info[:2])"
    try:
        probe = subprocess.run([python, "-c", code], capture_output=True, timeout=30, check=False)
        major, minor = probe.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0, 0
