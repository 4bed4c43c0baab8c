"""``theano.compat.python2x``: what Python 2.4 lacked."""

from collections import Counter, OrderedDict, defaultdict
from functools import partial

from theano._missing_names import guard_module

__getattr__, __path__ = guard_module(__name__)
__all__ = ["Counter", "OrderedDict", "defaultdict", "partial"]
