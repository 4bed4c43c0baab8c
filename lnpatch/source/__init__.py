"""Read Python 2.7 and 3 source into libcst trees, and write edited trees back, byte for byte.

libcst reads Python 3 only. So a token that only Python 2 has (``print`` without brackets, ``0777``, ``<>``) is masked
before parsing: a *source placeholder*, a numbered name, takes its place in the tree and gives way to the original token
when the tree is written (:mod:`lnpatch.source.python2`, :mod:`lnpatch.source.placeholders`). It has nothing to do with
the *recipe placeholders* ``{cell}`` and the like, which :mod:`lnpatch.edits` fills in.

The names below are imported when they are first used: libcst takes 200 ms, and :mod:`lnpatch.source.merge` needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lnpatch.source.document import Source, check_syntax
    from lnpatch.source.grammar import deep_recursion

__all__ = ["Source", "check_syntax", "deep_recursion"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "grammar" if name == "deep_recursion" else "document"
    return getattr(import_module(f"lnpatch.source.{module}"), name)
