"""Decode NumPy's arrays and scalars as pickles describe them, since NumPy's own loaders trust what they are given.

NumPy is imported when the first array is built, and only if it is installed: most commands read pickles without arrays.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

#: The types that are read: booleans, integers, floats and byte strings of a fixed length.
_TYPE_CODE = re.compile(r"b1|[iu][1248]|f[248]|S[0-9]{1,6}")

#: The same in the letters of ``struct``.
_STRUCT_LETTERS = {"b1": "?", "f2": "e", "f4": "f", "f8": "d"} | {
    f"{kind}{1 << size}": letter.upper() if kind == "u" else letter
    for kind in "iu"
    for size, letter in enumerate("bhiq")
}

#: NumPy's own limit until version 2.
_MAX_DIMENSIONS = 32

#: The largest product of the lengths of an empty array, those of 0 left out.
_MAX_EMPTY = 1 << 16

#: Bytes of memory that an array takes beside its elements, and that these take where there is no NumPy.
_OBJECT, _NUMBER, _TEXT = 640, 48, 80


class DTypeError(ValueError):
    """An array's type is not one of those that are read; ``code`` is what NumPy calls it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class DType:
    """The type of an array's elements: NumPy's code (``f4``) and the order of the bytes, ``<`` or ``>``."""

    __slots__ = ("code", "order")

    def __init__(self, code: object) -> None:
        if not isinstance(code, str) or not _TYPE_CODE.fullmatch(code):
            raise DTypeError(str(code)[:40])
        self.code = code
        self.order = "<"

    def set_state(self, state: object) -> None:
        """Set the byte order from the state that NumPy pickles.

        Args:
            state: version, byte order, and then the parts of structured types, which are refused.

        Raises:
            DTypeError: the type has fields.
            ValueError: it is not the state of a dtype.
        """
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "=", "|"):
            raise ValueError("a dtype without a byte order")
        if any(part is not None for part in state[2:5]):
            raise DTypeError(f"{self.code} with fields")
        self.order = ">" if state[1] == ">" else "<"

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return int(self.code[1:])

    def __str__(self) -> str:
        return f"{self.order}{self.code}"

    def decode(self, data: bytes) -> list[Any]:
        """Return the elements in *data*, one after another, as Python values.

        Raises:
            ValueError: *data* does not hold whole elements.
        """
        if not self.size:
            raise ValueError("an element without bytes")
        count, rest = divmod(len(data), self.size)
        if rest:
            raise ValueError("an array cut within an element")
        if self.code[0] == "S":
            pieces = (data[i : i + self.size] for i in range(0, len(data), self.size))
            return [piece.rstrip(b"\0").decode("latin1") for piece in pieces]
        return list(struct.unpack(f"{self.order}{count}{_STRUCT_LETTERS[self.code]}", data))


@dataclass(frozen=True)
class Array:
    """An array where there is no NumPy."""

    #: The length of each dimension; empty for a single number.

    shape: tuple[int, ...]
    #: The type of the elements as NumPy writes it: ``<f4``.
    dtype: str
    #: The elements in C order: the last dimension varies fastest.
    values: tuple[Any, ...]

    def tolist(self) -> Any:
        """Return nested lists, or the one element of an array without dimensions, as ``numpy.ndarray.tolist`` does."""
        return _nest_values(self.values, self.shape) if self.shape else self.values[0]

    def __float__(self) -> float:
        if len(self.values) != 1:
            raise TypeError("only an array of one element is a number")
        return float(self.values[0])

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an array without dimensions has no length")
        return self.shape[0]


def make_array(
    shape: object, dtype: DType, data: bytes, fortran: bool, allow_memory: Callable[[int], None] = lambda size: None
) -> Any:
    """Build the array of *shape* from *data*: a ``numpy.ndarray`` where NumPy is installed, else an :class:`Array`.

    Args:
        data: the bytes of the elements.
        fortran: whether the first axis varies fastest in *data*, not the last.
        allow_memory: is told the bytes of memory that it takes, and refuses too many.

    Raises:
        ValueError: shape and data do not agree.
    """
    if not isinstance(shape, tuple) or len(shape) > _MAX_DIMENSIONS or not all(type(n) is int for n in shape):
        raise ValueError("an array without a shape")
    # lengths of 0 are left out of the product: an empty array of (10**9, 0) would become a billion empty lists
    longest = len(data) or _MAX_EMPTY
    if (
        min(shape, default=0) < 0
        or math.prod(n or 1 for n in shape) > longest
        or math.prod(shape) * dtype.size != len(data)
    ):
        raise ValueError(f"an array of shape {shape} in {len(data)} bytes")
    try:
        import numpy  # lnpatch does not require it: a run's curves can be read without
    except ImportError:
        allow_memory(_OBJECT + len(data) // (dtype.size or 1) * (_TEXT if dtype.code[0] == "S" else _NUMBER))
        values = dtype.decode(data)
        return Array(shape, str(dtype), tuple(_reorder_to_c(values, shape) if fortran else values))
    allow_memory(_OBJECT + len(data))
    # frombuffer gives views that cannot be written to, hence the copy
    flat = numpy.frombuffer(data, dtype=str(dtype)) if data else numpy.empty(0, dtype=str(dtype))
    return flat.reshape(shape, order="F" if fortran else "C").copy()


def _nest_values(values: Sequence[Any], shape: tuple[int, ...]) -> list[Any]:
    if len(shape) == 1:
        return list(values)
    step = math.prod(shape[1:])
    return [_nest_values(values[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]


def _reorder_to_c(values: Sequence[Any], shape: tuple[int, ...]) -> list[Any]:
    """Return elements of which the first axis varies fastest in the order in which the last one does."""
    order = [0]
    stride = 1
    for length in shape:
        order = [start + i * stride for start in order for i in range(length)]
        stride *= length
    return [values[i] for i in order]
