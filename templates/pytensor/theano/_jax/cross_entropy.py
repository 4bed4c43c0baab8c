"""The cross-entropy of a softmax over many words in JAX.

On the CPU, rows of weight 0 are sorted to the end, whose blocks are left out. On a GPU, all rows are one block: a loop whose
length depends on the data waits for the host at each step, and smaller products leave most of the card idle.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from theano._rewrites.cross_entropy import BLOCK, LinearCrossEntropy


def convert_cross_entropy(op: LinearCrossEntropy) -> Callable[..., Any]:
    """Return the operation as a function of JAX arrays."""

    def call(h: Any, w: Any, b: Any, columns: Any, weights: Any) -> Any:
        op.check_shapes(h.shape, w.shape, b.shape, columns.shape, weights.shape)
        results = compute_cross_entropy(h, w, b, columns, weights.astype(h.dtype), op.epsilon, op.gradients)
        return results if op.gradients else results[0]

    return call


def compute_cross_entropy(
    h: Any, w: Any, b: Any, columns: Any, weights: Any, epsilon: float, gradients: bool
) -> tuple[Any, ...]:
    """Return the sum, and with ``gradients`` those in ``h``, ``w`` and ``b``; the shapes are the operation's."""
    if jax.default_backend() != "cpu":
        cost, *parts = _compute_block(h, w, b, columns, weights, epsilon, gradients)
        return cost, *parts
    rows, size = len(h), min(BLOCK, len(h))
    order = jnp.argsort(weights == 0, stable=True)
    added = -rows % size  # rows of weight 0, which fill the last block up
    sorted_h = jnp.pad(h[order], ((0, added), (0, 0)))
    sorted_columns = jnp.pad(columns[order], (0, added))
    sorted_weights = jnp.pad(weights[order], (0, added))
    # known only when it runs: hence a loop with a condition, not a scan over a fixed number of blocks
    weighted = jnp.count_nonzero(weights)

    def add_block(state: tuple[Any, ...]) -> tuple[Any, ...]:
        start, cost, *sums = state
        part_h, part_columns, part_weights = (
            jax.lax.dynamic_slice_in_dim(each, start, size) for each in (sorted_h, sorted_columns, sorted_weights)
        )
        block_cost, *parts = _compute_block(part_h, w, b, part_columns, part_weights, epsilon, gradients)
        if not gradients:
            return start + size, cost + block_cost
        dh, dw, db = sums
        block_dh, block_dw, block_db = parts
        dh = jax.lax.dynamic_update_slice_in_dim(dh, block_dh, start, 0)
        return start + size, cost + block_cost, dh, dw + block_dw, db + block_db

    first: tuple[Any, ...] = (jnp.zeros((), weighted.dtype), jnp.zeros((), h.dtype))
    if gradients:
        first += (jnp.zeros_like(sorted_h), jnp.zeros_like(w), jnp.zeros_like(b))
    _, cost, *sums = jax.lax.while_loop(lambda state: state[0] < weighted, add_block, first)
    if not gradients:
        return (cost,)
    dh, dw, db = sums
    return cost, dh[jnp.argsort(order)], dw, db


def _compute_block(
    h: Any, w: Any, b: Any, columns: Any, weights: Any, epsilon: float, gradients: bool
) -> tuple[Any, ...]:
    """Return what :func:`compute_cross_entropy` does, of rows whose logits are in memory at once."""
    # the barriers keep XLA from merging the product with the softmax, which then computes it several times
    logits = jax.lax.optimization_barrier(h @ w) + b
    powers = jax.lax.optimization_barrier(jnp.exp(logits - logits.max(axis=1, keepdims=True)))
    total = powers.sum(axis=1)
    probability = jnp.take_along_axis(powers, columns[:, None], axis=1)[:, 0] / total
    cost = -(weights * jnp.log(probability + epsilon)).sum()
    if not gradients:
        return (cost,)
    # d cost / d logits = weight * p / (p + epsilon) * (softmax - 1 at the column)
    share = weights * (probability / (probability + epsilon))
    dlogits = powers * (share / total)[:, None]
    dlogits = jnp.where(jnp.arange(w.shape[1]) == columns[:, None], dlogits - share[:, None], dlogits)
    return cost, dlogits @ w.T, h.T @ dlogits, dlogits.sum(axis=0)
