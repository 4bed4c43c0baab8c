"""Take a patch out of a file again, or another one in, keeping what was changed in it since: a three-way merge, line by line."""

from __future__ import annotations

from lnpatch import source
from lnpatch.checkout.record import FileChange
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import Overlap, SourceSyntaxError
from lnpatch.source.merge import merge_three_way


def take_back_patch(checkout: Checkout, file: FileChange) -> bytes | list[Overlap]:
    """Return the file as it is now without the patch, or the lines where that would lose a later change."""
    if checkout.read(file.path) == file.before:
        return file.before
    return merge_file(checkout, file.path, base=file.after, theirs=file.before)


def merge_file(checkout: Checkout, path: str, *, base: bytes, theirs: bytes) -> bytes | list[Overlap]:
    """Carry the changes from *base* to *theirs* over to a file as it is now; return it, or the lines where that would lose a change."""
    current = checkout.read(path)
    if current is None:
        return [Overlap(path, 0, 0)]
    if current in (base, theirs):
        return theirs
    old, now, new = (data.splitlines(keepends=True) for data in (base, current, theirs))
    merged, conflicts = merge_three_way(old, now, new)
    if conflicts:
        return [Overlap(path, start + 1, max(end, start + 1)) for start, end in conflicts]
    result = b"".join(merged)
    return result if _still_python(result, current, path) else [Overlap(path, 1, len(now))]


def _still_python(merged: bytes, current: bytes, path: str) -> bool:
    """Return whether the merge has not broken a file that was sound."""
    try:
        source.check_syntax(current, path)
    except SourceSyntaxError:
        return True
    try:
        source.check_syntax(merged, path)
    except SourceSyntaxError:
        return False
    return True
