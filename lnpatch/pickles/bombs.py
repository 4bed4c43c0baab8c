"""Refuse results that are small in memory and without end to whoever walks over them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from lnpatch.pickles.machine import RefusedError, UnfilledArray

#: The deepest nesting of a result.
MAX_DEPTH = 64

_CONTAINERS = (list, tuple, dict, set, frozenset)

#: What is looked at within a container: an array that was never filled is no container, but no result either.
_INSPECTED = (*_CONTAINERS, UnfilledArray)


def refuse_bombs(root: Any, limit: int) -> None:
    """Refuse a result that holds itself, is nested too deeply, or has more than *limit* elements when it is walked over.

    A list of ten references to a list of ten references, and so on ("billion laughs"), takes a few hundred bytes and has
    ten to the power of its depth elements. Each container is measured once, however often it is referred to.

    Raises:
        RefusedError: with what was found.
        ValueError: it has an array that was never filled.
    """
    measured: dict[int, tuple[int, int]] = {}  # elements and depth by identity; root keeps every container alive
    opened: set[int] = set()
    # a stack of our own: the nesting that is to be found here would end in a RecursionError
    pending: list[Any] = [root] if isinstance(root, _CONTAINERS) else []
    while pending:
        container = pending[-1]
        key = id(container)
        if key in measured:
            pending.pop()
            continue
        inner = [element for element in _iterate_elements(container) if isinstance(element, _INSPECTED)]
        # each container is seen twice: first to put what it holds on top of it, then to add up what was measured there
        if key not in opened:
            opened.add(key)
            if any(isinstance(element, UnfilledArray) for element in inner):
                raise ValueError("an array without elements")
            unmeasured = [element for element in inner if id(element) not in measured]
            if any(id(element) in opened for element in unmeasured):
                raise RefusedError("a container that holds itself")
            pending += unmeasured
            continue
        measured[key] = _measure(container, [measured[id(element)] for element in inner], limit)
        pending.pop()


def _measure(container: Any, inner: list[tuple[int, int]], limit: int) -> tuple[int, int]:
    """Return the elements and the depth of a container, of which *inner* are those of the containers in it."""
    own = 2 * len(container) if isinstance(container, dict) else len(container)
    elements = own + sum(count for count, _ in inner)
    depth = 1 + max((depth for _, depth in inner), default=0)
    if elements > limit:
        raise RefusedError(f"more than {limit} elements, by references to the same ones again and again")
    if depth > MAX_DEPTH:
        raise RefusedError(f"containers nested more than {MAX_DEPTH} deep")
    return elements, depth


def _iterate_elements(container: Any) -> Iterable[Any]:
    return chain(container, container.values()) if isinstance(container, dict) else container
