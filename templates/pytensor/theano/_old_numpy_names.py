"""Names that the repositories know from the NumPy of 2016, removed in NumPy 1.24 and 2.0, put back into ``numpy``."""

from collections.abc import Callable
from typing import Any

import numpy


class _CastByDtype(dict[Any, Callable[[Any], Any]]):
    """``numpy.cast[dtype](value)``, for any dtype."""

    def __missing__(self, dtype: Any) -> Callable[[Any], Any]:
        return lambda value: numpy.asarray(value).astype(dtype)


_OLD_NAMES = {
    "cast": _CastByDtype(),
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


def restore_old_names() -> None:
    """Add the names that this NumPy lacks; those that it has stay what they are."""
    for name, value in _OLD_NAMES.items():
        # not hasattr: for a removed name, NumPy's __getattr__ warns or raises with advice
        if name not in vars(numpy):
            setattr(numpy, name, value)
