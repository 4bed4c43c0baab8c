"""Say which file is being read, where that takes long: libcst reads some 100 kB in a second.

It holds Python's lock all the while, so that nothing can be said once it is at it; the size has to tell beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: A file of so many bytes takes longer than a second to read.
SLOW_SIZE = 100_000

#: Called with the file's name and its bytes.
ReadingListener = Callable[[str, int], None]

_listener: ContextVar[ReadingListener | None] = ContextVar("reading_listener", default=None)


@contextmanager
def listen_to_slow_reading(listener: ReadingListener) -> Iterator[None]:
    """Have *listener* called before each file whose reading takes longer than a second."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report_reading(name: str, size: int) -> None:
    """Tell the listener that a file is about to be read, if that will take long."""
    listener = _listener.get()
    if listener is not None and size >= SLOW_SIZE:
        listener(name, size)
