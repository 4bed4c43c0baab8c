"""``theano.compat.python2x``: what Python 2.4 had not."""

from collections import Counter, OrderedDict, defaultdict
from functools import partial

from theano._missing import guard

__getattr__, __path__ = guard(__name__)
__all__ = ["Counter", "OrderedDict", "defaultdict", "partial"]
