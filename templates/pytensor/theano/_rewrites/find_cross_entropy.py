"""Finds ``sum(weights * -log(softmax(h W + b).flatten()[arange(n) * V + y] + epsilon))`` in a graph and makes one operation of it.

So skip-thoughts, and others that descend from the same tutorials, write the cost of a language model. ``gradient.grad`` replaces
what is found before it differentiates, and every function does: both then hold the same operation, which is done once. What is
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
    """The inputs of a ``LinearCrossEntropy``, its number of words and epsilon, and the softmax that it makes superfluous."""

    operands: tuple[Any, Any, Any, Any, Any]
    words: int
    epsilon: float
    softmax: Any

    @property
    def weights(self) -> Any:
        """The factors of the rows."""
        return self.operands[4]


def fused_cost(cost: Any, wrt: Iterable[Any]) -> Any:
    """``cost`` with the operation that has its gradients, where those in ``wrt`` are all that is asked for."""
    wanted = set(wrt)
    found = {total: match for total, match in _matches([cost]) if wanted.isdisjoint(ancestors([match.weights]))}
    return _fused([cost], found, gradients=True)[0]


def fused_results(results: Sequence[Any]) -> list[Any]:
    """The results of a function; the operation has gradients where they are among them."""
    there = {node.op.gradients for node in toposort(results) if isinstance(node.op, LinearCrossEntropy)}
    return _fused(results, dict(_matches(results)), gradients=True in there)


def _fused(results: Sequence[Any], found: dict[Any, Match], gradients: bool) -> list[Any]:
    """``results`` with all of ``found`` whose softmax nothing else needs."""
    if not found:
        return list(results)
    needed = _needed(_replaced(results, found, gradients))
    return _replaced(results, {total: each for total, each in found.items() if each.softmax not in needed}, gradients)


def _needed(results: Sequence[Any]) -> set[Any]:
    """The variables whose values, and not only their shapes, ``results`` depend on."""
    needed: set[Any] = set()
    todo = list(results)
    while todo:
        variable = todo.pop()
        if variable not in needed:
            needed.add(variable)
            if variable.owner is not None and not isinstance(variable.owner.op, Shape):
                todo += variable.owner.inputs
    return needed


def _replaced(results: Sequence[Any], found: dict[Any, Match], gradients: bool) -> list[Any]:
    """``results`` over the same graph as before up to what is found, so that what is there twice is merged."""
    new: dict[Any, Any] = {}
    for node in toposort(results):
        inputs = [new.get(variable, variable) for variable in node.inputs]
        if inputs != node.inputs:
            new.update(zip(node.outputs, node.clone_with_new_inputs(inputs).outputs, strict=True))
        total = node.outputs[0]
        if total in found:
            match = found[total]
            operation = LinearCrossEntropy(match.words, match.epsilon, gradients)
            made = operation.make_node(*(new.get(each, each) for each in match.operands))
            new[total] = pt.cast(made.outputs[0], total.dtype)
    return [new.get(variable, variable) for variable in results]


def _matches(results: Sequence[Any]) -> Iterable[tuple[Any, Match]]:
    for node in toposort(results):
        if isinstance(node.op, Sum) and node.outputs[0].ndim == 0:
            match = _cost(node.outputs[0])
            if match is not None:
                yield node.outputs[0], match


def _cost(total: Any) -> Match | None:
    """What is found, if the scalar ``total`` is such a sum."""
    summed = total
    while _is(summed, Sum):
        summed = summed.owner.inputs[0]
    for losses, weights in _weighted(summed):
        # reshaping keeps the order of the elements, and all of them are summed
        while _is(losses, Reshape):
            losses = losses.owner.inputs[0]
        picked = _inputs(_input(losses, scalar.Neg), scalar.Log)
        if picked is None:
            continue
        probability, epsilon = _plus_number(picked[0])
        softmax = _picked(probability)
        if softmax is None:
            continue
        probabilities, words, columns = softmax
        linear = _linear(probabilities.owner.inputs[0], words)
        if linear is not None:
            factors = pt.ones(columns.shape, dtype=total.dtype) if weights is None else weights.flatten()
            return Match((*linear, columns, factors), words, epsilon, probabilities)
    return None


def _weighted(summed: Any) -> Iterable[tuple[Any, Any]]:
    """What ``summed`` may be the product of: losses, and weights of the same shape or None."""
    factors = _inputs(summed, scalar.Mul)
    if factors is None:
        return [(summed, None)]
    if len(factors) != 2 or any(True in factor.type.broadcastable for factor in factors):
        return []
    return [(factors[0], factors[1]), (factors[1], factors[0])]


def _picked(probability: Any) -> tuple[Any, int, Any] | None:
    """The softmax [R, V], V and columns [R], if ``probability`` is ``softmax.flatten()[arange(R) * V + columns]``."""
    node = probability.owner
    if node is None or type(node.op).__name__ not in ("AdvancedSubtensor", "AdvancedSubtensor1") or len(node.inputs) != 2:
        return None
    flat, index = node.inputs
    if not (_is(flat, Reshape) and flat.ndim == 1 and _is(flat.owner.inputs[0], Softmax)):
        return None
    softmax = flat.owner.inputs[0]
    if softmax.owner.op.axis not in ((1,), (-1,)):
        return None
    for start, columns in _both(_inputs(index, scalar.Add)):
        for counted, factor in _both(_inputs(start, scalar.Mul)):
            words = _number(factor)
            if words is not None and _counts_rows(counted, columns):
                return softmax, int(words), columns
    return None


def _counts_rows(counted: Any, columns: Any) -> bool:
    """Whether ``counted`` is ``arange(columns.shape[0])``."""
    if not _is(counted, ARange):
        return False
    start, stop, step = counted.owner.inputs
    return _number(start) == 0 and _number(step) == 1 and _length(stop, 0) is columns and columns.ndim == 1


def _linear(logits: Any, words: int) -> tuple[Any, Any, Any] | None:
    """h, W and b, if ``logits`` is ``h W + b`` with the rows in any number of axes, reshaped to a matrix, and W has V columns."""
    wide = _same_columns(logits, words)
    for product, bias in _both(_inputs(wide, scalar.Add)):
        dot = _same_columns(product, words)
        b = bias.owner.inputs[0] if _is(bias, DimShuffle) else bias
        # a bias along the columns: all axes before them are of length 1
        along = b.ndim == 1 and all(bias.type.broadcastable[:-1]) and not bias.type.broadcastable[-1]
        if along and _is(dot, Dot) and [each.ndim for each in dot.owner.inputs] == [2, 2]:
            h, w = dot.owner.inputs
            if isinstance(w, SharedVariable) and w.get_value(borrow=True).shape[1] == words:
                return h, w, b
    return None


def _same_columns(variable: Any, words: int) -> Any:
    """``variable`` without reshapes that leave its last axis alone."""
    while _is(variable, Reshape):
        before, shape = variable.owner.inputs
        if not _is(shape, MakeVector):
            break
        last = shape.owner.inputs[-1]
        right = before.owner.inputs[1] if _is(before, Dot) else before
        if _number(last) != words and _length(last, before.ndim - 1) is not before and _length(last, 1) is not right:
            break
        variable = before
    return variable


def _length(variable: Any, axis: int) -> Any:
    """Of what ``variable`` is the length along ``axis``; None if of nothing."""
    if not _is(variable, Subtensor):
        return None
    shape, *index = variable.owner.inputs
    at_axis = len(index) == 1 and isinstance(index[0], Constant) and int(index[0].data) == axis
    return shape.owner.inputs[0] if at_axis and _is(shape, Shape) else None


def _plus_number(variable: Any) -> tuple[Any, float]:
    """What a number is added to, and the number; 0 if there is none."""
    for term, constant in _both(_inputs(variable, scalar.Add)):
        number = _number(constant)
        if number is not None:
            return term, number
    return variable, 0.0


def _is(variable: Any, kind: type) -> bool:
    return variable is not None and variable.owner is not None and isinstance(variable.owner.op, kind)


def _inputs(variable: Any, operation: type) -> Any:
    """The inputs of an elementwise operation, or None."""
    if not _is(variable, Elemwise) or not isinstance(variable.owner.op.scalar_op, operation):
        return None
    return variable.owner.inputs


def _input(variable: Any, operation: type) -> Any:
    found = _inputs(variable, operation)
    return found[0] if found else None


def _both(pair: Any) -> Iterable[tuple[Any, Any]]:
    """A pair in both orders."""
    return [] if pair is None or len(pair) != 2 else [(pair[0], pair[1]), (pair[1], pair[0])]


def _number(variable: Any) -> float | None:
    """The value of a constant, repeated along any axes."""
    try:
        return float(get_underlying_scalar_constant_value(variable))
    except NotScalarConstantError:
        return None
