"""``theano.scalar``: operations on single numbers, which ``tensor.Elemwise`` is made with."""

from pytensor.scalar.basic import Composite, ScalarOp, identity, upcast

from theano._missing_names import guard_module

__getattr__, __path__ = guard_module(__name__)
__all__ = ["Composite", "ScalarOp", "identity", "upcast"]
