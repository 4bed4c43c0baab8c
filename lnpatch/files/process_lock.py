"""A lock that a process holds on a file, and the programs that it starts with it; the system lets go of it at their end.

Unlike a lock file that is there or not, it cannot stay behind, however the process ends. filelock would do that too, but
its lock ends with our process, while a git that we have started may still be writing.
"""

from __future__ import annotations

import fcntl
import math
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

    def release(self) -> None:
        """Let go of it; programs that have inherited it still hold it."""
        os.close(self.descriptor)


@contextmanager
def hold_lock(path: Path, patience: float = 0.0) -> Iterator[ProcessLock]:
    """Hold the lock on the file at *path*, which is made if it is not there; it stays there.

    Args:
        patience: how long to wait for a process that holds it, in seconds.

    Raises:
        LockTakenError: another process holds it and does not let go.
        OSError: the file is a link, or cannot be opened.
    """
    lock = ProcessLock(_open(path))
    try:
        _acquire(lock.descriptor, path, fcntl.LOCK_EX, patience)
        yield lock
    finally:
        lock.release()


def share_lock(path: Path) -> ProcessLock:
    """Hold the lock on the file at *path* together with others who share it, until it is released or this process ends.

    It waits for a process that holds it alone.

    Raises:
        OSError: the file is a link, or cannot be opened.
    """
    lock = ProcessLock(_open(path))
    _acquire(lock.descriptor, path, fcntl.LOCK_SH, math.inf)
    return lock


def is_held(path: Path, *, alone: bool = True) -> bool:
    """Return whether a process holds the lock on the file at *path*; it is not made where it is not there.

    Args:
        alone: whether only a process counts that holds it alone; otherwise those that share it count, too.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if alone else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(descriptor)
    return False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)


def _acquire(descriptor: int, path: Path, operation: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
            return
        if time.monotonic() >= deadline:
            raise LockTakenError(path)
        time.sleep(_INTERVAL)
