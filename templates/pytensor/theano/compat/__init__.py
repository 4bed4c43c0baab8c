"""``theano.compat``: Python 2 and 3 in one."""

from theano._missing import guard
from theano.compat import python2x, six

PY3 = True

__getattr__, _ = guard(__name__)
__all__ = ["PY3", "python2x", "six"]
