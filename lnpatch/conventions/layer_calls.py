"""Find the calls of layers through a table: ``get_layer(options['encoder'])[1](tparams, emb, None, options, mask=m)``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import libcst as cst

from lnpatch.syntax.positions import Lines, Place
from lnpatch.syntax.tree import string_value, walk

_INDICES = {"0": "initializer", "1": "layer"}


class CallRole(StrEnum):
    """Which of a cell's two functions is called."""

    INITIALIZER = "initializer"
    LAYER = "layer"


@dataclass(frozen=True)
class LayerCall:
    """One call of a layer through a table."""

    path: str
    #: Where the call is.
    place: Place = field(compare=False, repr=False)
    role: CallRole
    #: The cell where it is a literal, as in ``get_layer('ff')``; None where it is computed, and may be any.
    cell: str | None
    #: The source of the argument of ``get_layer``.
    chosen_by: str
    #: How many arguments are positional, before ``*``.
    positional: int
    keywords: tuple[str, ...]
    #: Whether the call has ``*`` or ``**``, so that the rest of its arguments is not known.
    has_star: bool = False

    @property
    def line(self) -> int:
        """The 1-based line of the call."""
        return self.place.line

    def may_call(self, cell: str) -> bool:
        """Return whether this may be a call of *cell*."""
        return self.cell is None or self.cell == cell


def find_layer_calls(module: cst.Module, path: str) -> tuple[LayerCall, ...]:
    """Find the calls ``get_layer*(x)[0](...)`` and ``get_layer*(x)[1](...)`` of a module, in source order.

    Args:
        module: the tree of the file.
        path: the file, relative to the repository's root, for the result.
    """
    return tuple(_find_calls(module, path))


def _find_calls(module: cst.Module, path: str) -> Iterator[LayerCall]:
    lines = Lines(module)
    for node in walk(module):
        if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Subscript):
            continue
        lookup = node.func.value
        if not isinstance(lookup, cst.Call) or not _name_of(lookup.func).startswith("get_layer") or not lookup.args:
            continue
        index = node.func.slice[0].slice
        number = index.value.value if isinstance(index, cst.Index) and isinstance(index.value, cst.Integer) else ""
        if number not in _INDICES:
            continue
        chosen = lookup.args[0].value
        yield LayerCall(
            path,
            lines.place(node),
            CallRole(_INDICES[number]),
            string_value(chosen),
            cst.Module([]).code_for_node(chosen),
            sum(argument.keyword is None and not argument.star for argument in node.args),
            tuple(argument.keyword.value for argument in node.args if argument.keyword is not None),
            any(argument.star for argument in node.args),
        )


def _name_of(function: cst.BaseExpression) -> str:
    """Return the last name of what is called: ``get_layer`` of ``layers.get_layer``."""
    if isinstance(function, cst.Attribute):
        return function.attr.value
    return function.value if isinstance(function, cst.Name) else ""
