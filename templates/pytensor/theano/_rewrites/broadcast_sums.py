"""Sums of what is computed elementwise from smaller arrays, a few rows at a time, for XLA on the CPU.

``sum(f(s[:, None], im[None]), axis=2)``, as order-embeddings compares all captions with all images, and its gradients: XLA's code
for the CPU writes the [N, N, D] array to memory, and reads it several times. A loop over the first axis keeps what it computes in the
cache. On a GPU, XLA needs no help.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy
from pytensor.compile.builders import OpFromGraph
from pytensor.graph.basic import Constant
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.math import Sum


#: Elements computed at once, about as many as the second cache of a core holds in float32.
BLOCK = 2**18


class BroadcastSums(OpFromGraph):  # type: ignore[misc]
    """Sums, along different axes, of one elementwise expression whose inputs are all broadcast along some axis."""


def join_broadcast_sums(fgraph: Any) -> None:
    """Make one operation of each such expression and its sums in a graph."""
    sums: dict[Any, list[Any]] = {}
    for node in fgraph.toposort():
        if isinstance(node.op, Sum) and node.inputs[0].ndim > 2:
            sums.setdefault(node.inputs[0], []).append(node.outputs[0])
    for whole, outputs in sums.items():
        leaves = _leaves(whole)
        if leaves and all(_smaller(leaf, whole) for leaf in leaves):
            inputs = [leaf for leaf in leaves if not isinstance(leaf, Constant)]
            new = BroadcastSums(inputs, outputs, inline=False).make_node(*inputs).outputs
            fgraph.replace_all(list(zip(outputs, new, strict=True)), reason="join_broadcast_sums")


def _leaves(variable: Any) -> list[Any]:
    """What an elementwise expression is computed from; none, if ``variable`` is no such expression."""
    found: dict[Any, None] = {}
    todo = [variable]
    seen = set()
    while todo:
        each = todo.pop()
        if each in seen:
            continue
        seen.add(each)
        if each.owner is not None and isinstance(each.owner.op, Elemwise) and len(each.owner.outputs) == 1:
            todo += each.owner.inputs
        else:
            found[each] = None
    return [] if variable in found else list(found)


def _smaller(leaf: Any, whole: Any) -> bool:
    """Whether an axis of ``whole`` is not there in ``leaf``."""
    return any(
        one and not all_ for one, all_ in zip(leaf.type.broadcastable, whole.type.broadcastable, strict=True)
    )


def row_by_row(sums: Callable[..., Any], over_rows: Sequence[bool], inputs: tuple[Any, ...]) -> list[Any]:
    """All sums, of a few rows at a time; ``over_rows`` says which of them are over the rows, too.

    An input of length 1 along the first axis is the same for all rows.
    """
    shape = numpy.broadcast_shapes(*map(jnp.shape, inputs))
    size = math.gcd(shape[0], max(1, BLOCK // max(1, math.prod(shape[1:]))))

    def step(totals: list[Any], row: Any) -> tuple[list[Any], list[Any]]:
        parts = [each if len(each) == 1 else jax.lax.dynamic_slice_in_dim(each, row, size) for each in inputs]
        found = sums(*parts)
        added = [each for each, over in zip(found, over_rows, strict=True) if over]
        listed = [each for each, over in zip(found, over_rows, strict=True) if not over]
        return [total + each for total, each in zip(totals, added, strict=True)], listed

    shapes = jax.eval_shape(sums, *(each[:size] for each in inputs))
    start = [jnp.zeros(each.shape, each.dtype) for each, over in zip(shapes, over_rows, strict=True) if over]
    found, parts = jax.lax.scan(step, start, jnp.arange(0, shape[0], size))
    totals, listed = iter(found), (each.reshape(shape[0], *each.shape[2:]) for each in parts)
    return [next(totals) if over else next(listed) for over in over_rows]
