"""``theano.tensor.extra_ops``: functions of NumPy that came to tensors late."""

from pytensor.tensor.extra_ops import bincount, cumprod, cumsum, diff, fill_diagonal, repeat, squeeze, to_one_hot

from theano._missing_names import guard_module

__getattr__, __path__ = guard_module(__name__)
__all__ = ["bincount", "cumprod", "cumsum", "diff", "fill_diagonal", "repeat", "squeeze", "to_one_hot"]
