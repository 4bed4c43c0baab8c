"""Sums of what is computed elementwise from smaller arrays, as one operation, for XLA on the CPU.

    before   errors = sum(f(s[:, None], im[None]), axis=2)      an array [N, N, D] in memory, and its gradients again
    after    errors = BroadcastSums(s[:, None], im[None])       a few rows of it at a time
    example  order-embeddings, which compares all captions s with all images im

XLA's code for the CPU writes the large array to memory and reads it several times. On a GPU, it needs no help. The loop over the rows
is in ``_jax/broadcast_sums.py``.
"""

from typing import Any

from pytensor.compile.builders import OpFromGraph
from pytensor.graph.basic import Constant
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.math import Sum


class BroadcastSums(OpFromGraph):  # type: ignore[misc]
    """Sums, along different axes, of one elementwise expression whose inputs are all broadcast along some axis."""


def join_broadcast_sums(fgraph: Any) -> None:
    """Replace the sums of each such expression in an optimized graph by one operation.

    before   a = sum(f(x[:, None], y[None]), axis=2);  b = sum(f(x[:, None], y[None]), axis=0)
    after    a, b = BroadcastSums(x[:, None], y[None])
    not      sum(f(x[:, None] + z), axis=2)             where z is as large as the whole, and in memory anyhow
    """
    sums: dict[Any, list[Any]] = {}
    for node in fgraph.toposort():
        if isinstance(node.op, Sum) and node.inputs[0].ndim > 2:
            sums.setdefault(node.inputs[0], []).append(node.outputs[0])
    for whole, outputs in sums.items():
        leaves = _find_leaves(whole)
        if leaves and all(_is_broadcast(leaf, whole) for leaf in leaves):
            inputs = [leaf for leaf in leaves if not isinstance(leaf, Constant)]
            new = BroadcastSums(inputs, outputs, inline=False).make_node(*inputs).outputs
            fgraph.replace_all(list(zip(outputs, new, strict=True)), reason="join_broadcast_sums")


def _find_leaves(variable: Any) -> list[Any]:
    """Return what an elementwise expression is computed from; nothing, if ``variable`` is not such an expression."""
    leaves: dict[Any, None] = {}  # a set in order of discovery
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
            leaves[each] = None
    return [] if variable in leaves else list(leaves)


def _is_broadcast(leaf: Any, whole: Any) -> bool:
    """Return whether ``leaf`` has length 1 along an axis along which ``whole`` is longer."""
    axes = zip(leaf.type.broadcastable, whole.type.broadcastable, strict=True)
    return any(in_leaf and not in_whole for in_leaf, in_whole in axes)
