"""``theano.compat``: what code for both Python 2 and 3 uses."""

from theano._missing_names import guard_module
from theano.compat import python2x, six

PY3 = True

__getattr__, _ = guard_module(__name__)
__all__ = ["PY3", "python2x", "six"]
