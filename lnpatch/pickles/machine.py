"""The machine that a pickle is a program for: the bytes that are read, a stack with marks in it, and a memo.

What a pickle may do with it stands in :mod:`lnpatch.pickles.instructions`, what it may call in
:mod:`lnpatch.pickles.allow_list`.
"""

from __future__ import annotations

import struct
import sys
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

#: The most elements of a tuple that is a dictionary's key, at all depths: its hash has to be computed.
_MAX_KEY = 256

#: The most tuples of one hash in one container: each new one is compared with all others.
_MAX_SAME_HASH = 64

#: The most marks at a time. A container needs one or two while it is filled, and they are nested 64 deep at most.
_MAX_MARKS = 1024

#: Characters or bytes of a text that weigh as much as one element where they are compared or walked over.
CHARACTERS_PER_ELEMENT = 64

#: Copies of elements or bytes that a pickle may ask for: some, and more for a longer one.
_MIN_COPIES = 1024
_COPIES_PER_BYTE = 4

#: Bytes of memory for containers, arrays and the memo: some, more for a longer pickle, and at the end no more.
_MIN_MEMORY = 64 << 20
_MEMORY_PER_BYTE = 64
_MAX_MEMORY = 4 << 30

#: Bytes that an object takes where it is referred to, an entry of the memo, and one of the hashes of a container.
_REFERENCE, _MEMO_ENTRY, _HASH_ENTRY = 16, 100, 128

#: Bytes that a container takes at least, with what it takes to measure the result afterwards.
_CONTAINER = 320


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

    __slots__ = ("_hashes", "_memo_keys", "copies_left", "data", "marks", "memo", "memory_left", "position", "stack")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        # three bytes are enough to copy a set of any size from the memo, so that copies have to be counted
        self.copies_left = _MIN_COPIES + _COPIES_PER_BYTE * len(data)
        # an instruction of one byte makes a set of 216 bytes
        self.memory_left = min(_MIN_MEMORY + _MEMORY_PER_BYTE * len(data), _MAX_MEMORY)
        self._memo_keys = ""
        self._hashes: dict[int, dict[int, int]] = {}  # by container: how many of its tuples have a hash

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
        """Take the top off the stack; what lies under a mark cannot be taken."""
        if self.marks and self.marks[-1] >= len(self.stack):
            raise ValueError("nothing since the last mark")
        return self.stack.pop()

    def push_mark(self) -> None:
        """Mark the place up to which :meth:`pop_to_mark` takes."""
        if len(self.marks) >= _MAX_MARKS:
            raise RefusedError(f"more than {_MAX_MARKS} containers begun within each other")
        self.marks.append(len(self.stack))

    def push_new(self, value: Any) -> None:
        """Push an object that an instruction of few bytes has made, a container above all."""
        self.allow_memory(max(_CONTAINER, sys.getsizeof(value) + _REFERENCE))
        self.stack.append(value)

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

    def allow_memory(self, size: int) -> None:
        """Allow for *size* bytes of memory, unless there were too many before."""
        self.memory_left -= size
        if self.memory_left < 0:
            raise RefusedError("so many objects that they would fill memory")

    def use_memo_keys(self, kind: str) -> None:
        """Refuse memo keys written in decimals beside binary ones: to Python 2 they are not the same keys, to Python 3 they are."""
        if self._memo_keys not in ("", kind):
            raise ValueError("memo keys of two kinds")
        self._memo_keys = kind

    def memoize(self, key: int) -> None:
        """Put the top of the stack into the memo."""
        self.allow_memory(_MEMO_ENTRY)
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
            target[self.check_key(target, key)] = value

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
        target.update(self.check_key(target, item) for item in items)

    def make_set(self, items: Iterable[Any]) -> set[Any]:
        """Make a set."""
        members: set[Any] = set()
        members.update(self.check_key(members, item) for item in items)
        self._hashes.pop(id(members), None)  # the set may go, and another one come in its place
        return members

    def make_ordered_dict(self, pairs: Iterable[Any]) -> OrderedDict[Any, Any]:
        """Make an ordered dictionary of keys and values."""
        made: OrderedDict[Any, Any] = OrderedDict()
        for key, value in pairs:
            made[self.check_key(made, key)] = value
        return made

    def check_key(self, container: dict[Any, Any] | set[Any], key: Any) -> Any:
        """Return *key*, if to put it into *container* costs little.

        The same key may be put there again and again, which takes as long as to compare the two.
        """
        kind = type(key)
        if kind is str or kind is bytes:
            if len(key) >= CHARACTERS_PER_ELEMENT:
                self.allow_copies(len(key) // CHARACTERS_PER_ELEMENT)
        elif kind is tuple:
            self.allow_copies(_measure_key(key))
            if key not in container:
                self._count_hash(container, hash(key))
        else:
            _check_plain_key(key)
        return key

    def _count_hash(self, container: object, value: int) -> None:
        """Count the tuples of one hash in a container.

        A tuple's hash is no secret: a pickle can choose a million of one hash. Those of -1 and -2 are even the same.
        """
        self.allow_memory(_HASH_ENTRY)
        hashes = self._hashes.setdefault(id(container), {})
        hashes[value] = hashes.get(value, 0) + 1
        if hashes[value] > _MAX_SAME_HASH:
            raise RefusedError("keys that were chosen to have one hash")


def _check_plain_key(key: Any) -> None:
    """Refuse what is no key, and an integer whose hash can be chosen.

    ``hash`` takes a number modulo a prime that is known. Within 64 bits nine integers at most share a hash, and floats
    some forty; beyond, a pickle could choose a million, and a dictionary of them takes hours to build. Numbers of different
    hashes that were chosen to be looked for in the same places of a table are not found out: half a megabyte of them takes
    seconds, and twice as many take four times as long.
    """
    kind = type(key)
    if kind is int:
        if not -(1 << 63) <= key < 1 << 64:
            raise RefusedError("a key of more than 64 bits")
    elif not (kind is str or kind is float or kind is bool or kind is bytes or key is None):
        raise TypeError(f"{kind.__name__} as a key")


def _measure_key(key: tuple[Any, ...]) -> int:
    """Return the elements of a tuple at all depths, with the length of its texts; too many elements are refused.

    Before Python 3.14 a tuple does not keep its hash, so that an element counts as often as it is referred to.
    """
    pending, count, length = [key], 0, 0
    while pending:
        for element in pending.pop():
            count += 1
            if count > _MAX_KEY:
                raise RefusedError(f"a key of more than {_MAX_KEY} elements")
            if type(element) is tuple:
                pending.append(element)
            else:
                _check_plain_key(element)
                length += len(element) if isinstance(element, str | bytes) else 0
    return count + length // CHARACTERS_PER_ELEMENT
