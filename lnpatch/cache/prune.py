"""Remove entries of the cache that nobody uses."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lnpatch.cache.entries import REMOVED, CacheEntry, find_entries, log_of
from lnpatch.cache.use import lock_file
from lnpatch.files import LockTakenError, hold_lock


@dataclass(frozen=True)
class Pruned:
    """What was removed, and what was kept."""

    removed: tuple[CacheEntry, ...]
    #: Each with the reason.
    kept: tuple[tuple[CacheEntry, str], ...]

    @property
    def bytes(self) -> int:
        """The bytes that were removed."""
        return sum(entry.bytes for entry in self.removed)


def prune_entries(older_than: float, kinds: Collection[str] = (), dry_run: bool = False) -> Pruned:
    """Remove the entries that were not used for *older_than* seconds, and those that nobody can use; never one that is in use.

    Args:
        kinds: the kinds to look at; all, without.
        dry_run: say what would be removed, and remove nothing.

    Raises:
        NoHomeError: no variable says where the cache is, and this user has no home.
    """
    removed: list[CacheEntry] = []
    kept: list[tuple[CacheEntry, str]] = []
    for entry in find_entries():
        if kinds and entry.kind not in kinds:
            continue
        reason = _why_kept(entry, older_than)
        if not reason and not dry_run:
            reason = _remove(entry)
        if reason:
            kept.append((entry, reason))
        else:
            removed.append(entry)
    return Pruned(tuple(removed), tuple(kept))


def _why_kept(entry: CacheEntry, older_than: float) -> str:
    if entry.in_use:
        return "in use"
    return "" if entry.unfinished or entry.age >= older_than else "used lately"


def _remove(entry: CacheEntry) -> str:
    """Remove an entry, and return why that was not possible; its lock stays, since another process may be waiting for it."""
    try:
        with hold_lock(lock_file(entry.path)):
            _remove_path(entry.path)
            log_of(entry.path).unlink(missing_ok=True)
    except LockTakenError:  # since it was looked at
        return "in use"
    except OSError as error:
        return f"{error.filename or entry.path}: {error.strerror or error}"
    if entry.path.name.startswith(REMOVED):
        lock_file(entry.path).unlink(missing_ok=True)
    return ""


def _remove_path(path: Path) -> None:
    """Remove a file or a folder: renamed first, so that one that is half gone is not taken for whole."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    if not path.name.startswith(REMOVED):
        path = path.rename(path.with_name(f"{REMOVED}{secrets.token_hex(4)}"))
    shutil.rmtree(path)
