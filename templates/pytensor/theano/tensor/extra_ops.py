"""``theano.tensor.extra_ops``: what NumPy has and tensors had not at first."""

from pytensor.tensor.extra_ops import bincount, cumprod, cumsum, diff, fill_diagonal, repeat, squeeze, to_one_hot

from theano._missing import guard

__getattr__, __path__ = guard(__name__)
__all__ = ["bincount", "cumprod", "cumsum", "diff", "fill_diagonal", "repeat", "squeeze", "to_one_hot"]
