"""``theano.tensor.opt``: the assertion that graphs can carry. (JAX drops it, with all that may fail.)"""

from pytensor.raise_op import Assert, assert_op

from theano._missing import guard

__getattr__, __path__ = guard(__name__)
__all__ = ["Assert", "assert_op"]
