"""``theano.compat.six``: the few names of six that are imported from here, without the package itself."""

from collections.abc import Iterator as _Iterator
from typing import Any

from theano._missing_names import guard_module
from theano.compat.six import moves

PY2, PY3 = False, True
integer_types = (int,)
string_types = (str,)
text_type = str
binary_type = bytes
class_types = (type,)
Iterator = object


def iteritems(mapping: Any) -> "_Iterator[Any]":
    """Iterate over the items of a dict."""
    return iter(mapping.items())


def iterkeys(mapping: Any) -> "_Iterator[Any]":
    """Iterate over the keys of a dict."""
    return iter(mapping.keys())


def itervalues(mapping: Any) -> "_Iterator[Any]":
    """Iterate over the values of a dict."""
    return iter(mapping.values())


__getattr__, _ = guard_module(__name__)
__all__ = [
    "PY2",
    "PY3",
    "Iterator",
    "binary_type",
    "class_types",
    "integer_types",
    "iteritems",
    "iterkeys",
    "itervalues",
    "moves",
    "string_types",
    "text_type",
]
