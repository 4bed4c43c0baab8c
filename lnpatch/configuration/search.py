"""Which configuration files are read: the nearest of each kind, from the working folder upwards, if it may be trusted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lnpatch.checkout.record import recorded_recipes
from lnpatch.checkout.worktree import Checkout, enclosing_checkout
from lnpatch.configuration.read import (
    OWN_FILE,
    PROJECT_FILE,
    ConfigurationFile,
    mentions_lnpatch,
    read_configuration,
)
from lnpatch.errors import ConfigurationError, LnpatchError
from lnpatch.patch.targets_in import has_files
from lnpatch.recipes import known_recipes

#: Names the one file that is read; the null device for none.
VARIABLE = "LNPATCH_CONFIG"


@dataclass(frozen=True)
class FoundFiles:
    """What was found on the way up."""

    #: Those that are in force, the stronger first.
    files: tuple[ConfigurationFile, ...] = ()
    #: Those that were left unread, each with the reason.
    left_out: tuple[tuple[Path, str], ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for people: which files were left unread, and why."""
        return tuple(f"{path} is not read: {reason}" for path, reason in self.left_out)


def find_files() -> FoundFiles:
    """Find and read the configuration files that are in force here.

    Raises:
        ConfigurationError: one of them cannot be used.
    """
    if named := os.environ.get(VARIABLE):
        return FoundFiles(tuple(_read_named(Path(os.path.abspath(os.path.expanduser(named))))))
    files: list[ConfigurationFile] = []
    left_out: list[tuple[Path, str]] = []
    for name in (OWN_FILE, PROJECT_FILE):
        for path in filter(mentions_lnpatch, _files_upwards(name)):
            # before it is read: nobody is to be stopped by a mistake in somebody else's file
            if reason := _why_unread(path):
                left_out.append((path, reason))
            elif found := read_configuration(path):
                files.append(found)
                break
    return FoundFiles(tuple(files), tuple(left_out))


def _read_named(path: Path) -> Iterator[ConfigurationFile]:
    if path == Path(os.devnull):
        return
    if not path.is_file():
        raise ConfigurationError([f"{path}: there is no such file, which {VARIABLE} names"])
    if found := read_configuration(path):
        yield found


def _files_upwards(name: str) -> Iterator[Path]:
    """Yield the files of a name in the working folder and above it, the nearest first."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it was removed
        return
    for folder in (here, *here.parents):
        try:
            if (folder / name).is_file():
                yield folder / name
        except OSError:  # a folder that may not be looked into
            continue


def _why_unread(path: Path) -> str:
    """Return why a file is not to be obeyed; empty for one that is."""
    try:
        owners = {path.lstat().st_uid, path.stat().st_uid}
    except OSError as error:
        return error.strerror or str(error)
    if not owners <= {os.geteuid(), 0}:  # in /tmp, for one, anybody may have put it
        return f"it belongs to another user; {VARIABLE} can name it"
    if _is_in_target(path.parent):
        return f"it is in a checkout to be patched, which is somebody else's; {VARIABLE} can name it"
    return ""


def _is_in_target(folder: Path) -> bool:
    """Return whether a folder is in a checkout that lnpatch has patched, or that has the files of a known target."""
    root = enclosing_checkout(folder)
    if root is None:
        return False
    try:
        checkout = Checkout.open(root, "")
        return bool(recorded_recipes(checkout)) or any(has_files(recipe, checkout) for recipe in known_recipes())
    except LnpatchError:  # git refuses to look at it, as at another user's
        return True
