"""Write a file in one step: readers see the old content or the new one, never a part."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

#: How the names of partial files begin.
PARTIAL_PREFIX = ".lnpatch-"


def atomic_write(path: Path, data: bytes, *, mode: int | None = None, folder: Path | None = None) -> None:
    """Put *data* in the place of the file at *path* in one step; on any failure the old file stays as it was.

    Args:
        mode: the permissions of the file, for example those of the file that it replaces; by default those that the
            umask gives to any new file.
        folder: where the partial file is made; by default beside *path*. It has to be on the same file system.

    Raises:
        OSError: the system refuses to write the partial file or to put it in the place of *path*.
    """
    # a name of its own length, since path.name may be as long as the file system allows already
    partial = (folder or path.parent) / f"{PARTIAL_PREFIX}{secrets.token_hex(6)}"
    try:
        with partial.open("xb") as stream:  # not tempfile, whose files are closed to group and others
            stream.write(data)
        if mode is not None:
            partial.chmod(mode)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def current_umask() -> int:
    """Return the umask of this process, for folders that ``tempfile`` has made with mode 0700."""
    mask = os.umask(0)  # POSIX has no call that only reads it
    os.umask(mask)
    return mask
