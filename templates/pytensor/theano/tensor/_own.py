"""Operations on tensors for which PyTensor's of the same name does something else, or that it has under another name."""

from typing import Any

import pytensor.tensor as pt
from pytensor.graph.basic import Constant


def round(a: Any, mode: str = "half_away_from_zero") -> Any:
    """The nearest integer, halves away from zero (PyTensor's default: to the even one)."""
    if mode != "half_away_from_zero":
        return pt.round(a, mode)
    return pt.sgn(a) * pt.floor(pt.abs(a) + 0.5)  # PyTensor's operation has no JAX


def iround(a: Any, mode: str = "half_away_from_zero") -> Any:
    """``round`` as int64."""
    return pt.cast(round(a, mode), "int64")


def _variable_first(a: Any, b: Any) -> tuple[Any, Any]:
    """PyTensor gives the gradient of a tie to the first argument, Theano to both: it must not go to a constant."""
    a, b = pt.as_tensor_variable(a), pt.as_tensor_variable(b)
    return (b, a) if isinstance(a, Constant) else (a, b)


def maximum(a: Any, b: Any) -> Any:
    """The larger, elementwise; a variable that equals a constant has the gradient."""
    return pt.maximum(*_variable_first(a, b))


def minimum(a: Any, b: Any) -> Any:
    """The smaller, elementwise; a variable that equals a constant has the gradient."""
    return pt.minimum(*_variable_first(a, b))


def max_and_argmax(a: Any, axis: Any = None, keepdims: bool = False) -> tuple[Any, Any]:
    """The largest value along the axes and where it is."""
    return pt.max(a, axis, keepdims=keepdims), pt.argmax(a, axis, keepdims=keepdims)


def batched_dot(a: Any, b: Any) -> Any:
    """The product of each pair of a's and b's samples, [N, ...] each: matrices, vectors or one of each."""
    a, b = pt.as_tensor_variable(a), pt.as_tensor_variable(b)
    if a.ndim < 1 or b.ndim < 1:
        raise TypeError("batched_dot needs two tensors with an axis of samples")
    if a.ndim == 1 or b.ndim == 1:  # each sample a number
        return (
            a.dimshuffle(0, *["x"] * max(b.ndim - 1, 0)) * b
            if a.ndim == 1
            else a * b.dimshuffle(0, *["x"] * (a.ndim - 1))
        )
    left = a if a.ndim > 2 else a.dimshuffle(0, "x", 1)
    right = b if b.ndim > 2 else b.dimshuffle(0, 1, "x")
    if left.ndim > 3 or right.ndim > 3:
        raise NotImplementedError("batched_dot of more than matrices is not there in lnpatch's theano over PyTensor")
    product = pt.matmul(left, right)
    if a.ndim == 2:
        product = product[:, 0]
    return product[..., 0] if b.ndim == 2 else product


def patternbroadcast(x: Any, broadcastable: Any) -> Any:
    """``x`` with the axes that ``broadcastable`` marks taken to be of length 1."""
    axes = [axis for axis, broadcasts in enumerate(broadcastable) if broadcasts]
    return pt.specify_broadcastable(x, *axes) if axes else x


def addbroadcast(x: Any, *axes: int) -> Any:
    """``x`` with ``axes`` taken to be of length 1."""
    return pt.specify_broadcastable(x, *axes) if axes else x


def inv(a: Any) -> Any:
    """1 / a."""
    return pt.reciprocal(a)
