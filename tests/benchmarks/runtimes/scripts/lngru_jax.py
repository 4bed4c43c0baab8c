"""The LN-GRU as one writes it by hand in JAX: a scan, jit, value and gradients in one function."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy
import turns


def ln(x: Any, b: Any, s: Any) -> Any:
    """Normalize the last axis."""
    centred = x - x.mean(-1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * s + b


def cost(params: Mapping[str, Any], x: Any, mask: Any, weight: Any) -> Any:
    """Return the weighted sum of all states, [T, N, D]."""
    p = params
    dim = p["Ux"].shape[1]
    to_gates = ln(x @ p["W"] + p["b"], p["b1"], p["s1"])
    to_candidate = ln(x @ p["Wx"] + p["bx"], p["b2"], p["s2"])

    def step(h: Any, inputs: Any) -> tuple[Any, Any]:
        m, gate, candidate = inputs
        gates = jax.nn.sigmoid(ln(h @ p["U"], p["b3"], p["s3"]) + gate)
        r, u = gates[:, :dim], gates[:, dim:]
        new = u * h + (1 - u) * jnp.tanh(ln(h @ p["Ux"], p["b4"], p["s4"]) * r + candidate)
        new = m * new + (1 - m) * h
        return new, new

    zeros = jnp.zeros((x.shape[1], dim), x.dtype)
    return (jax.lax.scan(step, zeros, (mask[:, :, None], to_gates, to_candidate))[1] * weight).sum()


def prepare(
    case: Mapping[str, numpy.ndarray],
) -> tuple[str, Callable[[], float], Callable[[], dict[str, numpy.ndarray]]]:
    """Return the name, a call that makes one update, and one that returns the gradients, for ``turns.serve``."""
    params = {name: jnp.asarray(case[name]) for name in turns.PARAMETERS}
    x, mask, weight = (jnp.asarray(case[name]) for name in ("x", "mask", "weight"))
    update = jax.jit(jax.value_and_grad(cost, argnums=(0, 1)))

    def call() -> float:
        return float(jax.block_until_ready(update(params, x, mask, weight))[0])

    def gradients() -> dict[str, numpy.ndarray]:
        of_params, of_x = update(params, x, mask, weight)[1]
        return {name: numpy.asarray(value) for name, value in {**of_params, "x": of_x}.items()}

    return f"JAX {jax.__version__} by hand", call, gradients


if __name__ == "__main__":
    turns.serve(prepare)
