"""The matrix products of the LN-GRU alone, forward and backward, on NumPy or, with the third argument ``torch``, PyTorch.

What no implementation can do without: the products of a step need the step before, those of the weights' gradients do not
and are made at once for all steps.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy
import turns


def products(p: Mapping[str, Any], x: Any, h: Any, dgates: Any, dcandidate: Any) -> None:
    """Make all products: x [TN, nin], h and the gradients at the gates and at the candidate [T, N, D or 2D]."""
    steps, flat = range(len(h)), h.shape[0] * h.shape[1]
    x @ p["W"], x @ p["Wx"]
    for t in steps:
        h[t] @ p["U"], h[t] @ p["Ux"]
    for t in reversed(steps):
        dgates[t] @ p["U"].T, dcandidate[t] @ p["Ux"].T
    h, dgates, dcandidate = (each.reshape(flat, -1) for each in (h, dgates, dcandidate))
    h.T @ dgates, h.T @ dcandidate
    x.T @ dgates, x.T @ dcandidate
    dgates @ p["W"].T, dcandidate @ p["Wx"].T


def prepare(case: Mapping[str, numpy.ndarray]) -> tuple[str, Callable[[], None], None]:
    """Return the name and a call that makes all products, for ``turns.serve``; there is no cost, and no gradients."""
    steps, samples, nin = case["x"].shape
    weight = case["weight"]
    arrays: dict[str, Any] = {name: case[name] for name in ("W", "Wx", "U", "Ux")}
    x, h, dgates = case["x"].reshape(steps * samples, nin), weight, numpy.concatenate([weight, weight], axis=2)
    values: list[Any] = [x, h, dgates, weight]
    if sys.argv[3:] != ["torch"]:
        return f"matrix products alone, NumPy {numpy.__version__}", lambda: products(arrays, *values), None
    import devices
    import torch

    device = devices.torch_device()
    tensors = {name: torch.tensor(value, device=device) for name, value in arrays.items()}
    values = [torch.tensor(value, device=device) for value in values]

    def call() -> None:
        products(tensors, *values)
        devices.wait(device)

    return f"matrix products alone, PyTorch {torch.__version__}", call, None


if __name__ == "__main__":
    turns.serve(prepare)
