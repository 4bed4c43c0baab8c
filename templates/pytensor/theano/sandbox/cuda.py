"""``theano.sandbox.cuda``: the old GPU backend, which is off."""

from theano._missing_names import guard_module

cuda_available = False
cuda_enabled = False

__getattr__, __path__ = guard_module(__name__)
