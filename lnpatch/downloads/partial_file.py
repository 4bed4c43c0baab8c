"""The partial file of a download: ``NAME.part``, beside which ``NAME.part.json`` says what it is the beginning of.

Both stay after a failure or an interruption, for the next time; the file gets its final name once it is whole and right.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from lnpatch.errors import FileError, NoSpaceError

#: What a file of unknown length has to leave on the disk, and after how many bytes that is looked at.
_SPACE_LEFT, _SPACE_EVERY = 1 << 28, 1 << 24


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
    """The partial file of a file that is to be at *final*."""

    def __init__(self, final: Path) -> None:
        self.final = final
        self.path = final.with_name(final.name + ".part")
        self._info_path = self.path.with_name(self.path.name + ".json")

    @property
    def size(self) -> int:
        """Bytes that are here, 0 where there is no partial file."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def read(self, start: int, length: int) -> bytes:
        """Return bytes of it."""
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(length)

    def read_info(self) -> PartialFileInfo | None:
        """Return what it is the beginning of; None where that cannot be read, so that it cannot be resumed."""
        try:
            info = PartialFileInfo(**json.loads(self._info_path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        texts = isinstance(info.address, str) and isinstance(info.validator, str)
        # the validator becomes a header of the next request
        return info if texts and info.validator.isprintable() and type(info.total) is int and info.total >= 0 else None

    def begin(self, info: PartialFileInfo) -> None:
        """Begin anew; what came before is removed.

        Raises:
            FileError: the system refuses it.
        """
        with self._as_file_error():
            # the old bytes go first: killed in between, they must not be taken for the beginning of the new file
            self.path.unlink(missing_ok=True)
            self._info_path.write_text(json.dumps(asdict(info)), encoding="utf-8")

    def write_blocks(self, offset: int, blocks: Iterable[bytes], total: int, watcher: DownloadWatcher) -> int:
        """Write *blocks* behind the first *offset* bytes, and return the size then.

        Only the system's refusals to write become failures of the file: what *blocks* raise while they come from the
        network is passed on as it is.

        Raises:
            NoSpaceError: there is no room for *total* bytes.
            FileError: the system refuses to write.
        """
        with self._as_file_error():
            self._require_space(total - offset)
            file = self.path.open("ab" if offset else "wb")
        done = offset
        checked = done
        watcher.advance(done, total)
        try:
            for block in blocks:
                if done - checked >= _SPACE_EVERY and not total:  # an answer of unknown length may have no end
                    self._require_space(_SPACE_LEFT)
                    checked = done
                with self._as_file_error():
                    file.write(block)
                done += len(block)
                watcher.advance(done, total)
        finally:
            with self._as_file_error():
                file.close()
        return done

    def remove(self) -> None:
        """Remove it and what is kept about it."""
        self.path.unlink(missing_ok=True)
        self._info_path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the file its final name; content and name are there after a power cut too.

        Raises:
            OSError: the system refuses it.
        """
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        self.path.replace(self.final)
        self._info_path.unlink(missing_ok=True)
        if os.name == "posix":  # only there can a folder be opened, to have the new name written to the disk
            folder = os.open(self.final.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _require_space(self, needed: int) -> None:
        free = shutil.disk_usage(self.path.parent).free
        if needed > free:
            raise NoSpaceError(str(self.path.parent), needed, free)

    @contextmanager
    def _as_file_error(self) -> Iterator[None]:
        """Make the folder, and turn the system's refusal to write into a failure that names the file."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as error:
            raise FileError(str(error.filename or self.path), error.strerror or str(error)) from error
