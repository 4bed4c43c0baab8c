"""``theano.tensor.sharedvar``: the classes of shared variables."""

from pytensor.compile import SharedVariable
from pytensor.tensor.sharedvar import TensorSharedVariable

from theano._missing_names import guard_module
from theano._shared import shared

__getattr__, __path__ = guard_module(__name__)
__all__ = ["SharedVariable", "TensorSharedVariable", "shared"]
