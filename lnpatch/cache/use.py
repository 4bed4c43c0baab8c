"""Who uses an entry of the cache: locks that end with the processes that hold them.

Beside an entry is a file ``NAME.lock``. Whoever works in the entry shares the lock for as long as it runs; whoever builds or
removes it holds the lock alone. When it was last taken is when the entry was last used.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from lnpatch.files import LockTakenError, ProcessLock, hold_lock, share_lock
from lnpatch.folders import cache_root

#: How the names of lock files end.
LOCK = ".lock"

#: The entries that this process uses, until it ends.
_used: dict[Path, ProcessLock] = {}


def lock_file(entry: Path) -> Path:
    """Return the file that is locked for an entry."""
    return entry.with_name(entry.name + LOCK)


def use_entry(entry: Path) -> None:
    """Keep others from removing an entry until this process ends; of a folder that is not in the cache, nothing is kept.

    It waits for whoever is building or removing it. A cache that cannot be written is used without.
    """
    if entry in _used or not entry.is_relative_to(cache_root()):
        return
    with suppress(OSError):
        entry.parent.mkdir(parents=True, exist_ok=True)
        lock = share_lock(lock_file(entry))
        os.utime(lock_file(entry))
        _used[entry] = lock


def used_descriptors() -> tuple[int, ...]:
    """Return the descriptors that a process has to inherit which works in the entries that this one uses, and may outlive it."""
    return tuple(lock.descriptor for lock in _used.values())


@contextmanager
def hold_entry(entry: Path, report_waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold an entry alone, to build it.

    Args:
        report_waiting: called where others use or build it, before they are waited for.
    """
    if own := _used.pop(entry, None):
        own.release()
    with ExitStack() as stack:
        try:
            stack.enter_context(hold_lock(lock_file(entry)))
        except LockTakenError:
            report_waiting()
            stack.enter_context(hold_lock(lock_file(entry), math.inf))
        yield
