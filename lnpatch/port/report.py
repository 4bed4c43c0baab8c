"""What there is to tell about a Python 3 copy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Remark:
    """What is left to a person: a line of the checkout's file (1-based, 0 for the whole file), and what to know."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


@dataclass(frozen=True)
class Ported:
    """A Python 3 copy: where it is, its files, those of them that were converted, and what is left to a person.

    ``key`` names what it was made from; ``reused`` says that nothing had to be converted.
    """

    directory: Path
    files: tuple[str, ...]
    converted: tuple[str, ...]
    remarks: tuple[Remark, ...]
    key: str
    reused: bool
