"""The header of a .npy file: what kind of array follows. No Python is evaluated for it, as NumPy does, and no array is made."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import IO

#: What NumPy writes, Python 2's long integers and its blanks at the end included. Types with a pickle in them
#: (``|O``), with fields or with text do not match: weights and figures are numbers.
_HEADER = re.compile(
    r"\{'descr': '(?P<type>\|b1|\|[iu]1|[<>][iu][248]|[<>]f[248])', 'fortran_order': (?P<fortran>True|False), "
    r"'shape': \((?P<shape>|\d{1,19}L?,|\d{1,19}L?(?:, \d{1,19}L?){1,31})\),? ?\} *\n?"
)

_MAGIC = b"\x93NUMPY"

#: NumPy's own limit; the header of an array of numbers has about 100 bytes.
_MAX_HEADER = 10_000

#: The format of the header's length, by the version of the file.
_LENGTHS = {(1, 0): "<H", (2, 0): "<I", (3, 0): "<I"}


class HeaderError(ValueError):
    """What a .npy file begins with is no header of an array of numbers."""


@dataclass(frozen=True)
class NpyHeader:
    """The kind of an array."""

    #: The type of the elements, as NumPy writes it: ``<f4``.
    dtype: str
    shape: tuple[int, ...]
    #: Whether the first axis varies fastest, not the last.
    fortran: bool

    @property
    def data_size(self) -> int:
        """Bytes of all elements."""
        return math.prod(self.shape) * int(self.dtype[2:])

    def as_bytes(self) -> bytes:
        """Return the header as NumPy writes it in version 1.0, at a length that aligns the elements."""
        text = f"{{'descr': '{self.dtype}', 'fortran_order': {self.fortran}, 'shape': {self.shape}, }}"
        start = len(_MAGIC) + 2 + 2
        text += " " * (-(start + len(text) + 1) % 64) + "\n"
        return _MAGIC + b"\x01\x00" + struct.pack("<H", len(text)) + text.encode("ascii")


def read_npy_header(file: IO[bytes]) -> NpyHeader:
    """Read the header, and leave *file* at the first element.

    Raises:
        HeaderError: it is none, or that of another kind of array.
    """
    start = file.read(8)
    if start[:6] != _MAGIC or len(start) < 8:
        raise HeaderError("it is no array of NumPy's")
    length_format = _LENGTHS.get((start[6], start[7]))
    if length_format is None:
        raise HeaderError(f"version {start[6]}.{start[7]} of the format is not known")
    length = file.read(struct.calcsize(length_format))
    size = struct.unpack(length_format, length)[0] if len(length) == struct.calcsize(length_format) else 0
    if not 0 < size <= _MAX_HEADER:
        raise HeaderError(f"a header of {size} bytes")
    text = file.read(size).decode("latin1")
    match = _HEADER.fullmatch(text)
    if len(text) < size or match is None:
        raise HeaderError(f"its header says no array of numbers: {text.strip()[:80]!r}")
    shape = tuple(int(length.rstrip("L")) for length in match["shape"].split(",") if length)
    return NpyHeader(match["type"], shape, match["fortran"] == "True")
