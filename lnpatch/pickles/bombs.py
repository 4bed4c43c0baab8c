"""Refuse results that are small in memory and without end to whoever walks over them."""

from __future__ import annotations

import itertools
import operator
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from typing import Any

from lnpatch.pickles.machine import CHARACTERS_PER_ELEMENT, RefusedError, UnfilledArray

#: The deepest nesting of a result.
MAX_DEPTH = 64

#: A container of so many elements without others in it is looked at wherever it is met, which takes no memory.
_SMALL = 16

_CONTAINERS = frozenset([list, tuple, dict, set, frozenset, OrderedDict, defaultdict])
_DICTIONARIES = frozenset([dict, OrderedDict, defaultdict])
_NUMBERS = frozenset([int, float, bool, type(None)])
_TEXTS = frozenset([str, bytes])


def refuse_bombs(root: Any, limit: int) -> None:
    """Refuse a result that holds itself, is nested too deeply, or has more than *limit* elements when it is walked over.

    A list of ten references to a list of ten references, and so on ("billion laughs"), takes a few hundred bytes and has
    ten to the power of its depth elements. Each container is measured once, however often it is referred to. The elements
    of arrays count as those of lists do, and a long text counts as several elements.

    Raises:
        RefusedError: with what was found.
        ValueError: an array in it has never got its elements.
    """
    measured: dict[int, tuple[int, int]] = {}  # elements and depth by identity; root keeps every container alive
    opened: dict[int, tuple[int, int, list[Any]]] = {}  # own elements, own depth, larger containers within
    # a stack of our own: the nesting that is to be found here would end in a RecursionError
    pending = [root] if type(root) in _CONTAINERS else []
    while pending:
        container = pending[-1]
        key = id(container)
        if key in measured:
            pending.pop()
        # each container is seen twice: first to put what it holds on top of it, then to add up what was measured there
        elif key in opened:
            size, depth, inner = opened.pop(key)
            sums = [measured[id(element)] for element in inner]
            size += sum(inner_size for inner_size, _ in sums)
            depth = max([depth, *(1 + inner_depth for _, inner_depth in sums)])
            measured[key] = _require_bounds(size, depth, limit)
            pending.pop()
        else:
            opened[key] = size, _, inner = _scan(container)
            unmeasured = [element for element in inner if id(element) not in measured]
            if any(id(element) in opened for element in unmeasured):
                raise RefusedError("a container that holds itself")
            # the opened ones are those that this one is in
            _require_bounds(size, len(opened), limit)
            pending += unmeasured


def _require_bounds(size: int, depth: int, limit: int) -> tuple[int, int]:
    if size > limit:
        raise RefusedError(f"more than {limit} elements, by references to the same ones again and again")
    if depth > MAX_DEPTH:
        raise RefusedError(f"containers nested more than {MAX_DEPTH} deep")
    return size, depth


def _scan(container: Any) -> tuple[int, int, list[Any]]:
    """Return the elements of a container, those of small ones in it included, its depth so far, and its larger ones."""
    size, depth = _count_own(container), 1
    inner: list[Any] = []
    for element in _iterate_elements(container):
        kind = type(element)
        if kind in _NUMBERS:
            continue
        if kind not in _CONTAINERS:
            size += _weigh(element)
        elif _is_small(element):
            size += _count_own(element)
            depth = 2
        else:
            inner.append(element)
    return size, depth, inner


def _is_small(container: Any) -> bool:
    """Return whether a container is quickly looked at: it has few elements, which are numbers and short texts."""
    if len(container) > _SMALL:
        return False
    return all(
        type(element) in _NUMBERS or (type(element) in _TEXTS and len(element) < CHARACTERS_PER_ELEMENT)
        for element in _iterate_elements(container)
    )


def _weigh(value: Any) -> int:
    """Return how many elements more than one a value counts for that is no container."""
    if type(value) in _TEXTS:
        return len(value) // CHARACTERS_PER_ELEMENT
    if isinstance(value, UnfilledArray):
        raise ValueError("an array without elements")
    # as many as its tolist() makes, lists for its inner dimensions included
    return sum(itertools.accumulate(getattr(value, "shape", ()), operator.mul))


def _count_own(container: Any) -> int:
    return 2 * len(container) if type(container) in _DICTIONARIES else len(container)


def _iterate_elements(container: Any) -> Iterable[Any]:
    return itertools.chain(container, container.values()) if type(container) in _DICTIONARIES else container
