"""The layers against the repositories' own, on Theano and on PyTensor: outputs, cells and all gradients."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
import numpy  # noqa: E402

from lnpatch.folders import templates  # noqa: E402
from lnpatch.torch import GRU, LSTM, LayerNormGRU, LayerNormLSTM, RecurrentLayer  # noqa: E402
from tests.torch.record_layers import CASES  # noqa: E402

LAYERS: dict[str, type[RecurrentLayer]] = {"gru": GRU, "lstm": LSTM, "lngru": LayerNormGRU, "lnlstm": LayerNormLSTM}

#: The greatest difference, of the norm of an array.
TOLERANCE = {"float32": 2e-6, "float64": 1e-12}

SCRIPT = Path(__file__).with_name("record_layers.py")

#: The demo's own GRU computes in float32 alone.
RUNS = [("float32", "gru"), ("float32", "lngru"), ("float32", "lnlstm"), ("float64", "lngru"), ("float64", "lnlstm")]


def differences(arrays: dict[str, Any], cell: str, case: str, dtype: str, implementation: str) -> dict[str, float]:
    """How far each array of a case is from what PyTorch computes: the norm of the difference, relative to its own."""

    def group(kind: str) -> dict[str, Any]:
        start = f"{cell}/{case}/{kind}/"
        return {
            name.removeprefix(start): torch.tensor(value).to(getattr(torch, dtype))
            for name, value in sorted(arrays.items())  # a dictionary of Python 2.7 has no order
            if name.startswith(start)
        }

    parameters, inputs, outputs, weights, gradients = map(group, ("param", "input", "output", "weight", "gradient"))
    x = inputs["x"].requires_grad_()
    options = {"implementation": implementation, "dtype": x.dtype}
    layer = LAYERS[cell](x.shape[2], parameters["U"].shape[0], **options)
    layer.l0.load_state_dict(parameters)
    first = [inputs[name].requires_grad_() for name in ("state", "memory") if name in inputs]
    given = tuple(tensor[None] for tensor in first)
    state: Any = None if not given else given[0] if len(given) == 1 else given
    found = [layer(x, state, inputs.get("mask"))[0]]
    if "1" in outputs:  # the cell of each step: that of calls of one step
        cells = []
        for t in range(len(x)):
            _, state = layer(x[t : t + 1], state, None if "mask" not in inputs else inputs["mask"][t : t + 1])
            cells.append(state[1][0])
        found.append(torch.stack(cells))
    cost = sum((output * weight).sum() for output, weight in zip(found, weights.values(), strict=True))
    sources = {**dict(layer.l0.named_parameters()), **inputs}
    computed = dict(zip(gradients, torch.autograd.grad(cost, [sources[name] for name in gradients]), strict=True))
    pairs = {f"output {i}": (found[i], value) for i, value in enumerate(outputs.values())}
    pairs.update({f"gradient {name}": (computed[name], value) for name, value in gradients.items()})
    return {name: float((one - other).detach().norm() / other.norm()) for name, (one, other) in pairs.items()}


def assert_close(path: Path, cell: str, dtype: str) -> None:
    with numpy.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    for case in CASES:
        found = differences(arrays, cell, case, dtype, "auto")
        # a sum that cancels out has rounding errors of its own: how far what was recorded is from the same in float64
        own = differences(arrays, cell, case, "float64", "plain")
        assert len(found) >= 6  # two outputs, x and three parameters of the plain LSTM
        far = {name: value for name, value in found.items() if value > max(TOLERANCE[dtype], own[name])}
        assert not far, (case, far)
        assert max(found.values()) < 1e-5


@pytest.fixture(scope="module")
def recorded_by_pytensor(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """The file of a type, by PyTensor of this Python."""
    pytest.importorskip("pytensor")
    pytest.importorskip("jax")
    files: dict[str, Path] = {}

    def record(dtype: str) -> Path:
        if dtype not in files:
            import sys

            files[dtype] = tmp_path_factory.mktemp("recorded") / f"{dtype}.npz"
            cells = ",".join(cell for kind, cell in RUNS if kind == dtype)
            environment = {
                "LNPATCH_BACKEND": "jax",
                "LNPATCH_CACHE": str(tmp_path_factory.mktemp("cache")),
                "JAX_PLATFORMS": "cpu",
                "THEANO_FLAGS": f"floatX={dtype}",
                "PYTHONPATH": str(templates() / "pytensor"),
            }
            command = [sys.executable, SCRIPT, templates(), files[dtype], dtype, cells]
            subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)
        return files[dtype]

    return record


@pytest.mark.slow
@pytest.mark.parametrize(("dtype", "cell"), RUNS)
def test_on_pytensor(recorded_by_pytensor: Callable[[str], Path], dtype: str, cell: str) -> None:
    assert_close(recorded_by_pytensor(dtype), cell, dtype)


@pytest.fixture(scope="module")
def recorded_by_theano(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The file of a type, by the Theano that LNPATCH_THEANO_PYTHON names; of a checkout, or of the templates."""
    python = os.environ.get("LNPATCH_THEANO_PYTHON")
    if not python:
        pytest.skip("needs LNPATCH_THEANO_PYTHON, an interpreter with Theano")
    cache = request.config.cache.mkdir("theano")  # type: ignore[union-attr]
    files: dict[tuple[str, ...], Path] = {}

    def record(dtype: str, cells: str, *checkout: str) -> Path:
        key = (dtype, cells, *checkout)
        if key not in files:
            files[key] = tmp_path_factory.mktemp("recorded") / "layers.npz"
            flags = [os.environ.get("THEANO_FLAGS", ""), f"floatX={dtype},base_compiledir={cache}"]
            environment = {"THEANO_FLAGS": ",".join(filter(None, flags)), "PYTHONDONTWRITEBYTECODE": "1"}
            command = [python, SCRIPT, templates(), files[key], dtype, cells, *checkout]
            subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)
        return files[key]

    return record


@pytest.mark.long
@pytest.mark.parametrize(("dtype", "cell"), RUNS)
def test_on_theano(recorded_by_theano: Callable[..., Path], dtype: str, cell: str) -> None:
    assert_close(recorded_by_theano(dtype, cell), cell, dtype)


#: The real repositories: the folder and the importable name of the layers, and the cells.
UPSTREAM = {
    "order-embeddings": (".", "layers", ("gru", "lngru")),
    "skip-thoughts": ("training", "layers", ("gru", "lngru")),
    "attentive-reader": ("codes", "att_reader.layers", ("lstm", "lnlstm")),
}


@pytest.mark.upstream
@pytest.mark.parametrize(
    ("target", "cell"), [(target, cell) for target, value in UPSTREAM.items() for cell in value[2]]
)
def test_on_the_real_repositories(
    recorded_by_theano: Callable[..., Path], lnpatch: Any, upstream: Any, tmp_path: Path, target: str, cell: str
) -> None:
    folder, module, _ = UPSTREAM[target]
    assert lnpatch("apply", target, "--from", upstream(target), "--dir", "checkout").code == 0
    path = recorded_by_theano("float32", cell, str(tmp_path / "checkout" / folder), module)
    assert_close(path, cell, "float32")
