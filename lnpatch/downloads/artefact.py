"""Get one released file: from its address or a mirror, checked, and under its final name only once it is whole and right.

A file whose checksum no recipe knows is trusted when it is first seen, and recorded; a later one has to be the same.
"""

from __future__ import annotations

import filecmp
import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from lnpatch.downloads import checksums
from lnpatch.downloads.transfer import Watcher, copy, fetch, forget, looks_like_html, part_of, settle, shown
from lnpatch.errors import ChecksumError, FileError, MirrorError, MirrorMissingError, WrongContentError
from lnpatch.folders import data_folder
from lnpatch.recipes import Artefact

#: How much larger than an archive its members may be.
_MAX_EXPANSION = 200


@dataclass(frozen=True)
class Download:
    """A released file that is in place.

    ``state`` is ``downloaded``, or ``present`` where it was there before; ``source`` the address or file that it came
    from, empty where it was there; ``trust`` says what its checksum (SHA-256) agrees with: ``recipe``, ``recorded``, or
    ``first-seen`` if it is recorded now; ``size`` is in bytes.
    """

    name: str
    path: str
    state: str
    source: str
    size: int
    sha256: str
    trust: str


@dataclass(frozen=True)
class Mirror:
    """Where the files are got from instead: an address that names are added to, or a folder."""

    base: str

    def __post_init__(self) -> None:
        scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", self.base)
        if scheme and scheme[1].lower() not in ("http", "https", "file"):
            raise MirrorError(self.base, f"{scheme[1]} is not understood")
        try:
            urlsplit(self.base)
        except ValueError as error:
            raise MirrorError(self.base, str(error)) from error
        if not self._is_address() and not self._folder().is_dir():
            raise MirrorMissingError(self.base)

    def _is_address(self) -> bool:
        return self.base.lower().startswith(("http://", "https://"))

    def _folder(self) -> Path:
        if self.base.lower().startswith("file://"):
            from urllib.request import url2pathname

            return Path(url2pathname(urlsplit(self.base).path))
        return Path(self.base).expanduser()

    def source(self, artefact: Artefact) -> str | Path:
        """Where *artefact* is there; in a folder it may have either of its names."""
        name = released_name(artefact)
        if self._is_address():
            return self.base + ("" if self.base.endswith(("/", "=")) else "/") + quote(name, safe="")
        names = [self._folder() / one for one in (name, artefact.file) if one]
        return next((path for path in names if path.is_file()), names[0])


def released_name(artefact: Artefact) -> str:
    """The file's name in its address."""
    return unquote(urlsplit(artefact.url).path.rpartition("/")[2])


def local_name(artefact: Artefact) -> str:
    """The file's path in the folder that it is put into."""
    return artefact.file or Path(released_name(artefact)).name


def obtain(
    target: str, artefact: Artefact, folder: Path, mirror: Mirror | None, trust_new: bool, watcher: Watcher
) -> Download:
    """The released file *artefact* in *folder*, fetched unless the right one is there.

    Args:
        target: the recipe's name.
        trust_new: take the file as it is now for right, whatever was recorded of it before.

    Raises:
        LnpatchError: see the section on downloads in :mod:`lnpatch.errors`; there is nothing under the final name then.
    """
    path = folder / local_name(artefact)
    with _locked(path, watcher):
        expected = _expected(target, artefact, trust_new)
        if path.is_dir():
            raise FileError(str(path), "a folder is in the way")
        if path.is_file() and (sha256 := _present(path, artefact, expected, watcher)):
            return _done(target, artefact, path, "present", "", sha256, expected)
        source = mirror.source(artefact) if mirror else artefact.url
        origin = shown(source) if isinstance(source, str) else str(source)
        sha256 = _bring(source, origin, path, artefact, expected, watcher)
        settle(part_of(path), path)
        return _done(target, artefact, path, "downloaded", origin, sha256, expected)


@dataclass(frozen=True)
class _Expected:
    """The checksum that a file has to have, and who says so; both are empty where nobody does."""

    sha256: str = ""
    since: str = ""


def _expected(target: str, artefact: Artefact, trust_new: bool) -> _Expected:
    if artefact.sha256:
        return _Expected(artefact.sha256, "the recipe")
    recorded = checksums.known(target, artefact.url)
    return _Expected(recorded.sha256, f"recorded on {recorded.date}") if recorded and not trust_new else _Expected()


def _present(path: Path, artefact: Artefact, expected: _Expected, watcher: Watcher) -> str:
    """The checksum of a file that is there and right; otherwise it is put aside, and the checksum is empty."""
    sha256 = checksums.sha256_of(path)
    wrong = _problem(path, artefact)
    if expected.sha256 and sha256 != expected.sha256:
        wrong = "another checksum than it should have"
    if not wrong:
        return sha256
    aside = _put_aside(path, path)
    watcher.note(f"{path} was there with {wrong}; it is {aside.name} now, and fetched again.")
    return ""


def _bring(
    source: str | Path, origin: str, path: Path, artefact: Artefact, expected: _Expected, watcher: Watcher
) -> str:
    """Bring the file to its part file, and check it there; its checksum. *origin* is the source as it is shown."""
    part = part_of(path)
    whole = False
    while True:
        resumed = False
        if isinstance(source, Path):
            copy(source, part, watcher)
        else:
            resumed = fetch(source, part, watcher)
        sha256 = checksums.sha256_of(part)
        wrong = _problem(part, artefact) or (_damage(part, artefact) if resumed else "")
        other = bool(expected.sha256) and sha256 != expected.sha256
        if not wrong and not other:
            return sha256
        if whole or not resumed:
            break
        whole = True
        forget(part)  # a server may have resumed with the bytes of another file: the whole is asked for once more
        watcher.note("the parts do not fit together; fetching the whole file again.")
    aside = str(_put_aside(part, path))
    forget(part)
    if other:
        raise ChecksumError(origin, expected.sha256, sha256, expected.since, aside, str(path))
    raise WrongContentError(origin, wrong, aside)


def _problem(path: Path, artefact: Artefact) -> str:
    """What shows that a file is not what it should be, or not whole; empty where nothing does. *path* is only read."""
    size = path.stat().st_size
    suffix = Path(released_name(artefact)).suffix.lower()
    if not size:
        return "nothing in it"
    if artefact.size and size != artefact.size:
        return f"{size} bytes, {artefact.size} are right"
    with path.open("rb") as file:
        if looks_like_html(file.read(200)):
            return "a web page in it"
        file.seek(-1, 2)
        last = file.read(1)
    if _is_archive(artefact) and not zipfile.is_zipfile(path):
        return f"no whole {suffix} archive in it"
    if suffix in (".pkl", ".pickle") and last != b".":
        return "no whole pickle in it"
    return ""


def _damage(path: Path, artefact: Artefact) -> str:
    """What shows that an archive was put together from parts of different files; all of it is read."""
    if not _is_archive(artefact):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > _MAX_EXPANSION * path.stat().st_size:  # nothing that is released; reading it may never end
                return f"an archive of {unpacked} bytes in it, far more than its size"
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        return f"a damaged archive in it ({error})"
    return f"a damaged archive in it ({damaged})" if damaged else ""


def _is_archive(artefact: Artefact) -> bool:
    return Path(released_name(artefact)).suffix.lower() in (".zip", ".npz")


def _put_aside(path: Path, final: Path) -> Path:
    """Keep a file that is not right, and every other one that was put aside before it."""
    names = chain([".rejected"], (f".rejected-{i}" for i in count(2)))
    there = (final.with_name(final.name + name) for name in names)
    return path.replace(next(aside for aside in there if not aside.exists() or filecmp.cmp(path, aside, shallow=False)))


def _done(
    target: str, artefact: Artefact, path: Path, state: str, source: str, sha256: str, expected: _Expected
) -> Download:
    size = path.stat().st_size
    trust = "first-seen"
    if expected.sha256:
        trust = "recipe" if artefact.sha256 else "recorded"
    else:
        checksums.record(target, artefact.url, source or str(path), size, sha256)
    return Download(artefact.name, str(path), state, source, size, sha256, trust)


@contextmanager
def _locked(path: Path, watcher: Watcher) -> Iterator[None]:
    """Hold *path* for this process; another one that wants it waits, and finds it there."""
    import filelock

    folder = data_folder() / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(str(folder), f"{error.strerror}; LNPATCH_DATA names another folder") from error
    key = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    lock = filelock.FileLock(folder / f"{key}.lock")
    try:
        lock.acquire(timeout=0.2)
    except filelock.Timeout:
        watcher.note(f"another lnpatch is fetching {path}; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
