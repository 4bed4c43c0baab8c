"""Files on disk: written whole or not at all, locked for a process, and compared by their SHA-256."""

from lnpatch.files.atomic import (
    PARTIAL_PATTERN,
    PARTIAL_PREFIX,
    ContentChangedError,
    atomic_write,
    current_umask,
    naming_file,
)
from lnpatch.files.digest import sha256_of, sha256_of_file
from lnpatch.files.process_lock import LockTakenError, ProcessLock, hold_lock, is_held, share_lock

__all__ = [
    "PARTIAL_PATTERN",
    "PARTIAL_PREFIX",
    "ContentChangedError",
    "LockTakenError",
    "ProcessLock",
    "atomic_write",
    "current_umask",
    "hold_lock",
    "is_held",
    "naming_file",
    "sha256_of",
    "sha256_of_file",
    "share_lock",
]
