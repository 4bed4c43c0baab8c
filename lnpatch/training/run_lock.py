"""Who trains in a run's folder: a lock that ends with the processes that hold it, and whether a process is still there.

``run.lock`` is locked by ``flock``, and says who holds it. The descriptor is inherited by the trainer: where lnpatch alone
is killed, the folder stays locked until its trainer has ended, too. (filelock, used elsewhere, hands out no descriptor.)
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from lnpatch.errors import RunBusyError

LOCK = "run.lock"

#: Seconds that a lock is waited for: whoever looks whether a run is under way holds it for a moment.
_PATIENCE = 1.0


@dataclass(frozen=True)
class Holder:
    """A process, told from every other one, also from those that get its number later."""

    pid: int
    host: str
    #: When it began, in UTC, for people.
    started: str = ""
    #: When the system says that it began, to be compared only; empty where the system does not say.
    process_start: str = ""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}" + (f" since {self.started}" if self.started else "")

    def is_here(self) -> bool:
        """Return whether it is or was a process of this machine."""
        return self.host == socket.gethostname()

    def is_alive(self) -> bool:
        """Return whether it still runs; for a process of this machine."""
        start = find_process_start(self.pid)
        return start is not None and self.process_start in ("", start)


def this_process(started: str) -> Holder:
    """Return this process."""
    return Holder(os.getpid(), socket.gethostname(), started, find_process_start(os.getpid()) or "")


def find_process_start(pid: int) -> str | None:
    """Return when a process of this machine began, in the system's own words; None where there is no such process."""
    if not 0 < pid < 2**31:
        return None
    try:
        if Path("/proc/self/stat").exists():
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            # the name, which stands in brackets, may have blanks and brackets itself
            state, *rest = stat.rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            return None if state in "ZX" else f"{rest[18]}@{boot}"
        said = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return said.stdout.strip() or None
    except (OSError, IndexError, ValueError):
        return None


@dataclass
class RunLock:
    """A lock that is held until :meth:`release`, or as long as a process lives that has inherited its descriptor."""

    _file: IO[bytes]

    @property
    def descriptor(self) -> int:
        """What the trainer has to inherit."""
        return self._file.fileno()

    def release(self) -> None:
        """Let others train in the folder, when the trainer has ended."""
        self._file.close()  # not LOCK_UN, which would take it from the trainer as well


def lock_run(folder: Path, holder: Holder) -> RunLock:
    """Take the lock of a run's folder.

    Raises:
        RunBusyError: another process trains there.
        OSError: its file cannot be written.
    """
    file = (folder / LOCK).open("a+b")
    deadline = time.monotonic() + _PATIENCE
    while not _try_lock(file, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            file.close()
            raise RunBusyError(str(folder), str(read_holder(folder) or "another process"))
        time.sleep(0.05)
    file.truncate(0)
    file.write(json.dumps(asdict(holder)).encode())
    file.flush()
    return RunLock(file)


def is_locked(folder: Path) -> bool:
    """Return whether a process holds the lock of a run's folder."""
    path = folder / LOCK
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return not _try_lock(file, fcntl.LOCK_SH)
    except OSError:
        return False


def read_holder(folder: Path) -> Holder | None:
    """Return the process that holds the lock, or held it last; None where nobody has written there."""
    try:
        with (folder / LOCK).open("rb") as file:
            return parse_holder(json.loads(file.read(10_000)))
    except (OSError, ValueError, RecursionError):
        return None


def parse_holder(table: Any) -> Holder | None:
    """Return the process that a table names; None for one that names none."""
    if not isinstance(table, dict) or type(table.get("pid")) is not int or not isinstance(table.get("host"), str):
        return None
    texts = {name: value for name in ("started", "process_start") if isinstance(value := table.get(name, ""), str)}
    return Holder(table["pid"], table["host"], **texts)


def _try_lock(file: IO[bytes], kind: int) -> bool:
    """Lock a file; return whether nobody else has. A file system without locks says that nobody has."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES)
    return True
