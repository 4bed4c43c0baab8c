"""Python 2.7 and 3 source through libcst, byte for byte.

The names below are imported when they are first used: libcst takes 200 ms, and :mod:`lnpatch.source.merge` needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lnpatch.source.document import Source, check_syntax

__all__ = ["Source", "check_syntax"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("lnpatch.source.document"), name)
