"""Read how a repository writes its layers: tables, plain cells, the calls of them, layer normalization that is there.

Nothing of the repository is run. Every function takes a tree of :mod:`lnpatch.source` and returns data classes with the
file and the 1-based line of what was read. All of it is pure.

The names below are imported when they are first used: libcst takes 200 ms.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lnpatch.conventions.layer_calls import CallRole, LayerCall, find_layer_calls
    from lnpatch.conventions.layer_tables import LayerPair, LayerTable, find_layer_tables
    from lnpatch.conventions.normalization import Normalization, find_normalization
    from lnpatch.conventions.plain_cell import Convention, Parameter, ReturnForm, Signature, StateParameter, read_cell

_MODULE_OF = {
    "CallRole": "layer_calls",
    "Convention": "plain_cell",
    "LayerCall": "layer_calls",
    "LayerPair": "layer_tables",
    "LayerTable": "layer_tables",
    "Normalization": "normalization",
    "Parameter": "plain_cell",
    "ReturnForm": "plain_cell",
    "Signature": "plain_cell",
    "StateParameter": "plain_cell",
    "find_layer_calls": "layer_calls",
    "find_layer_tables": "layer_tables",
    "find_normalization": "normalization",
    "read_cell": "plain_cell",
}

__all__ = [
    "CallRole",
    "Convention",
    "LayerCall",
    "LayerPair",
    "LayerTable",
    "Normalization",
    "Parameter",
    "ReturnForm",
    "Signature",
    "StateParameter",
    "find_layer_calls",
    "find_layer_tables",
    "find_normalization",
    "read_cell",
]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
