"""``theano.sandbox.cuda``: the old GPU back end, which is off."""

from theano._missing import guard

cuda_available = False
cuda_enabled = False

__getattr__, __path__ = guard(__name__)
