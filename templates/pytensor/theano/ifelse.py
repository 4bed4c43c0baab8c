"""``theano.ifelse``: a choice of which only one side is computed."""

from pytensor.ifelse import IfElse, ifelse

from theano._missing import guard

__getattr__, __path__ = guard(__name__)
__all__ = ["IfElse", "ifelse"]
