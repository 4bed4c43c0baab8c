"""``theano.tensor.shared_randomstreams``: Theano has other random streams here; ours are the same everywhere."""

from theano._missing_names import guard_module
from theano._random import MRG_RandomStreams
from theano._shared import Shared

RandomStreams = MRG_RandomStreams
# for isinstance alone: nothing is an instance, so that no parameter is taken for a random state
RandomStateSharedVariable = type("RandomStateSharedVariable", (Shared,), {})

__getattr__, __path__ = guard_module(__name__)
__all__ = ["RandomStateSharedVariable", "RandomStreams"]
