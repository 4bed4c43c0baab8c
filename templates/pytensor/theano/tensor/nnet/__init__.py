"""``theano.tensor.nnet``: functions of neural networks."""

from typing import Any

import pytensor.tensor as pt
from pytensor.tensor import sigmoid, softplus
from pytensor.tensor.special import log_softmax as _log_softmax
from pytensor.tensor.special import softmax as _softmax

from theano._missing_names import guard_module
from theano.tensor.nnet import bn, sigm
from theano.tensor.nnet.bn import batch_normalization


def _as_rows(x: Any, name: str) -> Any:
    """Return ``x`` as a matrix; a vector becomes a matrix of one row, as in Theano.

    Raises:
        ValueError: ``x`` has another number of axes; the message says that the function ``name`` does not take it.
    """
    x = pt.as_tensor_variable(x)
    if x.ndim not in (1, 2):
        raise ValueError(f"{name} takes a vector or a matrix, not {x.ndim} axes")
    return x.dimshuffle("x", 0) if x.ndim == 1 else x


def softmax(c: Any) -> Any:
    """Return the softmax of every row, as a matrix."""
    return _softmax(_as_rows(c, "softmax"), axis=-1)


def logsoftmax(c: Any) -> Any:
    """Return the logarithm of ``softmax``."""
    return _log_softmax(_as_rows(c, "logsoftmax"), axis=-1)


def relu(x: Any, alpha: Any = 0) -> Any:
    """Return ``x`` where positive, else ``alpha * x``; in Theano's formula, whose gradient at 0 is the mean of both slopes."""
    x = pt.as_tensor_variable(x)
    if isinstance(alpha, int | float) and alpha == 0:
        return 0.5 * (x + abs(x))
    return 0.5 * (1 + alpha) * x + 0.5 * (1 - alpha) * abs(x)


def elu(x: Any, alpha: Any = 1) -> Any:
    """Return ``x`` where positive, else ``alpha * (exp(x) - 1)``."""
    return pt.switch(x > 0, x, alpha * (pt.exp(x) - 1))


def hard_sigmoid(x: Any) -> Any:
    """Return 0.2 x + 0.5, between 0 and 1."""
    return pt.clip(x * 0.2 + 0.5, 0, 1)


def binary_crossentropy(output: Any, target: Any) -> Any:
    """Return the cross-entropy of each element, not summed."""
    return -(target * pt.log(output) + (1.0 - target) * pt.log(1.0 - output))


def categorical_crossentropy(coding_dist: Any, true_dist: Any) -> Any:
    """Return the cross-entropy of each row.

    Args:
        coding_dist: probabilities, [rows, columns].
        true_dist: distributions, [rows, columns], or the right columns, [rows].

    Raises:
        TypeError: ``true_dist`` is neither.
    """
    if true_dist.ndim == coding_dist.ndim:
        return -pt.sum(true_dist * pt.log(coding_dist), axis=coding_dist.ndim - 1)
    if true_dist.ndim == coding_dist.ndim - 1:
        return -pt.log(coding_dist[pt.arange(true_dist.shape[0]), true_dist])
    raise TypeError("rank mismatch between coding and true distributions")


__getattr__, _ = guard_module(__name__)
__all__ = [
    "batch_normalization", "binary_crossentropy", "bn", "categorical_crossentropy", "elu", "hard_sigmoid", "logsoftmax", "relu",
    "sigm", "sigmoid", "softmax", "softplus",
]  # fmt: skip
