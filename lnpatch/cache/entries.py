"""What is in the cache: its entries by kind, how large they are, when they were last used, and whether they are in use."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lnpatch.cache.use import LOCK, lock_file
from lnpatch.files import is_held
from lnpatch.folders import cache_root

#: The kinds of entry: each is a folder of the cache, and what its entries are.
KINDS = {
    "environments": "Pythons with the packages that train a target",
    "tools": "what makes environments of Python 2.7",
    "compiled": "what Theano, PyTensor and JAX have compiled",
    "port": "Python 3 copies of checkouts",
    "fissix": "tables of the converter's grammar",
    "reports": "reports of failures",
}

#: How the names of entries begin that are being removed.
REMOVED = ".removed-"

#: What an environment has that was built to its end.
_MANIFEST = "lnpatch.json"


@dataclass(frozen=True)
class CacheEntry:
    """One thing in the cache, which can be removed by itself."""

    kind: str
    path: Path
    bytes: int
    #: When it was last used, or else written, in seconds since the epoch.
    last_used: float
    #: Whether a process uses or builds it.
    in_use: bool
    #: Whether it was not built to its end, or not removed to its end: nobody can use it.
    unfinished: bool

    @property
    def age(self) -> float:
        """The seconds since it was last used."""
        return max(0.0, time.time() - self.last_used)


def find_entries() -> Iterator[CacheEntry]:
    """Yield all entries of the cache, by kind and name.

    Raises:
        NoHomeError: no variable says where the cache is, and this user has no home.
        OSError: a folder of it cannot be read.
    """
    for kind in KINDS:
        folder = cache_root() / kind
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            # the log of a build belongs to its environment
            if not path.name.endswith((LOCK, ".log")) or path.is_dir():
                yield _describe(kind, path)


def log_of(entry: Path) -> Path:
    """Return the log of the build of an environment."""
    return entry.with_name(entry.name + ".log")


def _describe(kind: str, path: Path) -> CacheEntry:
    lock = lock_file(path)
    in_use = is_held(lock, alone=False)
    unfinished = path.name.startswith(REMOVED) or (
        kind == "environments" and path.is_dir() and not (path / _MANIFEST).exists()
    )
    last_used = max(_time_of(place) for place in (path, lock, path / _MANIFEST))
    return CacheEntry(kind, path, measure(path), last_used, in_use, unfinished)


def measure(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder; links count themselves."""
    total = 0
    if not path.is_dir() or path.is_symlink():
        return _size_of(path)
    for folder, _, files in os.walk(path):
        total += sum(_size_of(Path(folder, name)) for name in files)
    return total


def _size_of(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # removed in between
        return 0


def _time_of(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
