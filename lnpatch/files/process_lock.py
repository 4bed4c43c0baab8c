"""A lock that a process holds on a file, and the programs that it starts with it; the system lets go of it at their end.

Unlike a lock file that is there or not, it cannot stay behind, however the process ends. filelock would do that too, but
its lock ends with our process, while a git that we have started may still be writing.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

#: How often to look whether a lock that another process holds is free, in seconds.
_INTERVAL = 0.02


class LockTakenError(Exception):
    """Another process holds the lock."""


@dataclass(frozen=True)
class ProcessLock:
    """A lock that is held. A program that inherits *descriptor* holds it as well."""

    descriptor: int


@contextmanager
def hold_lock(path: Path, patience: float = 0.0) -> Iterator[ProcessLock]:
    """Hold the lock on the file at *path*, which is made if it is not there; it stays there.

    Args:
        patience: how long to wait for a process that holds it, in seconds.

    Raises:
        LockTakenError: another process holds it and does not let go.
        OSError: the file is a link, or cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        _acquire(descriptor, path, patience)
        yield ProcessLock(descriptor)
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Return whether a process holds the lock on the file at *path*; it is not made where it is not there."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(descriptor)
    return False


def _acquire(descriptor: int, path: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= deadline:
            raise LockTakenError(path)
        time.sleep(_INTERVAL)
