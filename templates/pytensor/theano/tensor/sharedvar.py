"""``theano.tensor.sharedvar``: the classes of shared variables."""

from pytensor.compile import SharedVariable
from pytensor.tensor.sharedvar import TensorSharedVariable

from theano._missing import guard
from theano._shared import shared

__getattr__, __path__ = guard(__name__)
__all__ = ["SharedVariable", "TensorSharedVariable", "shared"]
