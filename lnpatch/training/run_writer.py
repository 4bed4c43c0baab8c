"""Write down a run that is under way: its output and its updates, also where the disk is full for a while."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lnpatch.runtimes.process import StopProcess
from lnpatch.training.output import BatchWords, CostBecameNaN, Event, ShapeCompiled, Update, Validation
from lnpatch.training.run_folder import LOG
from lnpatch.training.update_log import UPDATES


class AppendedFile:
    """A file to which whole pieces are appended: one that does not fit on the disk leaves no part of itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        self._pending = b""

    def append(self, data: bytes) -> None:
        """Append *data*, after all that could not be written before.

        Raises:
            OSError: it does not fit; it is kept for the next time.
        """
        self._pending += data
        size = os.fstat(self._file.fileno()).st_size
        rest = memoryview(self._pending)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file.fileno(), size)
            raise
        self._pending = b""

    def forget(self) -> None:
        """Give up what could not be written."""
        self._pending = b""

    def sync(self) -> None:
        """Have all of it on the disk.

        Raises:
            OSError: something does not fit.
        """
        self.append(b"")
        with suppress(OSError):  # not every file has a disk below it
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; what is not written yet is lost."""
        self._file.close()


@dataclass
class RunWriter:
    """Writes down a run that is under way.

    Where the disk is full it has the trainer stopped, once, and keeps the updates until there is room for them.
    """

    folder: Path
    #: The seconds of the earlier parts of the run.
    elapsed_before: float = 0.0
    last: Update | None = field(default=None, init=False)
    nan_at: int | None = field(default=None, init=False)
    #: What could not be written, and why; empty where all could.
    failure: str = field(default="", init=False)
    _first_report: float | None = field(default=None, init=False)
    #: Seconds of compiling since the last update, as far as they count among the elapsed ones.
    _compile_seconds: float = field(default=0.0, init=False)
    #: The words of a batch whose update is not reported yet.
    _words: BatchWords | None = field(default=None, init=False)

    @property
    def elapsed(self) -> float:
        """Seconds since the first report, over all parts of the run."""
        return self.elapsed_before + (time.monotonic() - self._first_report if self._first_report is not None else 0.0)

    @contextmanager
    def open_files(self) -> Iterator[None]:
        """Open the log and the updates to be appended to."""
        self._log, self._updates = AppendedFile(self.folder / LOG), AppendedFile(self.folder / UPDATES)
        try:
            yield
        finally:
            with suppress(OSError):  # it was told before
                self._updates.sync()
            self._log.close()
            self._updates.close()

    def append_log(self, raw: bytes) -> None:
        """Write down what the trainer has printed.

        Raises:
            StopProcess: it could not be written, for the first time.
        """
        try:
            self._log.append(raw)
        except OSError as error:
            self._log.forget()
            self._fail(self._log, error)

    def record_event(self, event: Event) -> None:
        """Write down what the trainer reports.

        Raises:
            StopProcess: it could not be written, for the first time.
        """
        if isinstance(event, ShapeCompiled) and self._first_report is not None:
            self._compile_seconds += event.seconds
        if isinstance(event, BatchWords):
            self._words = event
        if not isinstance(event, (Update, Validation, CostBecameNaN)):
            return
        if self._first_report is None:
            self._first_report = time.monotonic()
        elapsed = round(self.elapsed, 3)
        if isinstance(event, CostBecameNaN):
            self.nan_at = event.update
            return
        if isinstance(event, Update):
            self.last = event
            entry: dict[str, Any] = asdict(event) | {"elapsed": elapsed}
            if self._words is not None and self._words.update == event.update:
                entry["words"] = self._words.words
            if self._compile_seconds:
                entry["compile"] = round(self._compile_seconds, 3)
                self._compile_seconds = 0.0
        else:
            entry = {"update": event.update, "elapsed": elapsed, "validation": event.figures}
        try:
            self._updates.append((json.dumps(entry) + "\n").encode())
        except OSError as error:
            self._fail(self._updates, error)

    def sync_updates(self) -> bool:
        """Have all updates on the disk; return whether they are."""
        try:
            self._updates.sync()
        except OSError:
            return False
        return True

    def _fail(self, file: AppendedFile, error: OSError) -> None:
        if not self.failure:
            self.failure = f"{file.path.name} cannot be written ({error.strerror or error})"
            raise StopProcess
