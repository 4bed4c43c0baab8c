"""A Python 3 copy of a patched checkout, for training on machines of today; the checkout stays as it is.

The names below are imported when they are first used: every command that may start a runtime imports this package, and few
of them need a copy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lnpatch.port.copy import port_checkout
    from lnpatch.port.report import PortedCopy, Remark

__all__ = ["PortedCopy", "Remark", "port_checkout"]

_MODULES = {"PortedCopy": "report", "Remark": "report", "port_checkout": "copy"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
