"""Convert Python 2 files to Python 3.

``files`` leads through the steps: ``fixers`` is 2to3, ``rules`` are for what no 2to3 can know; they work on ``code`` and
ask ``scopes`` and ``kinds`` what its names mean.

The names below are imported when they are first used: what reads trees takes 300 ms, and a copy that is made already
needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lnpatch.port.convert.files import ConvertedFiles, convert_files

__all__ = ["ConvertedFiles", "convert_files"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.files"), name)
