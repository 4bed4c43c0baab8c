"""The folders that lnpatch works with: its cache, its records of downloads, and the templates that come with it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


def cache_root() -> Path:
    """Return the folder of what can be made again: the one that LNPATCH_CACHE names, else the platform's own for this user.

    Raises:
        NoHomeError: no variable says it, and this user has no home.
    """
    return _from_environment("LNPATCH_CACHE") or _platform_folder("user_cache_path", "LNPATCH_CACHE")


def cache_folder(*parts: str) -> Path:
    """Return a folder of the cache, made if it is not there.

    Raises:
        OSError: the system refuses to make it.
    """
    folder = cache_root().joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def data_folder() -> Path:
    """Return the folder of what lnpatch has to remember: the one that LNPATCH_DATA names, else the platform's own for this user.

    Raises:
        NoHomeError: no variable says it, and this user has no home.
    """
    return _from_environment("LNPATCH_DATA") or _platform_folder("user_data_path", "LNPATCH_DATA")


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


def home_folder() -> Path | None:
    """Return the user's home; None for a user without one: HOME is not set, and the system does not know the user."""
    home = os.path.expanduser("~")
    return Path(home) if os.path.isabs(home) else None


def _platform_folder(name: str, variable: str) -> Path:
    import platformdirs  # only where no variable says it: most commands need none of these folders

    try:
        folder: Path | None = getattr(platformdirs, name)("lnpatch", appauthor=False)
    except RuntimeError:  # of platformdirs 4.5 and later, for a user without a home
        folder = None
    # earlier ones return a folder called "~" wherever one happens to be
    if folder is None or not folder.is_absolute():
        from lnpatch.errors import NoHomeError  # 20 ms, which a command that goes well does without

        raise NoHomeError(variable)
    return folder
