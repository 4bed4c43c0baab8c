"""Finds the cost of a language model in a graph and makes one operation of it.

    before   sum(weights * -log(softmax(h W + b).flatten()[arange(R) * V + columns] + epsilon))
    after    LinearCrossEntropy(h, W, b, columns, weights)
    not      where the softmax is needed otherwise, or V is not the number of W's columns, or the gradient in the weights is needed

So skip-thoughts writes it, and others that descend from the same tutorials. ``gradient.grad`` replaces what it finds before it
differentiates, and every function does before it is compiled: both then hold the same operation, which is computed once. What is
written in any other way stays as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytensor.tensor as pt
from pytensor.compile import SharedVariable
from pytensor.graph.basic import Constant
from pytensor.graph.traversal import ancestors, toposort
from pytensor.scalar import basic as scalar
from pytensor.tensor.basic import ARange, MakeVector, get_underlying_scalar_constant_value
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.exceptions import NotScalarConstantError
from pytensor.tensor.math import Dot, Sum
from pytensor.tensor.shape import Reshape, Shape
from pytensor.tensor.special import Softmax
from pytensor.tensor.subtensor import Subtensor

from theano._rewrites.cross_entropy import LinearCrossEntropy


@dataclass(frozen=True)
class Match:
    """A sum that a ``LinearCrossEntropy`` can compute."""

    #: The inputs of the operation: h, W, b, columns and weights.
    operands: tuple[Any, Any, Any, Any, Any]
    #: The number of words, W's columns.
    words: int
    #: What is added to each probability.
    epsilon: float
    #: The softmax that the operation makes superfluous, [R, V].
    softmax: Any

    @property
    def weights(self) -> Any:
        """The factors of the rows."""
        return self.operands[4]


def fuse_cost(cost: Any, wrt: Iterable[Any]) -> Any:
    """Return ``cost`` with the operation that has gradients, to be differentiated with respect to ``wrt`` and nothing else."""
    variables = set(wrt)
    # the operation has no gradient in the weights
    matches = {
        total: match for total, match in _find_matches([cost]) if variables.isdisjoint(ancestors([match.weights]))
    }
    return _fuse_matches([cost], matches, gradients=True)[0]


def fuse_results(results: Sequence[Any]) -> list[Any]:
    """Return the results of a function, with the operation; it has gradients where they are among the results."""
    # those that fuse_cost has made: with the same options, the operations here are merged with them
    existing = {node.op.gradients for node in toposort(results) if isinstance(node.op, LinearCrossEntropy)}
    return _fuse_matches(results, dict(_find_matches(results)), gradients=True in existing)


def _fuse_matches(results: Sequence[Any], matches: dict[Any, Match], gradients: bool) -> list[Any]:
    """Return ``results`` with the operation for all of ``matches``, by their sums, whose softmax nothing else needs."""
    if not matches:
        return list(results)
    # whether something else needs a softmax shows when the operation has taken the place of all that does not
    needed = _collect_needed(_replace_matches(results, matches, gradients))
    superfluous = {total: match for total, match in matches.items() if match.softmax not in needed}
    return _replace_matches(results, superfluous, gradients)


def _collect_needed(results: Sequence[Any]) -> set[Any]:
    """Return the variables whose values, and not only their shapes, ``results`` depend on."""
    needed: set[Any] = set()
    todo = list(results)
    while todo:
        variable = todo.pop()
        if variable not in needed:
            needed.add(variable)
            if variable.owner is not None and not isinstance(variable.owner.op, Shape):
                todo += variable.owner.inputs
    return needed


def _replace_matches(results: Sequence[Any], matches: dict[Any, Match], gradients: bool) -> list[Any]:
    """Return ``results`` with the operation in place of each sum.

    What does not depend on a sum stays the same variables, so that PyTensor can merge what the graph computes twice.
    """
    new: dict[Any, Any] = {}
    for node in toposort(results):
        inputs = [new.get(variable, variable) for variable in node.inputs]
        if inputs != node.inputs:
            new.update(zip(node.outputs, node.clone_with_new_inputs(inputs).outputs, strict=True))
        total = node.outputs[0]
        if total in matches:
            match = matches[total]
            operation = LinearCrossEntropy(match.words, match.epsilon, gradients)
            fused = operation.make_node(*(new.get(each, each) for each in match.operands))
            new[total] = pt.cast(fused.outputs[0], total.dtype)
    return [new.get(variable, variable) for variable in results]


def _find_matches(results: Sequence[Any]) -> Iterable[tuple[Any, Match]]:
    """Yield the sums that ``results`` are computed from, each with its match."""
    for node in toposort(results):
        if isinstance(node.op, Sum) and node.outputs[0].ndim == 0:
            match = _match_sum(node.outputs[0])
            if match is not None:
                yield node.outputs[0], match


def _match_sum(total: Any) -> Match | None:
    """Match the scalar ``total`` with ``sum(weights * -log(picked + epsilon))``."""
    summed = total
    while _is_made_by(summed, Sum):
        summed = summed.owner.inputs[0]
    for losses, weights in _split_weights(summed):
        # reshaping keeps the order of the elements, and all of them are summed
        while _is_made_by(losses, Reshape):
            losses = losses.owner.inputs[0]
        logarithm = _elemwise_inputs(_elemwise_input(losses, scalar.Neg), scalar.Log)
        if logarithm is None:
            continue
        probability, epsilon = _split_number(logarithm[0])
        picked = _match_picked(probability)
        if picked is None:
            continue
        softmax, words, columns = picked
        linear = _match_linear(softmax.owner.inputs[0], words)
        if linear is not None:
            factors = pt.ones(columns.shape, dtype=total.dtype) if weights is None else weights.flatten()
            return Match((*linear, columns, factors), words, epsilon, softmax)
    return None


def _split_weights(summed: Any) -> Iterable[tuple[Any, Any]]:
    """Return what ``summed`` may be the product of, in both orders: losses, and weights of the same shape or None."""
    factors = _elemwise_inputs(summed, scalar.Mul)
    if factors is None:
        return [(summed, None)]
    # where one is broadcast, its flattened elements are not those of the other
    if len(factors) != 2 or any(True in factor.type.broadcastable for factor in factors):
        return []
    return [(factors[0], factors[1]), (factors[1], factors[0])]


def _match_picked(probability: Any) -> tuple[Any, int, Any] | None:
    """Match ``softmax.flatten()[arange(R) * V + columns]``; return the softmax [R, V], V and columns [R]."""
    node = probability.owner
    if (
        node is None
        or type(node.op).__name__ not in ("AdvancedSubtensor", "AdvancedSubtensor1")
        or len(node.inputs) != 2
    ):
        return None
    flat, index = node.inputs
    if not (_is_made_by(flat, Reshape) and flat.ndim == 1 and _is_made_by(flat.owner.inputs[0], Softmax)):
        return None
    softmax = flat.owner.inputs[0]
    if softmax.owner.op.axis not in ((1,), (-1,)):
        return None
    for start, columns in _both_orders(_elemwise_inputs(index, scalar.Add)):
        for rows, factor in _both_orders(_elemwise_inputs(start, scalar.Mul)):
            words = _constant_value(factor)
            if words is not None and _counts_rows(rows, columns):
                return softmax, int(words), columns
    return None


def _counts_rows(rows: Any, columns: Any) -> bool:
    """Return whether ``rows`` is ``arange(columns.shape[0])``."""
    if not _is_made_by(rows, ARange):
        return False
    start, stop, step = rows.owner.inputs
    counts = _constant_value(start) == 0 and _constant_value(step) == 1
    return counts and _measured_variable(stop, 0) is columns and columns.ndim == 1


def _match_linear(logits: Any, words: int) -> tuple[Any, Any, Any] | None:
    """Match ``h W + b`` with the rows in any number of axes, reshaped to a matrix; return h, W and b, if W has V columns."""
    wide = _skip_reshapes(logits, words)
    for product, bias in _both_orders(_elemwise_inputs(wide, scalar.Add)):
        dot = _skip_reshapes(product, words)
        b = bias.owner.inputs[0] if _is_made_by(bias, DimShuffle) else bias
        # a bias along the columns: all axes before them are of length 1
        along = b.ndim == 1 and all(bias.type.broadcastable[:-1]) and not bias.type.broadcastable[-1]
        if along and _is_made_by(dot, Dot) and [each.ndim for each in dot.owner.inputs] == [2, 2]:
            h, w = dot.owner.inputs
            # only the value of a shared variable says how many columns there are
            if isinstance(w, SharedVariable) and w.get_value(borrow=True).shape[1] == words:
                return h, w, b
    return None


def _skip_reshapes(variable: Any, words: int) -> Any:
    """Return what ``variable`` was before reshapes that leave its last axis alone, which has the length ``words``.

    The new length of the axis may be a number, or that of the axis before, or for a product that of its matrix's columns, as
    ``tensor.dot`` of an array with more than two axes writes it.
    """
    while _is_made_by(variable, Reshape):
        before, shape = variable.owner.inputs
        if not _is_made_by(shape, MakeVector):
            break
        last = shape.owner.inputs[-1]
        matrix = before.owner.inputs[1] if _is_made_by(before, Dot) else before
        is_same = (
            _constant_value(last) == words
            or _measured_variable(last, before.ndim - 1) is before
            or _measured_variable(last, 1) is matrix
        )
        if not is_same:
            break
        variable = before
    return variable


def _measured_variable(length: Any, axis: int) -> Any:
    """Return the variable of which ``length`` is ``variable.shape[axis]``, or None."""
    if not _is_made_by(length, Subtensor):
        return None
    shape, *index = length.owner.inputs
    at_axis = len(index) == 1 and isinstance(index[0], Constant) and int(index[0].data) == axis
    return shape.owner.inputs[0] if at_axis and _is_made_by(shape, Shape) else None


def _split_number(variable: Any) -> tuple[Any, float]:
    """Split ``variable`` into what a number is added to, and the number; 0 if there is none."""
    for term, constant in _both_orders(_elemwise_inputs(variable, scalar.Add)):
        number = _constant_value(constant)
        if number is not None:
            return term, number
    return variable, 0.0


def _is_made_by(variable: Any, operation: type) -> bool:
    """Return whether ``variable`` is a result of an operation of this class."""
    return variable is not None and variable.owner is not None and isinstance(variable.owner.op, operation)


def _elemwise_inputs(variable: Any, operation: type) -> Any:
    """Return the inputs of the elementwise ``operation`` whose result ``variable`` is, or None."""
    if not _is_made_by(variable, Elemwise) or not isinstance(variable.owner.op.scalar_op, operation):
        return None
    return variable.owner.inputs


def _elemwise_input(variable: Any, operation: type) -> Any:
    """Return the first of ``_elemwise_inputs``, or None."""
    inputs = _elemwise_inputs(variable, operation)
    return inputs[0] if inputs else None


def _both_orders(pair: Any) -> Iterable[tuple[Any, Any]]:
    """Return a pair in both orders: sums and products may be written either way. Nothing for what is not a pair."""
    return [] if pair is None or len(pair) != 2 else [(pair[0], pair[1]), (pair[1], pair[0])]


def _constant_value(variable: Any) -> float | None:
    """Return the value of a constant, repeated along any axes or not; None for what is not a constant."""
    try:
        return float(get_underlying_scalar_constant_value(variable))
    except NotScalarConstantError:
        return None
