"""What there is to tell about a Python 3 copy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Remark:
    """Something in the checkout that is left to a person."""

    #: The file, relative to the checkout.
    path: str
    #: The line in the checkout's file, counted from 1; 0 for the whole file.
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


@dataclass(frozen=True)
class PortedCopy:
    """A Python 3 copy on disk."""

    directory: Path
    #: All its files, relative to the directory.
    files: tuple[str, ...]
    #: Those of them that were converted; the others are as in the checkout.
    converted: tuple[str, ...]
    remarks: tuple[Remark, ...]
    #: Names what it was made from: contents, recipe and converter.
    key: str
    #: Whether it was there already, so that nothing had to be converted.
    reused: bool
