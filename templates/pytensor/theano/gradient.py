"""``theano.gradient``: differentiation."""

from pytensor.gradient import DisconnectedType, disconnected_grad, grad, grad_clip, zero_grad

from theano._missing import guard

__getattr__, __path__ = guard(__name__)
__all__ = ["DisconnectedType", "disconnected_grad", "grad", "grad_clip", "zero_grad"]
