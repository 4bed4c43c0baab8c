"""Download one released file: from its address or a mirror, checked, and under its final name only once it is whole and right.

A file whose checksum no recipe knows is trusted when it is first seen, and recorded; a later one has to be the same.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

import filelock

from lnpatch.downloads.address import hide_password
from lnpatch.downloads.checksums import record_checksum, recorded_checksum
from lnpatch.downloads.content import find_content_problem, find_damage, is_archive, shows_its_end
from lnpatch.downloads.mirror import Mirror, local_name
from lnpatch.downloads.partial_file import DownloadWatcher, PartialFile
from lnpatch.downloads.transfer import OVERLAP, Arrival, copy_file, fetch_address
from lnpatch.errors import ChecksumError, FileError, WrongContentError
from lnpatch.files import sha256_of, sha256_of_file
from lnpatch.folders import data_folder
from lnpatch.recipes import Artefact


@dataclass(frozen=True)
class DownloadedArtefact:
    """A released file that is in place."""

    name: str
    path: str
    #: ``downloaded``, or ``present`` where it was there before.
    state: str
    #: The address or the file that it came from, empty where it was there before.
    source: str
    #: Bytes.
    size: int
    sha256: str
    #: What its checksum agrees with: ``recipe``, ``recorded``, or ``first-seen`` if it is recorded now.
    trust: str


def download_artefact(
    target: str, artefact: Artefact, folder: Path, mirror: Mirror | None, trust_new: bool, watcher: DownloadWatcher
) -> DownloadedArtefact:
    """Put the released file *artefact* into *folder*, unless the right one is there already.

    Args:
        target: the recipe's name.
        trust_new: accept the file as it is now, even if its checksum has changed since it was recorded.

    Raises:
        LnpatchError: one of :mod:`lnpatch.errors.downloads`; there is nothing under the final name then.
    """
    path = folder / local_name(artefact)
    with _lock_path(path, watcher):
        expected = _find_expected_checksum(target, artefact, trust_new)
        _refuse_obstacle(path)
        partial = PartialFile(path)
        state, source = "present", ""
        sha256 = _check_present(path, artefact, expected, watcher) if path.is_file() else ""
        if sha256:
            partial.remove_lone_info()
        else:
            state = "downloaded"
            partial.refuse_folders()
            with partial:
                source, sha256 = _download_checked(artefact, mirror, partial, expected, watcher)
        size = path.stat().st_size
        if not expected.sha256:
            record_checksum(target, artefact.url, source or str(path), size, sha256)
        return DownloadedArtefact(artefact.name, str(path), state, source, size, sha256, expected.trust)


@dataclass(frozen=True)
class _ExpectedChecksum:
    """The checksum that a file has to have; empty where none is known, so that the one it has is recorded."""

    sha256: str = ""
    #: Who says so, for messages.
    since: str = ""
    #: The same for :attr:`DownloadedArtefact.trust`.
    trust: str = "first-seen"

    def differs_from(self, sha256: str) -> bool:
        return bool(self.sha256) and sha256 != self.sha256


def _find_expected_checksum(target: str, artefact: Artefact, trust_new: bool) -> _ExpectedChecksum:
    if artefact.sha256:
        return _ExpectedChecksum(artefact.sha256, "the recipe", "recipe")
    recorded = recorded_checksum(
        target, artefact.url
    )  # also with trust_new: a record that cannot be read is told first
    if recorded is None or trust_new:
        return _ExpectedChecksum()
    return _ExpectedChecksum(recorded.sha256, f"recorded on {recorded.date}", "recorded")


def _refuse_obstacle(path: Path) -> None:
    """Refuse what is no file in the place of one; a link that leads nowhere is replaced."""
    if path.is_dir():
        raise FileError(str(path), "a folder is in the way")
    if path.exists() and not path.is_file():
        raise FileError(str(path), "something that is not a file is in the way")


def _check_present(path: Path, artefact: Artefact, expected: _ExpectedChecksum, watcher: DownloadWatcher) -> str:
    """Return the checksum of a file that is there and right; put another one aside, and return an empty string."""
    sha256 = sha256_of_file(path)
    problem = find_content_problem(path, artefact)
    if expected.differs_from(sha256):
        problem = "does not have the checksum that it should have"
    if not problem:
        return sha256
    aside = _put_aside(path, path)
    watcher.note(f"{path} {problem}; it was renamed to {aside.name}, and is downloaded again.")
    return ""


def _download_checked(
    artefact: Artefact,
    mirror: Mirror | None,
    partial: PartialFile,
    expected: _ExpectedChecksum,
    watcher: DownloadWatcher,
) -> tuple[str, str]:
    """Bring the file to its partial file, check it there, and give it its name.

    Returns:
        Where it came from, as it may be shown, and its checksum.
    """
    source = mirror.find_source(artefact) if mirror else artefact.url
    origin = hide_password(source) if isinstance(source, str) else str(source)
    began_anew = False
    while True:
        arrival = _bring_bytes(source, artefact, partial, expected, watcher)
        sha256 = sha256_of_file(partial.path)
        problem = find_content_problem(partial.path, artefact)
        if not problem and not expected.sha256 and (arrival.resumed or not arrival.size_known):
            problem = find_damage(partial.path, artefact)
        if not problem and not expected.differs_from(sha256):
            _note_doubts(artefact, arrival, expected, watcher)
            partial.finish()
            return origin, sha256
        if not arrival.resumed or began_anew:
            break
        # a server may have resumed with the bytes of another file: the whole is asked for, but only once
        began_anew = True
        partial.remove()
        watcher.note("its parts do not belong together; downloading the whole file again.")
    partial.release()
    aside = str(_put_aside(partial.path, partial.final))
    partial.remove()
    if expected.differs_from(sha256):
        raise ChecksumError(origin, expected.sha256, sha256, expected.since, aside, str(partial.final))
    raise WrongContentError(origin, problem, aside)


def _bring_bytes(
    source: str | Path, artefact: Artefact, partial: PartialFile, expected: _ExpectedChecksum, watcher: DownloadWatcher
) -> Arrival:
    """Bring all bytes of *source* to its partial file."""
    if not isinstance(source, str):
        copy_file(source, partial, artefact.size, watcher)
        return Arrival(resumed=False, size_known=True)

    def is_whole() -> bool:
        if expected.sha256:
            return sha256_of_file(partial.path) == expected.sha256
        return not (find_content_problem(partial.path, artefact) or find_damage(partial.path, artefact))

    return fetch_address(source, partial, artefact.size, is_whole, watcher)


def _note_doubts(artefact: Artefact, arrival: Arrival, expected: _ExpectedChecksum, watcher: DownloadWatcher) -> None:
    """Say what nobody vouches for where no checksum is known: that the file is whole, or that its parts belong together."""
    if expected.sha256:
        return
    if not arrival.size_known:
        # a server that cuts it off looks like one that is done
        shown = "only its own format shows" if shows_its_end(artefact) else "nothing shows"
        watcher.note(
            f"the server does not say how many bytes it has, and no checksum is known; {shown} that it is whole."
        )
    if arrival.resumed and not is_archive(artefact):
        watcher.note(
            f"it was resumed, and no checksum is known: only the server's word that it has not changed, and {OVERLAP} "
            "bytes that were compared, show that its parts belong together."
        )


def _put_aside(path: Path, final: Path) -> Path:
    """Rename a file that is not right, and return its new path; no other one that was put aside before is lost."""
    suffixes = chain([".rejected"], (f".rejected-{number}" for number in count(2)))
    candidates = (final.with_name(final.name + suffix) for suffix in suffixes)
    # the same wrong file may come again and again: it is kept once
    return path.replace(
        next(aside for aside in candidates if not aside.exists() or filecmp.cmp(path, aside, shallow=False))
    )


@contextmanager
def _lock_path(path: Path, watcher: DownloadWatcher) -> Iterator[None]:
    """Keep *path* to this process; another one that wants it waits, and then finds the file in place."""
    # not beside the file: a lock file would stay there, among what the user trains with
    folder = data_folder() / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(str(folder), f"{error.strerror}; LNPATCH_DATA names another folder") from error
    # not Path.resolve, which raises RuntimeError on a circle of links before Python 3.13
    key = sha256_of(os.fsencode(os.path.realpath(path)))[:16]
    lock = filelock.FileLock(folder / f"{key}.lock")
    try:
        lock.acquire(timeout=0.2)
    except filelock.Timeout:
        watcher.note(f"another lnpatch is downloading {path}; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
