"""Write a file in one step: readers see the old content or the new one, never a part."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lnpatch.files.exchange import replace_expected

#: How the names of partial files begin.
PARTIAL_PREFIX = ".lnpatch-"

#: The names of partial files, as a pattern for ``glob``: other names with the prefix are not theirs.
PARTIAL_PATTERN = PARTIAL_PREFIX + "[0-9a-f]" * 12


class ContentChangedError(Exception):
    """A file holds something else than was expected; it stays as it is."""


def atomic_write(
    path: Path, data: bytes, *, mode: int | None = None, folder: Path | None = None, expected: bytes | None = None
) -> None:
    """Put *data* in the place of the file at *path* in one step; on any failure the old file stays as it was.

    Args:
        mode: the permissions of the file, for example those of the file that it replaces; by default those that the
            umask gives to any new file.
        folder: where the partial file is made; by default beside *path*. It has to be on the same file system.
        expected: what the file has to hold when it is replaced; by default that does not matter.

    Raises:
        ContentChangedError: the file holds something else than *expected*.
        OSError: the system refuses to write the partial file or to put it in the place of *path*; it names a file.
    """
    # a name of its own length, since path.name may be as long as the file system allows already
    partial = (folder or path.parent) / f"{PARTIAL_PREFIX}{secrets.token_hex(6)}"
    with naming_file(path):
        try:
            with partial.open("xb") as stream:  # not tempfile, whose files are closed to group and others
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())  # or the name may reach the disk before the content does
            if mode is not None:
                partial.chmod(mode)
            if expected is None:
                os.replace(partial, path)
            elif not replace_expected(partial, path, expected):
                raise ContentChangedError(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Name *path* in an OSError that names no file, as those of writing to an open file do."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def current_umask() -> int:
    """Return the umask of this process, for folders that ``tempfile`` has made with mode 0700."""
    mask = os.umask(0)  # POSIX has no call that only reads it
    os.umask(mask)
    return mask
