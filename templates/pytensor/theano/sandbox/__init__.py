"""``theano.sandbox``."""

from theano._missing import guard
from theano.sandbox import cuda, rng_mrg

__getattr__, _ = guard(__name__)
__all__ = ["cuda", "rng_mrg"]
