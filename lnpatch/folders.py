"""The folders that lnpatch works with: its cache, its records of downloads, and the templates that come with it."""

from __future__ import annotations

import errno
import os
from functools import cache
from pathlib import Path


def cache_root() -> Path:
    """Return the folder of what can be made again: the one that LNPATCH_CACHE names, else the platform's own for this user.

    Raises:
        OSError: neither is there.
    """
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
    """Return the folder of what lnpatch has to remember: the one that LNPATCH_DATA names, else the platform's own for this user.

    Raises:
        OSError: neither is there.
    """
    return _from_environment("LNPATCH_DATA") or _platform_folder("user_data_path")


@cache
def templates() -> Path:
    """Return the folder of the templates: inside the installed package, or beside it in a source checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def find_folder_problem(folder: Path) -> str:
    """Return why nothing can be written to a folder, or it cannot be made; empty where nothing is in the way.

    It is tried, since permissions, quotas and full disks show in no other way; nothing is left behind.
    """
    import tempfile  # only for those who ask: doctor, and a user's own settings

    there = folder
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    if there.is_symlink() and not there.exists():
        return f"{there} is a link to what is not there"
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(bytes(1 << 16))
    except OSError as error:
        return f"{there}: {error.strerror or error}"
    return ""


def _from_environment(variable: str) -> Path | None:
    """Return the folder that an environment variable names, None where it is unset or empty."""
    value = os.environ.get(variable)
    return Path(os.path.abspath(os.path.expanduser(value))) if value else None


def _platform_folder(name: str) -> Path:
    import platformdirs  # only where no variable says it: most commands need none of these folders

    try:
        folder: Path = getattr(platformdirs, name)("lnpatch", appauthor=False)
    except RuntimeError:  # without HOME, and without an entry in the list of users
        folder = Path("~")
    if not folder.is_absolute():  # earlier versions of platformdirs leave "~" as it is
        variable = "LNPATCH_CACHE" if name == "user_cache_path" else "LNPATCH_DATA"
        raise OSError(errno.ENOENT, f"this user has no home folder; {variable} names another one", str(folder))
    return folder
