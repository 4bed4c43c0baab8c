"""Take a patch out of a file again, keeping what was changed in it since: a three-way merge, line by line."""

from __future__ import annotations

from lnpatch import source
from lnpatch.checkout.record import FileChange
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import Overlap, SourceSyntaxError
from lnpatch.source.merge import merge_three_way


def take_back_patch(checkout: Checkout, file: FileChange) -> bytes | list[Overlap]:
    """Return the file as it is now without the patch, or the lines where that would lose a later change."""
    current = checkout.read(file.path)
    if current is None:
        return [Overlap(file.path, 0, 0)]
    if current in (file.after, file.before):
        return file.before
    patched, now, original = (data.splitlines(keepends=True) for data in (file.after, current, file.before))
    merged, conflicts = merge_three_way(patched, now, original)
    if conflicts:
        return [Overlap(file.path, start + 1, max(end, start + 1)) for start, end in conflicts]
    result = b"".join(merged)
    return result if _still_python(result, current, file.path) else [Overlap(file.path, 1, len(now))]


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
