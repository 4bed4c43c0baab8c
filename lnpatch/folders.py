"""The folders that lnpatch works with: its cache, its records of downloads, and the templates that come with it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


def cache_root() -> Path:
    """Return the folder of what can be made again: the one that LNPATCH_CACHE names, else the platform's own for this user."""
    return _from_environment("LNPATCH_CACHE") or _platform_folder("user_cache_path")


def cache_folder(*parts: str) -> Path:
    """Return a folder of the cache, made if it is not there.

    Raises:
        OSError: the system refuses to make it.
    """
    folder = cache_root().joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def data_folder() -> Path:
    """Return the folder of what lnpatch has to remember: the one that LNPATCH_DATA names, else the platform's own for this user."""
    return _from_environment("LNPATCH_DATA") or _platform_folder("user_data_path")


@cache
def templates() -> Path:
    """Return the folder of the templates: inside the installed package, or beside it in a source checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def _from_environment(variable: str) -> Path | None:
    """Return the folder that an environment variable names, None where it is unset or empty."""
    value = os.environ.get(variable)
    return Path(os.path.abspath(os.path.expanduser(value))) if value else None


def _platform_folder(name: str) -> Path:
    import platformdirs  # only where no variable says it: most commands need none of these folders

    folder: Path = getattr(platformdirs, name)("lnpatch", appauthor=False)
    return folder
