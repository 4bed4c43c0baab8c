"""``theano.function``: makes a graph of its arguments, and a callable of the backend that computes."""

import pkgutil
import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy

from theano import _backend
from theano._callable import Function
from theano._graph import build_graph

#: The class of each backend's functions. By name: only that of the backend that computes is imported, since JAX is heavy and optional.
_FUNCTION_CLASSES = {"c": "theano._c:CFunction", "jax": "theano._jax.function:JaxFunction"}


def function(
    inputs: Sequence[Any],
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
) -> Function:
    """Return a callable for a graph, with Theano's arguments.

    ``mode``, ``profile``, ``accept_inplace`` and ``rebuild_strict`` have no effect: LNPATCH_BACKEND chooses what computes.

    Raises:
        ValueError: the graph needs a variable that is not among the inputs, or an input is not needed.
        TypeError: ``updates`` has a variable that is not shared.
    """
    graph = build_graph(inputs, outputs, updates, givens, no_default_updates, name, on_unused_input)
    return _function_class(_backend.NAME)(graph, allow_input_downcast)


@cache
def _function_class(backend: str) -> type[Function]:
    """Import the class of a backend's functions; the global generators stay as they are.

    JAX draws from them when it is imported. Repositories draw parameters and batches from them, before and after they make their
    first function: from one seed, all runtimes are to draw the same.
    """
    states = random.getstate(), numpy.random.get_state()
    function_class: type[Function] = pkgutil.resolve_name(_FUNCTION_CLASSES[backend])
    random.setstate(states[0])
    numpy.random.set_state(states[1])
    return function_class
