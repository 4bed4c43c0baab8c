"""Sums of broadcast expressions in JAX: a loop over the first axis, which keeps what it computes in the cache of a core."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy

#: Elements computed at once, about as many as the second cache of a core holds in float32.
BLOCK = 2**18


def sum_row_by_row(sums: Callable[..., Any], over_rows: Sequence[bool], inputs: tuple[Any, ...]) -> list[Any]:
    """Return all sums, computed for a few rows at a time.

    Args:
        sums: computes them of arrays like ``inputs``, whatever their number of rows.
        over_rows: for each sum, whether it is over the rows, too.
        inputs: arrays whose first axis is that of the rows; length 1 there means the same for all rows.
    """
    shape = numpy.broadcast_shapes(*map(jnp.shape, inputs))
    # a divisor of the number of rows, so that all blocks have one shape
    size = math.gcd(shape[0], max(1, BLOCK // max(1, math.prod(shape[1:]))))

    def step(totals: list[Any], row: Any) -> tuple[list[Any], list[Any]]:
        parts = [each if len(each) == 1 else jax.lax.dynamic_slice_in_dim(each, row, size) for each in inputs]
        results = sums(*parts)
        added = [each for each, over in zip(results, over_rows, strict=True) if over]
        listed = [each for each, over in zip(results, over_rows, strict=True) if not over]
        return [total + each for total, each in zip(totals, added, strict=True)], listed

    shapes = jax.eval_shape(sums, *(each[:size] for each in inputs))
    start = [jnp.zeros(each.shape, each.dtype) for each, over in zip(shapes, over_rows, strict=True) if over]
    final, parts = jax.lax.scan(step, start, jnp.arange(0, shape[0], size))
    totals, listed = iter(final), (each.reshape(shape[0], *each.shape[2:]) for each in parts)
    return [next(totals) if over else next(listed) for over in over_rows]
