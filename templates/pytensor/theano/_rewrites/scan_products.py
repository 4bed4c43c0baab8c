"""The products of a recurrence, kept for its gradient.

    before   h = scan(step(x, h), ...);      dh = scan(step's gradient, with dot(h, U) computed again, ...)
    after    h, hU = scan(step(x, h), ...);  dh = scan(step's gradient, with hU as one more sequence, ...)
    not      products of what is not a state alone, as dot(h * x, U)

A scan's gradient runs backward over the states and computes the step again, ``dot(h, U)`` included: a third of all its products.
"""

from collections.abc import Iterator
from typing import Any

from pytensor.graph.basic import Constant
from pytensor.graph.replace import clone_replace
from pytensor.graph.traversal import toposort
from pytensor.scan.op import Scan
from pytensor.scan.utils import ScanArgs
from pytensor.tensor.math import Dot
from pytensor.tensor.subtensor import Subtensor, indices_from_subtensor


def keep_products(fgraph: Any) -> None:
    """Replace the products of states that the gradients of scans compute again, in an optimized graph."""
    # each replacement makes new nodes, so the graph is searched again
    while repetition := next(_find_repetitions(fgraph), None):
        _share_products(fgraph, *repetition)


def _find_repetitions(fgraph: Any) -> Iterator[tuple[Any, Any, int, int]]:
    """Yield pairs of scans that compute the same products.

    Each is the scan forward, the scan backward, the number of a state of the first, and that of its sequence in the second.
    """
    for backward in fgraph.toposort():
        if not isinstance(backward.op, Scan):
            continue
        for sequence, outer in enumerate(backward.op.outer_seqs(backward.inputs)):
            forward, state = _match_reversed_states(outer)
            if forward is not None and _have_common_products(forward, backward, state, sequence):
                yield forward, backward, state, sequence


def _match_reversed_states(sequence: Any) -> tuple[Any, int]:
    """Match ``states[-2::-1][:steps]``: the states before each step, the last step first.

    Return the scan that computes them, and the number of its state; None and 0 where ``sequence`` is something else.
    """
    reversed_states = _match_slice(sequence, None, 1)
    states = _match_slice(reversed_states, -2, -1)
    if states is reversed_states or states.owner is None or not isinstance(states.owner.op, Scan):
        return None, 0
    scan = states.owner
    all_states = scan.op.outer_sitsot_outs(scan.outputs)
    # a while loop may make fewer steps than its n_steps, which is the length of the products below
    if scan.op.info.as_while or states not in all_states:
        return None, 0
    state = all_states.index(states)
    return (scan, state) if tuple(scan.op.info.sit_sot_in_slices[state]) == (-1,) else (None, 0)


def _match_slice(variable: Any, start: int | None, step: int) -> Any:
    """Match ``whole[start:anything:step]``; return ``whole``, or ``variable`` itself where it is not such a slice."""
    if variable.owner is None or not isinstance(variable.owner.op, Subtensor):
        return variable
    whole, *indices = variable.owner.inputs
    slices = indices_from_subtensor(indices, variable.owner.op.idx_list)
    if len(slices) != 1 or not isinstance(slices[0], slice):
        return variable
    bounds = slices[0]
    same = _constant_index(bounds.start) == start and (_constant_index(bounds.step) or 1) == step
    # from -2 backward it has to go to the first state
    return whole if same and (start is None or bounds.stop is None) else variable


def _constant_index(index: Any) -> Any:
    """Return the number of a constant, else ``index`` itself."""
    return int(index.data) if isinstance(index, Constant) else index


def _collect_products(arguments: Any, factor: Any) -> dict[Any, Any]:
    """Return the products of the inner variable ``factor`` with matrices from outside the scan, by the matrix."""
    outside = dict(zip(arguments.inner_in_non_seqs, arguments.outer_in_non_seqs, strict=True))
    return {
        outside[node.inputs[1]]: node.outputs[0]
        for node in toposort(arguments.inner_outputs)
        if isinstance(node.op, Dot) and node.inputs[0] is factor and node.inputs[1] in outside
    }


def _have_common_products(forward: Any, backward: Any, state: int, sequence: int) -> bool:
    before, after = ScanArgs.from_node(forward), ScanArgs.from_node(backward)
    matrices = _collect_products(before, before.inner_in_sit_sot[state])
    return not matrices.keys().isdisjoint(_collect_products(after, after.inner_in_seqs[sequence]))


def _share_products(fgraph: Any, forward: Any, backward: Any, state: int, sequence: int) -> None:
    """Make the common products outputs of the forward scan, and sequences of the backward one."""
    before = ScanArgs.from_node(forward, clone=True)
    computed = _collect_products(before, before.inner_in_sit_sot[state])
    after = ScanArgs.from_node(backward)
    matrices = [matrix for matrix in _collect_products(after, after.inner_in_seqs[sequence]) if matrix in computed]

    # the new outputs come after the other outputs without a state, before what shared variables are updated to
    end = len(forward.outputs) - len(before.outer_out_shared)
    before.inner_out_nit_sot = [*before.inner_out_nit_sot, *(computed[matrix] for matrix in matrices)]
    before.outer_in_nit_sot = [*before.outer_in_nit_sot, *(before.n_steps for _ in matrices)]
    outputs = _apply_scan(forward.op, before, before.inner_outputs)
    products, others = outputs[end : end + len(matrices)], outputs[:end] + outputs[end + len(matrices) :]
    fgraph.replace_all(list(zip(forward.outputs, others, strict=True)), reason="keep_products")

    # only now: the replacement above has given the backward scan new inputs
    after = ScanArgs.from_node(backward, clone=True)
    repeated = _collect_products(after, after.inner_in_seqs[sequence])
    sequences = [repeated[matrix].type() for matrix in matrices]
    after.inner_in_seqs = [*after.inner_in_seqs, *sequences]
    after.outer_in_seqs = [*after.outer_in_seqs, *(product[::-1][: after.n_steps] for product in products)]
    replacements = [(repeated[matrix], variable) for matrix, variable in zip(matrices, sequences, strict=True)]
    outputs = _apply_scan(backward.op, after, clone_replace(after.inner_outputs, replacements))
    fgraph.replace_all(list(zip(backward.outputs, outputs, strict=True)), reason="keep_products")


def _apply_scan(op: Any, arguments: Any, inner_outputs: list[Any]) -> list[Any]:
    """Return the outputs of a scan like ``op``, applied to other arguments."""
    scan = Scan(
        arguments.inner_inputs,
        inner_outputs,
        arguments.info,
        mode=op.mode,
        profile=op.profile,
        truncate_gradient=op.truncate_gradient,
        name=op.name,
        allow_gc=op.allow_gc,
    )
    outputs: list[Any] = scan.make_node(*arguments.outer_inputs).outputs
    return outputs
