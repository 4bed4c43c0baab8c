"""``theano.sandbox``: the old GPU backend, which is off, and random streams."""

from theano._missing_names import guard_module
from theano.sandbox import cuda, rng_mrg

__getattr__, _ = guard_module(__name__)
__all__ = ["cuda", "rng_mrg"]
