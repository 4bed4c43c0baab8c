"""Names that NumPy had in 2016 and has no more (removed in 1.24 and 2.0), put back for the repositories' modules."""

from collections.abc import Callable
from typing import Any

import numpy


class _Cast(dict[Any, Callable[[Any], Any]]):
    """``numpy.cast[dtype](value)``."""

    def __missing__(self, dtype: Any) -> Callable[[Any], Any]:
        return lambda value: numpy.asarray(value).astype(dtype)


def restore() -> None:
    """Add what is missing; nothing that NumPy has is touched."""
    old = {
        "cast": _Cast(),
        "bool": bool,
        "int": int,
        "float": float,
        "complex": complex,
        "object": object,
        "str": str,
        "unicode": str,
        "float_": numpy.float64,
        "Inf": numpy.inf,
        "NaN": numpy.nan,
    }
    for name, value in old.items():
        if name not in vars(numpy):
            setattr(numpy, name, value)
