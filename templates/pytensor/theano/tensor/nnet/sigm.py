"""``theano.tensor.nnet.sigm``: the logistic function."""

from pytensor.scalar.math import Sigmoid as ScalarSigmoid
from pytensor.tensor import sigmoid, softplus

from theano._missing_names import guard_module

__getattr__, __path__ = guard_module(__name__)
__all__ = ["ScalarSigmoid", "sigmoid", "softplus"]
