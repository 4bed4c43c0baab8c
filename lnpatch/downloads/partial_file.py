"""The partial file of a download: ``NAME.part``, beside which ``NAME.part.json`` says what it is the beginning of.

Both stay after a failure or an interruption, for the next time; the file gets its final name once it is whole and right.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Protocol, Self

from lnpatch.downloads.answer import is_validator
from lnpatch.errors import DownloadBusyError, FileError, LnpatchError, NoSpaceError

if sys.platform != "win32":
    import fcntl


class DownloadWatcher(Protocol):
    """Is told how the download of one file goes on."""

    def advance(self, done: int, total: int) -> None:
        """Show that *done* bytes of *total* are here; *total* is 0 where that is not known."""

    def note(self, text: str) -> None:
        """Show something that a person may want to know."""


@dataclass(frozen=True)
class PartialFileInfo:
    """What a partial file is the beginning of."""

    #: Where it comes from, without a password.
    address: str
    #: The server's mark of this version of the file: a strong ETag or the date of the last change. It is empty where the
    #: server sends neither; then nothing says that more bytes would belong to the same file.
    validator: str
    #: The size of the whole file in bytes, 0 where it is not known.
    total: int


class PartialFile:
    """The partial file of a file that is to be at *final*.

    The folder may hold anything under its name: what is not a file of its own, a link or a second name of another file,
    is never written to, nor read as a beginning. From its first use to the end of the ``with`` block it is locked, against
    processes that keep their other locks in another folder.
    """

    def __init__(self, final: Path) -> None:
        self.final = final
        self.path = final.with_name(final.name + ".part")
        self._info_path = self.path.with_name(self.path.name + ".json")
        self._file: FileIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def places(self) -> tuple[Path, Path]:
        """The paths of the file and of what is kept about it."""
        return self.path, self._info_path

    @property
    def size(self) -> int:
        """Bytes that are here, 0 where there is no partial file."""
        return self.path.lstat().st_size if _is_own_file(self.path) else 0

    def refuse_folders(self) -> None:
        """Refuse folders in its places, before anything is asked of a server.

        Raises:
            FileError: there is one.
        """
        for path in self.places:
            if path.is_dir() and not path.is_symlink():
                raise FileError(str(path), "a folder is in the way")

    def read_info(self) -> PartialFileInfo | None:
        """Return what it is the beginning of; None where that cannot be read, so that it cannot be resumed."""
        if not _is_own_file(self._info_path):  # a pipe would be read for ever
            return None
        try:
            info = PartialFileInfo(**json.loads(self._info_path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        return info if _is_right(info) else None

    def require_space(self, needed: int) -> None:
        """Make the folder, and refuse more bytes than there is room for.

        Raises:
            NoSpaceError: there is no room for *needed* bytes.
            FileError: the system refuses the folder.
        """
        with self._as_file_error():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.path.parent).free
        if needed > free:
            raise NoSpaceError(str(self.path.parent), needed, free, kept=self.size > 0)

    def begin(self, info: PartialFileInfo) -> None:
        """Begin anew; what came before is removed.

        Raises:
            DownloadBusyError: another process has it.
            FileError: the system refuses it.
        """
        with self._as_file_error():
            # the old bytes go first: killed in between, they must not be taken for the beginning of the new file
            self.remove()
            self._acquire()
            with self._info_path.open("x", encoding="utf-8") as file:
                json.dump(asdict(info), file)

    def read_tail(self, count: int) -> bytes:
        """Return its last *count* bytes.

        Raises:
            DownloadBusyError, FileError: as :meth:`begin`.
        """
        with self._as_file_error():
            file = self._acquire()
            file.seek(-count, os.SEEK_END)
            return file.read(count)

    def write_blocks(self, offset: int, blocks: Iterable[bytes], total: int, watcher: DownloadWatcher) -> int:
        """Write *blocks* behind the first *offset* bytes, and return the size then; *total* is 0 where it is not known.

        Only the system's refusals to write become failures of the file: what *blocks* raise while they come from the
        network is passed on as it is.

        Raises:
            NoSpaceError: the disk is full.
            DownloadBusyError, FileError: as :meth:`begin`.
        """
        try:
            return self._append(offset, blocks, total, watcher)
        except NoSpaceError as failure:
            if not total:  # nobody says that it would ever end: it must not keep the disk full
                self.remove()
                failure.kept = False
            raise

    def _append(self, offset: int, blocks: Iterable[bytes], total: int, watcher: DownloadWatcher) -> int:
        done = offset
        watcher.advance(done, total)
        with self._as_file_error():
            file = self._acquire()
            self._refuse_other(file, offset)
            file.seek(offset)
        for block in blocks:
            with self._as_file_error():
                _write_all(file, block)
            done += len(block)
            watcher.advance(done, total)
        with self._as_file_error():
            self._refuse_other(file, done)
        return done

    def remove(self) -> None:
        """Remove it and what is kept about it.

        Raises:
            DownloadBusyError: another process has it.
            OSError: the system refuses it.
        """
        if _is_own_file(self.path):
            self._acquire()  # not what another process is writing
        if sys.platform == "win32":  # where a file that is open can be neither removed nor renamed
            self.release()
        self.path.unlink(missing_ok=True)
        self._info_path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Close and unlock it; who has not used it has nothing to release."""
        if self._file:
            self._file.close()
            self._file = None

    def remove_lone_info(self) -> None:
        """Remove what is kept about a file that has its name already: killed right behind that, it was left."""
        if not os.path.lexists(self.path) and _is_own_file(self._info_path):
            self._info_path.unlink()

    def finish(self) -> None:
        """Give the file its final name; content and name are there after a power cut too.

        Raises:
            NoSpaceError, FileError: the system refuses it.
        """
        with self._as_file_error():
            file = self._acquire()
            os.fsync(file.fileno())
            self._refuse_other(file, os.fstat(file.fileno()).st_size)
            if sys.platform == "win32":
                self.release()
            self.path.replace(self.final)
            self._info_path.unlink(missing_ok=True)
            if os.name == "posix":  # only there can a folder be opened, to have the new name written to the disk
                folder = os.open(self.final.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)

    def _acquire(self) -> FileIO:
        """Open it, or make it, and lock it until it is released."""
        if self._file:
            return self._file
        if not _is_own_file(self.path):
            self.path.unlink(missing_ok=True)
        # a link that comes in between is not followed; opened for appending, it could not be continued at an offset
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        file = FileIO(self.path, "r+", opener=lambda path, _: os.open(path, flags, 0o666))
        try:
            _lock(file)
            # who had it before may have given it its final name meanwhile
            if not _is_plain_file(os.fstat(file.fileno())) or not self._is_same(file):
                raise BlockingIOError
        except BlockingIOError as error:
            file.close()
            raise DownloadBusyError(str(self.path)) from error
        self._file = file
        return file

    def _is_same(self, file: FileIO) -> bool:
        return _is_own_file(self.path) and os.path.samestat(os.fstat(file.fileno()), self.path.lstat())

    def _refuse_other(self, file: FileIO, size: int) -> None:
        """Refuse a file that another program, which looks at no lock, has written to or put in its place."""
        if not self._is_same(file) or os.fstat(file.fileno()).st_size != size:
            raise DownloadBusyError(str(self.path))

    @contextmanager
    def _as_file_error(self) -> Iterator[None]:
        """Turn the system's refusal into a failure that names the file."""
        try:
            yield
        except OSError as error:
            raise explain_refusal(error, self.path) from error


def explain_refusal(error: OSError, path: Path) -> LnpatchError:
    """Return the failure that the system's refusal is; *path* is named where it names no file."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return NoSpaceError(str(Path(error.filename or path).parent), 0, 0)
    return FileError(str(error.filename or path), error.strerror or str(error))


def _lock(file: FileIO) -> None:
    """Lock a file against other processes, where the system and the file system can.

    Raises:
        BlockingIOError: another one has it.
    """
    if sys.platform == "win32":
        return  # where a lock would keep us from reading it as well
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL):
            raise


def _write_all(file: FileIO, block: bytes) -> None:
    """Write all of *block*: unbuffered, so that nothing is left to be written when the file is closed."""
    rest = memoryview(block)
    while rest:
        rest = rest[file.write(rest) :]


def _is_own_file(path: Path) -> bool:
    """Tell whether there is a file of its own; a link, a pipe or a second name of another file is none."""
    try:
        return _is_plain_file(path.lstat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def _is_plain_file(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def _is_right(info: PartialFileInfo) -> bool:
    """Tell whether what was read may have been written here."""
    if not isinstance(info.address, str) or not isinstance(info.validator, str):
        return False
    return type(info.total) is int and info.total >= 0 and (not info.validator or is_validator(info.validator))
