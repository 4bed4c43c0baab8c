"""The cross-entropy of a softmax over many words in JAX: rows of weight 0 are sorted to the end, whose blocks are left out."""

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
        # the barriers keep XLA from merging the product with the softmax, which then computes it several times
        logits = jax.lax.optimization_barrier(part_h @ w) + b
        powers = jax.lax.optimization_barrier(jnp.exp(logits - logits.max(axis=1, keepdims=True)))
        total = powers.sum(axis=1)
        probability = jnp.take_along_axis(powers, part_columns[:, None], axis=1)[:, 0] / total
        cost -= (part_weights * jnp.log(probability + epsilon)).sum()
        if not gradients:
            return start + size, cost
        dh, dw, db = sums
        # d cost / d logits = weight * p / (p + epsilon) * (softmax - 1 at the column)
        share = part_weights * (probability / (probability + epsilon))
        dlogits = powers * (share / total)[:, None]
        dlogits = jnp.where(jnp.arange(w.shape[1]) == part_columns[:, None], dlogits - share[:, None], dlogits)
        dh = jax.lax.dynamic_update_slice_in_dim(dh, dlogits @ w.T, start, 0)
        return start + size, cost, dh, dw + part_h.T @ dlogits, db + dlogits.sum(axis=0)

    first: tuple[Any, ...] = (jnp.zeros((), weighted.dtype), jnp.zeros((), h.dtype))
    if gradients:
        first += (jnp.zeros_like(sorted_h), jnp.zeros_like(w), jnp.zeros_like(b))
    _, cost, *sums = jax.lax.while_loop(lambda state: state[0] < weighted, add_block, first)
    if not gradients:
        return (cost,)
    dh, dw, db = sums
    return cost, dh[jnp.argsort(order)], dw, db
