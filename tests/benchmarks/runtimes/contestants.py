"""Which contestants there are on this machine to do an LN-GRU update, and why the others cannot take part."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from lnpatch.folders import cache_folder, templates
from lnpatch.recipes import find_recipe
from lnpatch.runtimes.environment import Environment
from lnpatch.runtimes.pytensor import PyTensorRuntime
from lnpatch.runtimes.theano_flags import parse_flags, theano_flags
from lnpatch.runtimes.users_settings import UsersSettings
from tests.benchmarks.runtimes.contest import Contestant
from tests.benchmarks.runtimes.machine import DEVICE

THEANO, C, JAX = "Theano", "PyTensor C", "PyTensor JAX"
TORCH_BY_HAND, JAX_BY_HAND = "PyTorch by hand", "JAX by hand"
NUMPY_PRODUCTS, TORCH_PRODUCTS = "products NumPy", "products PyTorch"
PRODUCTS = (NUMPY_PRODUCTS, TORCH_PRODUCTS)

_NO_GPU = "Theano 0.8.2 and NumPy have no code for the cards of today"

_VERSIONS = "import json, theano, numpy\nprint(json.dumps({'theano': theano.__version__, 'numpy': numpy.__version__}))"


def list_contestants(checkout: Path) -> list[Contestant]:
    """Return all of them; those that run our layer take it from *checkout*, a patched demo."""
    pytensor = _find_pytensor("c")
    others = [Path(python)] if (python := os.environ.get("LNPATCH_BENCH_PYTHON")) else []
    here = Path(sys.executable)
    torch = _find_python_with("torch", [*others, here])
    # the one that PyTensor runs in comes first: then both have the same JAX
    jax = _find_python_with("jax", [*([pytensor.python] if pytensor else []), *others, here])
    get = "{} is not installed: LNPATCH_BENCH_PYTHON can name a Python that has it"
    no_torch = "" if torch else get.format("PyTorch")
    environment = {"JAX_PLATFORMS": "cuda"} if DEVICE == "gpu" else {"JAX_PLATFORMS": "cpu"}
    return [
        _on_theano(checkout),
        *(_on_pytensor(name, backend, checkout) for name, backend in ((C, "c"), (JAX, "jax"))),
        Contestant(TORCH_BY_HAND, "lngru_torch.py", torch or here, missing=no_torch),
        Contestant(
            JAX_BY_HAND, "lngru_jax.py", jax or here, environment=environment, missing="" if jax else get.format("JAX")
        ),
        Contestant(NUMPY_PRODUCTS, "products.py", here, ("numpy",), missing=_NO_GPU if DEVICE == "gpu" else ""),
        Contestant(TORCH_PRODUCTS, "products.py", torch or here, ("torch",), missing=no_torch),
    ]


def _on_theano(checkout: Path) -> Contestant:
    python = os.environ.get("LNPATCH_THEANO_PYTHON")
    if DEVICE == "gpu" or not python:
        return Contestant(
            THEANO, missing=_NO_GPU if DEVICE == "gpu" else "LNPATCH_THEANO_PYTHON names no Python with Theano"
        )
    probe = subprocess.run([python, "-c", _VERSIONS], capture_output=True, text=True, check=False)
    if probe.returncode:
        return Contestant(THEANO, missing=f"{python}: {probe.stderr.strip().splitlines()[-1]}")
    versions = json.loads(probe.stdout.splitlines()[-1])
    compiled = cache_folder("compiled", f"theano-{versions['theano']}-numpy-{versions['numpy']}")
    user = os.environ.get("THEANO_FLAGS", "")
    environment = {
        "THEANO_FLAGS": theano_flags(versions["theano"], "cpu", compiled, {"floatX": "float32"}, parse_flags(user)),
        "PYTHONPATH": os.pathsep.join([str(checkout), str(templates() / "layer_checks")]),
    }
    return Contestant(THEANO, "lngru_theano.py", Path(python), environment=environment)


def _on_pytensor(name: str, backend: str, checkout: Path) -> Contestant:
    if backend == "c" and DEVICE == "gpu":
        return Contestant(name, missing="PyTensor's C backend has no GPU")
    environment = _find_pytensor(backend)
    if environment is None:
        device = " --device gpu" if DEVICE == "gpu" else ""
        return Contestant(name, missing=f"PyTensor is not installed: lnpatch setup demo --runtime pytensor{device}")
    path = (str(checkout), str(templates() / "layer_checks"))
    variables = _runtime(backend).variables(find_recipe("demo"), environment, path, UsersSettings({}, {}))
    return Contestant(name, "lngru_theano.py", environment.python, environment=variables)


def _runtime(backend: str) -> PyTensorRuntime:
    return PyTensorRuntime(None, backend, DEVICE)


def _find_pytensor(backend: str) -> Environment | None:
    """Return the environment that trains on PyTensor, where it is there already."""
    return _runtime(backend).find_environment(find_recipe("demo"), "train")


def _find_python_with(module: str, pythons: Iterable[Path]) -> Path | None:
    """Return the first Python that has a module."""
    return next(_filter_by_module(module, pythons), None)


def _filter_by_module(module: str, pythons: Iterable[Path]) -> Iterator[Path]:
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    for python in pythons:
        if subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0:
            yield python
