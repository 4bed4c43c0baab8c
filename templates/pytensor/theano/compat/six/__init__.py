"""``theano.compat.six``: the few names of six that are asked for here; no need of the package itself."""

from collections.abc import Iterator as _Iterator
from typing import Any

from theano._missing import guard
from theano.compat.six import moves

PY2, PY3 = False, True
integer_types = (int,)
string_types = (str,)
text_type = str
binary_type = bytes
class_types = (type,)
Iterator = object


def iteritems(mapping: Any) -> "_Iterator[Any]":
    """The items of a dict."""
    return iter(mapping.items())


def iterkeys(mapping: Any) -> "_Iterator[Any]":
    """The keys of a dict."""
    return iter(mapping.keys())


def itervalues(mapping: Any) -> "_Iterator[Any]":
    """The values of a dict."""
    return iter(mapping.values())


__getattr__, _ = guard(__name__)
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
