"""The machine that a pickle is a program for: the bytes that are read, a stack with marks in it, and a memo.

What a pickle may do with it stands in :mod:`lnpatch.pickles.instructions`, what it may call in
:mod:`lnpatch.pickles.allow_list`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

#: The most elements of a tuple that is a dictionary's key, at all depths: its hash has to be computed.
_MAX_KEY = 256

#: Copies of elements or bytes that a pickle may ask for: some, and more for a longer one.
_MIN_COPIES = 1024
_COPIES_PER_BYTE = 4


class TruncatedError(Exception):
    """The data ends within a pickle. Whoever knows the file's name makes a PickleTruncatedError of it."""


class RefusedError(Exception):
    """The pickle wants something that it does not get. Whoever knows the file's name makes a PickleRefusedError of it."""


@dataclass(frozen=True, slots=True)
class AllowedName:
    """A name that a pickle refers to, and that is on the allow-list. It does nothing, and refers to nothing of Python's."""

    name: str

    def __str__(self) -> str:
        return self.name


class UnfilledArray:
    """An array whose shape and elements come later in the pickle, and the memo's key that refers to it."""

    __slots__ = ("memo_key",)

    def __init__(self) -> None:
        self.memo_key: int | None = None


class Machine:
    """The state of one pickle while it runs."""

    __slots__ = ("copies_left", "data", "marks", "memo", "position", "stack")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        # three bytes are enough to copy a set of any size from the memo, so that copies have to be counted
        self.copies_left = _MIN_COPIES + _COPIES_PER_BYTE * len(data)

    def read_bytes(self, count: int) -> bytes:
        """Return the next *count* bytes."""
        start, self.position = self.position, self.position + count
        if count < 0:
            raise ValueError("a negative length")
        if self.position > len(self.data):
            raise TruncatedError
        return self.data[start : self.position]

    def read_number(self, format: str) -> int:
        """Return the next integer, laid out as ``struct`` has it."""
        value: int = struct.unpack(format, self.read_bytes(struct.calcsize(format)))[0]
        return value

    def read_line(self) -> bytes:
        """Return the bytes before the next line end."""
        end = self.data.find(b"\n", self.position)
        if end < 0:
            raise TruncatedError
        start, self.position = self.position, end + 1
        return self.data[start:end].removesuffix(b"\r")

    def pop(self) -> Any:
        """Take the top off the stack."""
        return self.stack.pop()

    def pop_to_mark(self) -> list[Any]:
        """Take off the stack all that was pushed since the last mark."""
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def allow_copies(self, count: int) -> None:
        """Allow for a copy of *count* elements or bytes, unless there were too many before."""
        self.copies_left -= count
        if self.copies_left < 0:
            raise RefusedError("the same data copied again and again")

    def memoize(self, key: int) -> None:
        """Put the top of the stack into the memo."""
        value = self.memo[key] = self.stack[-1]
        if isinstance(value, UnfilledArray):
            value.memo_key = key

    def replace_top(self, array: Any) -> None:
        """Put an array in the place of the unfilled one at the top of the stack, in the memo too."""
        unfilled = self.stack[-1]
        self.stack[-1] = array
        if unfilled.memo_key is not None:
            self.memo[unfilled.memo_key] = array

    def set_items(self, items: list[Any]) -> None:
        """Set keys and values, in turn, of the dictionary at the top of the stack."""
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise TypeError(f"items of {type(target).__name__}")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[check_key(key)] = value

    def extend_list(self, items: list[Any]) -> None:
        """Append to the list at the top of the stack."""
        target = self.stack[-1]
        if not isinstance(target, list):
            raise TypeError(f"elements of {type(target).__name__}")
        target.extend(items)

    def extend_set(self, items: list[Any]) -> None:
        """Add to the set at the top of the stack."""
        target = self.stack[-1]
        if not isinstance(target, set):
            raise TypeError(f"members of {type(target).__name__}")
        target.update(map(check_key, items))


def check_key(value: Any) -> Any:
    """Return *value*, if its hash costs little and cannot be chosen.

    Integers beyond 64 bits are refused because ``hash`` takes them modulo a prime that is known: a pickle could choose
    a million keys of one hash, and a dictionary of them takes hours to build.
    """
    kind = type(value)
    if kind is str or kind is float or kind is bool or kind is bytes or value is None:
        return value
    if kind is int:
        if not -(1 << 63) <= value < 1 << 64:
            raise RefusedError("a key of more than 64 bits")
        return value
    if kind is not tuple:
        raise TypeError(f"{kind.__name__} as a key")
    _check_key_tuple(value)
    return value


def _check_key_tuple(key: tuple[Any, ...]) -> None:
    """Refuse a tuple with too many elements at all depths.

    Before Python 3.14 a tuple does not keep its hash, so that an element counts as often as it is referred to.
    """
    pending, count = [key], 0
    while pending:
        for element in pending.pop():
            count += 1
            if count > _MAX_KEY:
                raise RefusedError(f"a key of more than {_MAX_KEY} elements")
            if type(element) is tuple:
                pending.append(element)
            else:
                check_key(element)
