"""``theano.sandbox.rng_mrg``: random streams."""

from theano._missing_names import guard_module
from theano._random import MRG_RandomStreams

__getattr__, __path__ = guard_module(__name__)
__all__ = ["MRG_RandomStreams"]
