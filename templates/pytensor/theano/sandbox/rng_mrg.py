"""``theano.sandbox.rng_mrg``: random streams."""

from theano._missing import guard
from theano._random import MRG_RandomStreams

__getattr__, __path__ = guard(__name__)
__all__ = ["MRG_RandomStreams"]
