"""Take a patch out of a file again, keeping what was changed in it since: a three-way merge, by git."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lnpatch.checkout import Checkout
from lnpatch.errors import Overlap, SourceSyntaxError
from lnpatch.record import FileChange

_MARK = 20  # longer than any line of marks that a file of ours may hold


def take_back(checkout: Checkout, file: FileChange) -> bytes | list[Overlap]:
    """The file as it is now, less the patch; or the lines where that would lose a later change."""
    current = checkout.read(file.path)
    if current is None:
        return [Overlap(file.path, 0, 0)]
    if current in (file.after, file.before):
        return file.before
    with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
        paths = [Path(folder) / name for name in ("now", "patched", "original")]
        for path, data in zip(paths, (current, file.after, file.before), strict=True):
            path.write_bytes(data)
        arguments = ("merge-file", "-p", "-q", "--diff3", f"--marker-size={_MARK}", *paths)
        # the exit code is the number of conflicts, 127 at most
        conflicts, merged = checkout.git.status(*arguments, doing=f"merging {file.path}", accept=range(128))
    if conflicts:
        return _overlaps(file.path, merged)
    return merged if _still_python(merged, current, file.path) else [Overlap(file.path, 1, current.count(b"\n") + 1)]


def _overlaps(path: str, merged: bytes) -> list[Overlap]:
    """Where the conflicts of a merge lie in the file as it is now; its lines are the first part of each conflict."""
    found: list[Overlap] = []
    line, first, part = 0, 0, "common"
    for text in merged.splitlines():
        mark = text[:_MARK]
        if mark == b"<" * _MARK:
            first, part = line + 1, "now"
        elif mark == b"|" * _MARK and part == "now":
            found.append(Overlap(path, first, max(first, line)))
            part = "other"
        elif mark == b">" * _MARK and part == "other":
            part = "common"
        elif part != "other":
            line += 1
    return found


def _still_python(merged: bytes, current: bytes, path: str) -> bool:
    """Whether the merge has not broken a file that was sound."""
    from lnpatch.source import check_syntax

    try:
        check_syntax(current, path)
    except SourceSyntaxError:
        return True
    try:
        check_syntax(merged, path)
    except SourceSyntaxError:
        return False
    return True
