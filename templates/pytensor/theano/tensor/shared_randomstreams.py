"""``theano.tensor.shared_randomstreams``: random streams of another kind in Theano, of the one kind here."""

from theano._missing import guard
from theano._random import MRG_RandomStreams
from theano._shared import Shared

RandomStreams = MRG_RandomStreams
# a class of its own, for isinstance: nothing is an instance, so that no parameter is taken for a random state
RandomStateSharedVariable = type("RandomStateSharedVariable", (Shared,), {})

__getattr__, __path__ = guard(__name__)
__all__ = ["RandomStateSharedVariable", "RandomStreams"]
