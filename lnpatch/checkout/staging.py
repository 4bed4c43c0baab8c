"""Where a clone is made: a folder beside its place, moved there when it is whole, and never over anything else.

The folder is ``.lnpatch-XXXXXXXX`` with a ``lock`` that the clone's processes hold, and the clone in ``checkout``. A folder
whose lock nobody holds is left from a process that was killed; the next command that comes by removes it. Where the place
is a folder that is there, and empty, the clone is made in it: it may be the current folder, or a file system of its own.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lnpatch.checkout.worktree import content_of
from lnpatch.errors import PlaceTakenError
from lnpatch.files import PARTIAL_PREFIX, LockTakenError, ProcessLock, current_umask, hold_lock

_LOCK = "lock"
_CHECKOUT = "checkout"

#: Is there while the entries of a whole clone are moved to their place, one by one.
_MOVING = "moving"

#: What a system answers when there is something else at the place of a move.
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR}


@dataclass(frozen=True)
class Staging:
    """A folder to make a clone in, held by this process."""

    home: Path
    lock: ProcessLock

    @property
    def folder(self) -> Path:
        """The folder that becomes the checkout."""
        return self.home / _CHECKOUT

    def move_to(self, directory: Path) -> None:
        """Move the whole clone to its place, without replacing anything.

        Raises:
            PlaceTakenError: something has come there meanwhile; it stays, and nothing else does.
        """
        self.folder.chmod(0o777 & ~current_umask())
        if self.home.parent.resolve() == directory.resolve():
            self._fill(directory)
            return
        made = _make_parents(directory)
        try:
            # onto an empty folder it goes too, and nothing is lost with that
            self.folder.rename(directory)
        except OSError as error:
            for parent in made:
                with suppress(OSError):
                    parent.rmdir()
            raise _as_taken(error, directory, directory) from error

    def _fill(self, directory: Path) -> None:
        """Move the clone's entries into a folder that is there, the git directory first: nobody else can do that too."""
        if taken := content_of(directory):
            raise PlaceTakenError(str(directory), str(taken[0]))
        moved: list[tuple[Path, Path]] = []
        (self.home / _MOVING).touch()
        try:
            for entry in sorted(self.folder.iterdir(), key=lambda path: path.name != ".git"):
                place = directory / entry.name
                try:
                    move_without_replacing(entry, place)
                except OSError as error:
                    raise _as_taken(error, place, directory) from error
                moved.append((entry, place))
        except BaseException:
            for entry, place in reversed(moved):
                _take_back(entry, place)
            raise


@contextmanager
def staging_folder(directory: Path) -> Iterator[Staging]:
    """Make a folder for a clone, on the file system of *directory*; it is removed at the end, whatever is in it."""
    parent = directory.absolute()
    while not parent.is_dir():
        parent = parent.parent
    remove_left_overs(directory)
    with _held_folder(parent) as staging:
        try:
            yield staging
        finally:
            _remove(staging.home)


def remove_left_overs(directory: Path) -> None:
    """Remove what a killed clone has left in *directory* or beside it; one that was being moved into it is moved wholly.

    A folder is lnpatch's own if it has the name, the owner and the lock of one. Nobody else is told of one that the
    system refuses to remove: it is in no one's way.
    """
    with suppress(OSError):  # the current folder was removed
        _remove_left_overs_in(directory.absolute())


def _remove_left_overs_in(directory: Path) -> None:
    parent = next((parent for parent in directory.parents if parent.is_dir()), directory)
    for folder in (directory, parent):
        with suppress(OSError):
            for home in [path for path in folder.iterdir() if path.name.startswith(PARTIAL_PREFIX)]:
                _remove_left_over(home)


def move_without_replacing(source: Path, place: Path) -> None:
    """Move a folder, or put a file or a link there too, which stays at its source: the whole staging folder goes anyway.

    Raises:
        OSError: there is something at the place already.
    """
    if source.is_dir() and not source.is_symlink():
        source.rename(place)  # which would replace an empty folder, but nothing else
    elif source.is_symlink():
        place.symlink_to(source.readlink())
    else:
        _link_file(source, place)


def _take_back(source: Path, place: Path) -> None:
    """Undo a move."""
    if os.path.lexists(source):
        place.unlink()
    else:
        place.rename(source)


def _link_file(source: Path, place: Path) -> None:
    try:
        os.link(source, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        with place.open("xb") as target, source.open("rb") as content:
            try:
                shutil.copyfileobj(content, target)
            except BaseException:
                place.unlink()
                raise
        shutil.copystat(source, place)


def _make_parents(directory: Path) -> list[Path]:
    """Make the folders that are missing above *directory* and return them, the innermost first."""
    made: list[Path] = []
    for parent in reversed(directory.absolute().parents):
        if not parent.is_dir():
            try:
                parent.mkdir()
                made.insert(0, parent)
            except FileExistsError:
                if not parent.is_dir():  # it is a file; else somebody else was as fast
                    raise
    return made


@contextmanager
def _held_folder(parent: Path) -> Iterator[Staging]:
    with ExitStack() as stack:
        while True:
            home = Path(tempfile.mkdtemp(prefix=PARTIAL_PREFIX, dir=parent))
            # another process may take it for a left-over before its lock is held
            with suppress(FileNotFoundError, LockTakenError):
                lock = stack.enter_context(hold_lock(home / _LOCK))
                if os.fstat(lock.descriptor).st_nlink:
                    break
        yield Staging(home, lock)


def _remove_left_over(home: Path) -> None:
    status = home.lstat()
    if home.is_symlink() or not home.is_dir() or status.st_uid != os.geteuid():
        return
    if not any(home.iterdir()):
        home.rmdir()  # killed before there was a lock
        return
    if not (home / _LOCK).is_file() or not {path.name for path in home.iterdir()} <= {_LOCK, _CHECKOUT, _MOVING}:
        return
    with suppress(LockTakenError), hold_lock(home / _LOCK):
        _finish_moving(home)
        _remove(home)


def _remove(home: Path) -> None:
    """Remove a folder, its lock last: a part of it that stays can be told as lnpatch's own."""
    shutil.rmtree(home / _CHECKOUT, ignore_errors=True)
    with suppress(OSError):
        (home / _MOVING).unlink(missing_ok=True)
        if not (home / _CHECKOUT).exists():
            (home / _LOCK).unlink(missing_ok=True)
            home.rmdir()


def _finish_moving(home: Path) -> None:
    """Move what is left of a whole clone to where its git directory is already; a file that is in its place stays."""
    clone = home / _CHECKOUT
    if not (home / _MOVING).exists() or not clone.is_dir() or (clone / ".git").exists():
        return
    for entry in clone.iterdir():
        with suppress(OSError):
            move_without_replacing(entry, home.parent / entry.name)


def _as_taken(error: OSError, place: Path, directory: Path) -> Exception:
    return PlaceTakenError(str(directory), str(place)) if error.errno in _TAKEN else error
