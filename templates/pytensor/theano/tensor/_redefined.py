"""Operations of Theano whose name means something else in PyTensor, or that it has under another name, or not at all."""

from typing import Any

import pytensor.tensor as pt
from pytensor.graph.basic import Constant


def round(a: Any, mode: str = "half_away_from_zero") -> Any:
    """Round to the nearest integer, halves away from zero (PyTensor's default: to the even one)."""
    if mode != "half_away_from_zero":
        return pt.round(a, mode)
    return pt.sgn(a) * pt.floor(pt.abs(a) + 0.5)  # PyTensor's operation has no JAX


def iround(a: Any, mode: str = "half_away_from_zero") -> Any:
    """Round as ``round`` does, to int64."""
    return pt.cast(round(a, mode), "int64")


def _put_variable_first(a: Any, b: Any) -> tuple[Any, Any]:
    """Return both, a constant second: PyTensor gives the gradient of a tie to the first one, Theano to both."""
    a, b = pt.as_tensor_variable(a), pt.as_tensor_variable(b)
    return (b, a) if isinstance(a, Constant) else (a, b)


def maximum(a: Any, b: Any) -> Any:
    """Return the larger, elementwise; a variable that equals a constant has the gradient."""
    return pt.maximum(*_put_variable_first(a, b))


def minimum(a: Any, b: Any) -> Any:
    """Return the smaller, elementwise; a variable that equals a constant has the gradient."""
    return pt.minimum(*_put_variable_first(a, b))


def max_and_argmax(a: Any, axis: Any = None, keepdims: bool = False) -> tuple[Any, Any]:
    """Return the largest value along the axes, and its position."""
    return pt.max(a, axis, keepdims=keepdims), pt.argmax(a, axis, keepdims=keepdims)


def batched_dot(a: Any, b: Any) -> Any:
    """Return the product of each pair of samples, a and b being [N, ...]: matrices, vectors or one of each.

    Raises:
        TypeError: one of them has no axis.
        NotImplementedError: one of them has more than three.
    """
    a, b = pt.as_tensor_variable(a), pt.as_tensor_variable(b)
    if a.ndim < 1 or b.ndim < 1:
        raise TypeError("batched_dot needs two tensors with an axis of samples")
    if a.ndim == 1:  # each sample a number
        return a.dimshuffle(0, *["x"] * (b.ndim - 1)) * b
    if b.ndim == 1:
        return a * b.dimshuffle(0, *["x"] * (a.ndim - 1))
    # a vector is a matrix of one row on the left, of one column on the right
    left = a if a.ndim > 2 else a.dimshuffle(0, "x", 1)
    right = b if b.ndim > 2 else b.dimshuffle(0, 1, "x")
    if left.ndim > 3 or right.ndim > 3:
        raise NotImplementedError("batched_dot of more than matrices is not there in lnpatch's theano over PyTensor")
    product = pt.matmul(left, right)
    if a.ndim == 2:
        product = product[:, 0]
    return product[..., 0] if b.ndim == 2 else product


def patternbroadcast(x: Any, broadcastable: Any) -> Any:
    """Return ``x`` with the axes that ``broadcastable`` marks taken to be of length 1."""
    axes = [axis for axis, broadcasts in enumerate(broadcastable) if broadcasts]
    return pt.specify_broadcastable(x, *axes) if axes else x


def addbroadcast(x: Any, *axes: int) -> Any:
    """Return ``x`` with ``axes`` taken to be of length 1."""
    return pt.specify_broadcastable(x, *axes) if axes else x


def inv(a: Any) -> Any:
    """Return 1 / a."""
    return pt.reciprocal(a)
