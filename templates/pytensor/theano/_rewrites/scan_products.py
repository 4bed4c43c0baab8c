"""The products of a recurrence, kept for its gradient.

A scan's gradient runs backward over the states and does the step again, ``dot(h, U)`` included: a third of all its products. The
scan that goes forward has computed them; here it gives them out, and the gradient's takes them as one sequence more.
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
    """Replace the products of states that the gradients of scans repeat, in an optimized graph."""
    # each replacement makes new nodes, so the graph is searched again
    while found := next(_repeated(fgraph), None):
        _keep(fgraph, *found)


def _repeated(fgraph: Any) -> Iterator[tuple[Any, Any, int, int]]:
    """Scans forward and backward, the number of a state of the first, and that of its sequence in the second, if they share products."""
    for backward in fgraph.toposort():
        if not isinstance(backward.op, Scan):
            continue
        for sequence, outer in enumerate(backward.op.outer_seqs(backward.inputs)):
            forward, state = _states_backward(outer)
            if forward is not None and _shared(forward, backward, state, sequence):
                yield forward, backward, state, sequence


def _states_backward(sequence: Any) -> tuple[Any, int]:
    """The scan, and the number of its state, of which ``sequence`` has the states before each step, the last step first."""
    reversed_states = _sliced(sequence, None, 1)
    states = _sliced(reversed_states, -2, -1)
    if states is reversed_states or states.owner is None or not isinstance(states.owner.op, Scan):
        return None, 0
    scan = states.owner
    kept = scan.op.outer_sitsot_outs(scan.outputs)
    if scan.op.info.as_while or states not in kept:
        return None, 0
    state = kept.index(states)
    return (scan, state) if tuple(scan.op.info.sit_sot_in_slices[state]) == (-1,) else (None, 0)


def _sliced(variable: Any, start: int | None, step: int) -> Any:
    """What ``variable`` is ``[start:anything:step]`` of along its first axis; itself, if of nothing."""
    if variable.owner is None or not isinstance(variable.owner.op, Subtensor):
        return variable
    whole, *indices = variable.owner.inputs
    slices = indices_from_subtensor(indices, variable.owner.op.idx_list)
    if len(slices) != 1 or not isinstance(slices[0], slice):
        return variable
    found = slices[0]
    same = _number(found.start) == start and (_number(found.step) or 1) == step
    return whole if same and (start is None or found.stop is None) else variable


def _number(index: Any) -> Any:
    return int(index.data) if isinstance(index, Constant) else index


def _products(arguments: Any, factor: Any) -> dict[Any, Any]:
    """The products of the inner variable ``factor`` with matrices from outside, by the matrix."""
    outside = dict(zip(arguments.inner_in_non_seqs, arguments.outer_in_non_seqs, strict=True))
    return {
        outside[node.inputs[1]]: node.outputs[0]
        for node in toposort(arguments.inner_outputs)
        if isinstance(node.op, Dot) and node.inputs[0] is factor and node.inputs[1] in outside
    }


def _shared(forward: Any, backward: Any, state: int, sequence: int) -> bool:
    before, after = ScanArgs.from_node(forward), ScanArgs.from_node(backward)
    matrices = _products(before, before.inner_in_sit_sot[state])
    return not matrices.keys().isdisjoint(_products(after, after.inner_in_seqs[sequence]))


def _keep(fgraph: Any, forward: Any, backward: Any, state: int, sequence: int) -> None:
    """Give the shared products out of one scan and into the other."""
    before = ScanArgs.from_node(forward, clone=True)
    computed = _products(before, before.inner_in_sit_sot[state])
    after = ScanArgs.from_node(backward)
    matrices = [matrix for matrix in _products(after, after.inner_in_seqs[sequence]) if matrix in computed]

    end = len(forward.outputs) - len(before.outer_out_shared)
    before.inner_out_nit_sot = [*before.inner_out_nit_sot, *(computed[matrix] for matrix in matrices)]
    before.outer_in_nit_sot = [*before.outer_in_nit_sot, *(before.n_steps for _ in matrices)]
    outputs = _applied(forward.op, before, before.inner_outputs)
    products, others = outputs[end : end + len(matrices)], outputs[:end] + outputs[end + len(matrices) :]
    fgraph.replace_all(list(zip(forward.outputs, others, strict=True)), reason="keep_products")

    after = ScanArgs.from_node(backward, clone=True)
    repeated = _products(after, after.inner_in_seqs[sequence])
    given = [repeated[matrix].type() for matrix in matrices]
    after.inner_in_seqs = [*after.inner_in_seqs, *given]
    after.outer_in_seqs = [*after.outer_in_seqs, *(product[::-1][: after.n_steps] for product in products)]
    replaced = [(repeated[matrix], variable) for matrix, variable in zip(matrices, given, strict=True)]
    outputs = _applied(backward.op, after, clone_replace(after.inner_outputs, replaced))
    fgraph.replace_all(list(zip(backward.outputs, outputs, strict=True)), reason="keep_products")


def _applied(op: Any, arguments: Any, inner_outputs: list[Any]) -> list[Any]:
    """The outputs of a scan like ``op`` with other arguments."""
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
