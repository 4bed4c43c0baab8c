"""``theano.scalar``: operations on single numbers, which ``tensor.Elemwise`` is made with."""

from pytensor.scalar.basic import Composite, ScalarOp, identity, upcast

from theano._missing import guard

__getattr__, __path__ = guard(__name__)
__all__ = ["Composite", "ScalarOp", "identity", "upcast"]
