"""The cross-entropy of a softmax over many words for the JAX engine: rows of weight 0 last, then blocks of rows until those."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from theano._rewrites.cross_entropy import BLOCK, LinearCrossEntropy


def converted(op: LinearCrossEntropy) -> Callable[..., Any]:
    """The operation as a function of JAX arrays."""

    def apply(h: Any, w: Any, b: Any, columns: Any, weights: Any) -> Any:
        op.check(h.shape, w.shape, b.shape, columns.shape, weights.shape)
        found = cross_entropy(h, w, b, columns, weights.astype(h.dtype), op.epsilon, op.gradients)
        return found if op.gradients else found[0]

    return apply


def cross_entropy(
    h: Any, w: Any, b: Any, columns: Any, weights: Any, epsilon: float, gradients: bool
) -> tuple[Any, ...]:
    """The sum, and with ``gradients`` those in ``h``, ``w`` and ``b``; the number of blocks is known only when it runs."""
    rows, size = len(h), min(BLOCK, len(h))
    order = jnp.argsort(weights == 0, stable=True)
    filled = -rows % size  # the last block is filled up with rows of weight 0
    sorted_h = jnp.pad(h[order], ((0, filled), (0, 0)))
    sorted_columns = jnp.pad(columns[order], (0, filled))
    sorted_weights = jnp.pad(weights[order], (0, filled))
    wanted = jnp.count_nonzero(weights)

    def block(state: tuple[Any, ...]) -> tuple[Any, ...]:
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

    first = (jnp.zeros((), wanted.dtype), jnp.zeros((), h.dtype))
    if gradients:
        first += (jnp.zeros_like(sorted_h), jnp.zeros_like(w), jnp.zeros_like(b))
    _, cost, *sums = jax.lax.while_loop(lambda state: state[0] < wanted, block, first)
    if not gradients:
        return (cost,)
    dh, dw, db = sums
    return cost, dh[jnp.argsort(order)], dw, db
