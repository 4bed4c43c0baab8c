"""Replace a file only if it holds what was expected, without losing what somebody saves at that very moment."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2

#: What a system or a file system answers that cannot exchange two files.
_NOT_POSSIBLE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}


def replace_expected(partial: Path, path: Path, expected: bytes) -> bool:
    """Put *partial* in the place of *path* if that holds *expected*; return whether it did.

    Between reading a file and replacing it somebody may save it. So the two are exchanged, where the system can do that,
    and the file that was there is read once more: what was saved in between is put back.

    Raises:
        OSError: the system refuses to read or to rename.
    """
    if path.read_bytes() != expected:
        return False
    if not _exchange(partial, path):
        os.replace(partial, path)
        return True
    if partial.read_bytes() == expected:
        return True
    _exchange(partial, path)
    return False


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two files in one step; return whether the system can."""
    renameat2 = _renameat2()
    if renameat2 is None:
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    import ctypes

    code = ctypes.get_errno()
    if code in _NOT_POSSIBLE:
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(other))


@functools.cache
def _renameat2() -> Callable[..., int] | None:
    """Return Linux's ``renameat2``, which Python has no function for; None on other systems."""
    if sys.platform != "linux":
        return None
    import ctypes  # it takes 5 ms, which looking at a checkout does without

    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
