"""The Python that has PyTensor, and runs of a script with one of the backends in it."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from lnpatch.folders import templates


@pytest.fixture(scope="session")
def pytensor_python():
    """This interpreter if it has PyTensor and JAX, else the one that LNPATCH_PYTENSOR_PYTHON names."""
    if find_spec("pytensor") and find_spec("jax"):
        return sys.executable
    python = os.environ.get("LNPATCH_PYTENSOR_PYTHON")
    if not python:
        pytest.skip("needs pytensor and jax: pip install '.[pytensor]', or LNPATCH_PYTENSOR_PYTHON")
    return python


@pytest.fixture(scope="session")
def compile_cache(request, tmp_path_factory):
    """A folder for compiled code: pytest's cache, since C takes minutes the first time."""
    cache = getattr(request.config, "cache", None)  # absent under -p no:cacheprovider
    return cache.mkdir("pytensor") if cache else tmp_path_factory.mktemp("pytensor")


@pytest.fixture(scope="session")
def run_python(pytensor_python, compile_cache):
    """``run_python(backend, *arguments, **environment)`` runs Python with lnpatch's theano on the path."""

    def run(backend, *arguments, check=True, **environment):
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("THEANO_", "PYTENSOR_", "LNPATCH_", "JAX_"))
        }
        return subprocess.run(
            [pytensor_python, *map(os.fspath, arguments)],
            env={
                **inherited,
                "LNPATCH_BACKEND": backend,
                "LNPATCH_CACHE": os.fspath(compile_cache),
                "JAX_PLATFORMS": "cpu",
                "PYTHONPATH": os.fspath(templates() / "pytensor"),
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
            },
            text=True,
            capture_output=True,
            check=check,
            timeout=1800,
        )

    return run


@pytest.fixture(scope="session")
def scripts():
    """The folder of the scripts that are run."""
    return Path(__file__).parent
