"""``theano.tensor.opt``: assertions within a graph. The JAX backend leaves them out."""

from pytensor.raise_op import Assert, assert_op

from theano._missing_names import guard_module

__getattr__, __path__ = guard_module(__name__)
__all__ = ["Assert", "assert_op"]
