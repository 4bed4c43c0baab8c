"""``lnpatch cache``: what lnpatch keeps on this machine, and how to be rid of what is no longer used."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lnpatch.cache.entries import CacheEntry, find_entries
from lnpatch.cache.prune import Pruned, prune_entries
from lnpatch.downloads.checksums import count_recorded, record_file
from lnpatch.folders import cache_root


@dataclass(frozen=True)
class CacheReport:
    """What is kept on this machine."""

    #: The folder of the cache.
    folder: Path
    entries: tuple[CacheEntry, ...]
    #: The file with the checksums of what was downloaded, which is not pruned, and how many there are.
    checksums: Path
    recorded: int

    @property
    def bytes(self) -> int:
        """The bytes of all entries."""
        return sum(entry.bytes for entry in self.entries)


def cache_info() -> CacheReport:
    """Return what is in the cache, and the checksums that are recorded.

    Raises:
        NoHomeError: no variable says where it is, and this user has no home.
        ChecksumRecordError: the checksums cannot be read.
    """
    return CacheReport(cache_root(), tuple(find_entries()), record_file(), count_recorded())


def cache_prune(older_than: float, kinds: Collection[str] = (), dry_run: bool = False) -> Pruned:
    """Remove what was not used for *older_than* seconds, as :func:`~lnpatch.cache.prune.prune_entries`.

    Raises:
        NoHomeError: no variable says where the cache is, and this user has no home.
    """
    return prune_entries(older_than, kinds, dry_run)
