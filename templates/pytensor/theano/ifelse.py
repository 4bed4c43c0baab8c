"""``theano.ifelse``: a choice between two values, of which only one is computed."""

from pytensor.ifelse import IfElse, ifelse

from theano._missing_names import guard_module

__getattr__, __path__ = guard_module(__name__)
__all__ = ["IfElse", "ifelse"]
