"""Refuse links in a git directory through which git or lnpatch would write somewhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import LinkInGitDirectoryError

#: What is written for a patch: HEAD and the index, objects, references and their logs, lnpatch's own folder.
_FILES = ("HEAD", "index", "packed-refs")
_TREES = ("lnpatch", "refs", "logs")


def refuse_links_out(checkout: Checkout) -> None:
    """Refuse a git directory whose parts are links that lead out of it, as one that came in an archive may have.

    Raises:
        LinkInGitDirectoryError: there is one on the way of what lnpatch writes.
    """
    inside = {folder.resolve() for folder in (checkout.git_dir, checkout.common_dir)}
    for folder in inside:
        for link in _links_in(folder):
            goal = link.resolve()
            if link.name == "lnpatch" or not any(goal.is_relative_to(parent) for parent in inside):
                raise LinkInGitDirectoryError(str(checkout.root), str(link), str(goal))


def _links_in(folder: Path) -> Iterator[Path]:
    """Yield the links at the places of a git directory that lnpatch and its git write to."""
    yield from (folder / name for name in _FILES if (folder / name).is_symlink())
    for name in _TREES:
        if (folder / name).is_symlink():
            yield folder / name
        for parent, folders, files in os.walk(folder / name):
            yield from (path for path in (Path(parent, entry) for entry in (*folders, *files)) if path.is_symlink())
    objects = folder / "objects"  # the objects themselves are never written to again
    if objects.is_symlink():
        yield objects
    elif objects.is_dir():
        yield from (path for path in objects.iterdir() if path.is_symlink())
