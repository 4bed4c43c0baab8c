"""The machine that a pickle is a program for: the bytes that are read, a stack with marks in it, and a memo.

What a pickle may do with it stands in :mod:`lnpatch.pickles.instructions`, what it may call in
:mod:`lnpatch.pickles.allow_list`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

#: The most elements of a tuple that is a dictionary's key, at all depths: its hash has to be computed.
_MAX_KEY = 256

#: Other keys of the same hash, in one container, of which the next one is taken for an attack.
_MAX_SAME_HASH = 64

#: Copies of elements or bytes that a pickle may ask for: some, and more for a longer one.
_MIN_COPIES = 1024
_COPIES_PER_BYTE = 4

#: The bytes of memory that may be filled: some, more for a longer pickle, and never more than the last.
_MIN_MEMORY = 1 << 26
_MEMORY_PER_BYTE = 64
_MAX_MEMORY = 1 << 32

#: The bytes that a container and an entry of the memo take, with what it takes to measure the result afterwards.
#: An instruction of one byte makes each of them, so that two million would fill most of a gigabyte.
_CONTAINER, _MEMO_ENTRY = 320, 100


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

    __slots__ = (
        "_memo_keys",
        "_tuple_keys",
        "copies_left",
        "data",
        "marks",
        "memo",
        "memory_left",
        "position",
        "stack",
    )

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        # three bytes are enough to copy a set of any size from the memo, so that copies have to be counted
        self.copies_left = _MIN_COPIES + _COPIES_PER_BYTE * len(data)
        self.memory_left = min(_MIN_MEMORY + _MEMORY_PER_BYTE * len(data), _MAX_MEMORY)
        self._memo_keys = ""
        #: By container and hash: the first tuple that is a key there, and how many others there have been.
        self._tuple_keys: dict[tuple[int, int], list[Any]] = {}

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

    def push_container(self, value: Any) -> None:
        """Push a new container, or another object that takes about as much memory."""
        self.allow_memory(_CONTAINER)
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
        if key not in self.memo:
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
        target.update(self.check_keys(target, items))

    def check_keys(self, container: object, keys: Iterable[Any]) -> Iterator[Any]:
        """Yield *keys* as :meth:`check_key` returns them."""
        return (self.check_key(container, key) for key in keys)

    def check_key(self, container: object, key: Any) -> Any:
        """Return *key*, if to put it into *container* costs little.

        Python's hash of a tuple is no secret: a pickle can choose thousands of one hash, of which each is compared with all
        others. (That of -1 and that of -2 are the same, so that it need not even search.)
        """
        if type(key) is tuple:
            self.allow_copies(_count_key_elements(key))
            self._count_same_hash(container, key)
        else:
            _check_plain_key(key)
        return key

    def _count_same_hash(self, container: object, key: tuple[Any, ...]) -> None:
        place = id(container), hash(key)
        if place not in self._tuple_keys:
            self.allow_memory(_CONTAINER)
        known = self._tuple_keys.setdefault(place, [key, 0])
        known[1] += known[0] != key
        if known[1] > _MAX_SAME_HASH:
            raise RefusedError("keys that were chosen to have one hash")


def _check_plain_key(value: Any) -> None:
    """Refuse what is no key, and one whose hash can be chosen.

    Integers beyond 64 bits are refused because ``hash`` takes them modulo a prime that is known: a pickle could choose
    a million keys of one hash, and a dictionary of them takes hours to build.
    """
    kind = type(value)
    if kind is int:
        if not -(1 << 63) <= value < 1 << 64:
            raise RefusedError("a key of more than 64 bits")
    elif not (kind is str or kind is float or kind is bool or kind is bytes or value is None):
        raise TypeError(f"{kind.__name__} as a key")


def _count_key_elements(key: tuple[Any, ...]) -> int:
    """Return the elements of a tuple at all depths; too many are refused.

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
                _check_plain_key(element)
    return count
