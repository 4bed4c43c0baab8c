"""``theano.printing``: graphs and values as text."""

import hashlib
from typing import Any

import numpy
from pytensor import printing as _printing
from pytensor.printing import Print, min_informative_str, pprint

from theano._callable import Function
from theano._missing_names import guard_module


def debugprint(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """Print the graph of a variable, a list of them or a function; of a function the graph as it was written, before optimization."""
    if isinstance(obj, Function):
        obj = obj.graph.results
    return _printing.debugprint(obj, *args, **kwargs)


def hex_digest(x: Any) -> str:
    """Return a short hash of an array, its shape and its dtype."""
    array = numpy.ascontiguousarray(x)
    return hashlib.md5(array.tobytes() + repr((array.shape, array.dtype)).encode(), usedforsecurity=False).hexdigest()


__getattr__, __path__ = guard_module(__name__)
__all__ = ["Print", "debugprint", "hex_digest", "min_informative_str", "pprint"]
