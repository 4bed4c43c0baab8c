"""The LN-GRU as one writes it by hand in PyTorch: a loop over the steps, eager, PyTorch's own layer_norm and autograd."""

from collections.abc import Callable, Mapping

import devices
import numpy
import torch
import turns
from torch.nn.functional import layer_norm


def ln(x: torch.Tensor, b: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    """Normalize the last axis."""
    return layer_norm(x, x.shape[-1:], s, b, 1e-5)


def cost(params: Mapping[str, torch.Tensor], x: torch.Tensor, mask: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return the weighted sum of all states, [T, N, D]."""
    p = params
    dim = p["Ux"].shape[1]
    to_gates = ln(x @ p["W"] + p["b"], p["b1"], p["s1"])
    to_candidate = ln(x @ p["Wx"] + p["bx"], p["b2"], p["s2"])
    h = x.new_zeros(x.shape[1], dim)
    states = []
    for m, gate, candidate in zip(mask[:, :, None], to_gates, to_candidate, strict=True):
        gates = torch.sigmoid(ln(h @ p["U"], p["b3"], p["s3"]) + gate)
        r, u = gates[:, :dim], gates[:, dim:]
        new = u * h + (1 - u) * torch.tanh(ln(h @ p["Ux"], p["b4"], p["s4"]) * r + candidate)
        h = m * new + (1 - m) * h
        states.append(h)
    return (torch.stack(states) * weight).sum()


def prepare(
    case: Mapping[str, numpy.ndarray],
) -> tuple[str, Callable[[], float], Callable[[], dict[str, numpy.ndarray]]]:
    """Return the name, a call that makes one update, and one that returns the gradients, for ``turns.serve``."""
    device = devices.torch_device()
    arrays = {name: torch.tensor(value, device=device) for name, value in case.items()}
    differentiated = {name: arrays[name].requires_grad_() for name in (*turns.PARAMETERS, "x")}
    kept: dict[str, torch.Tensor] = {}

    def call() -> float:
        value = cost(arrays, arrays["x"], arrays["mask"], arrays["weight"])
        kept.update(zip(differentiated, torch.autograd.grad(value, list(differentiated.values())), strict=True))
        devices.wait(device)
        return value.item()

    def gradients() -> dict[str, numpy.ndarray]:
        return {name: value.cpu().numpy() for name, value in kept.items()}

    return f"PyTorch {torch.__version__} eager, by hand", call, gradients


if __name__ == "__main__":
    turns.serve(prepare)
