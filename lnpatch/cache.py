"""Where lnpatch keeps what it can make again: environments, ported copies, compiled code."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """The folder of the cache: the one that LNPATCH_CACHE names, else the platform's own for this user."""
    if given := os.environ.get("LNPATCH_CACHE"):
        return Path(os.path.abspath(os.path.expanduser(given)))
    import platformdirs

    return platformdirs.user_cache_path("lnpatch", appauthor=False)


def cache_folder(*parts: str) -> Path:
    """A folder of the cache, made if it is not there.

    Raises:
        OSError: the system refuses to make it.
    """
    folder = cache_root().joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
