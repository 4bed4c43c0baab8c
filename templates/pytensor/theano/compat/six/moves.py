"""``theano.compat.six.moves``: builtins that had other names in Python 2."""

import pickle as cPickle
from builtins import filter, input, map, range, zip  # noqa: UP029
from functools import reduce
from io import StringIO

from theano._missing_names import guard_module

xrange = range

__getattr__, __path__ = guard_module(__name__)
__all__ = ["StringIO", "cPickle", "filter", "input", "map", "range", "reduce", "xrange", "zip"]
