"""Write several files or none: the change is recorded first, then written, then the record is made good.

A process that is killed in between leaves the pending record; the next command that opens the checkout puts the files
back as they were.
"""

from __future__ import annotations

import contextlib
import errno
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from lnpatch.checkout.record import FileChange, Record, pending_ref, read_record, update_refs
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import BusyError, FileError, InterruptedOperationError
from lnpatch.files import PARTIAL_PREFIX, atomic_write

#: How long to wait for another lnpatch in the same checkout, in seconds.
PATIENCE = 10.0


@contextlib.contextmanager
def locked(checkout: Checkout) -> Iterator[None]:
    """Hold the checkout for this process; the system lets go of it when the process ends, however it ends.

    Raises:
        BusyError: another lnpatch holds it and does not let go.
    """
    import filelock  # it imports asyncio, 30 ms that looking at a checkout does without

    _lnpatch_folder(checkout).mkdir(exist_ok=True)
    lock = filelock.FileLock(_lnpatch_folder(checkout) / "lock", timeout=PATIENCE)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise BusyError(str(checkout.root)) from error
    try:
        yield
    finally:
        lock.release()


def write_transaction(checkout: Checkout, change: Record, tree: str, refs: Mapping[str, str | None]) -> None:
    """Write the files of *change*, make its switch to a branch and set *refs*: all of it, or nothing.

    The checkout has to be locked.

    Args:
        tree: *change* as stored in the repository.
        refs: the references to set, or to remove where the value is None.

    Raises:
        FileError: the system refuses to write a file; those written before it are put back.
    """
    try:
        update_refs(checkout, {pending_ref(checkout): tree})
        for file in change.files:
            _write_file(checkout, file.path, file.after)
        if change.switch is not None:
            change.switch.make(checkout)
        update_refs(checkout, {**refs, pending_ref(checkout): None})
    except BaseException:  # a signal too: nothing half done stays
        if checkout.resolve_ref(pending_ref(checkout)):
            _undo_change(checkout, change)
        raise
    finally:
        checkout.forget_contents()


def undo_interrupted(checkout: Checkout) -> str:
    """Undo what an interrupted process left half done; return the operation that was undone, empty where there was none.

    Raises:
        InterruptedOperationError: files were changed since, so that undoing would lose something.
    """
    if not checkout.resolve_ref(pending_ref(checkout)):
        return ""
    with locked(checkout):
        pending = read_record(checkout, pending_ref(checkout))
        if pending is None:  # another process was about to finish, and has
            return ""
        checkout.forget_contents()
        foreign = [file.path for file in pending.files if not _can_undo(checkout, file)]
        if foreign:
            raise InterruptedOperationError(str(checkout.root), pending.operation, foreign)
        _undo_change(checkout, pending)
        checkout.forget_contents()
    return pending.operation


def _can_undo(checkout: Checkout, file: FileChange) -> bool:
    """Return whether nothing is lost by putting a file back, or leaving it where git holds its content."""
    current = checkout.read(file.path)
    return current in (file.before, file.after) or current == checkout.committed_content(file.path)


def _undo_change(checkout: Checkout, change: Record) -> None:
    checkout.forget_contents()
    for file in change.files:
        if checkout.read(file.path) == file.after:
            _write_file(checkout, file.path, file.before)
    if change.switch is not None:
        change.switch.undo(checkout)
    update_refs(checkout, {pending_ref(checkout): None})
    for left_over in _lnpatch_folder(checkout).glob(f"{PARTIAL_PREFIX}*"):
        left_over.unlink(missing_ok=True)


def _write_file(checkout: Checkout, path: str, data: bytes) -> None:
    """Put *data* in the place of a file in one step, its permissions kept."""
    file = checkout.root.resolve() / checkout.locate(path)
    folder = _lnpatch_folder(checkout)
    try:
        folder.mkdir(exist_ok=True)
        mode = stat.S_IMODE(file.stat().st_mode)
        try:
            atomic_write(file, data, mode=mode, folder=folder)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            atomic_write(file, data, mode=mode)  # the git directory is on another file system
    except OSError as error:
        raise FileError(str(file), error.strerror or str(error)) from error


def _lnpatch_folder(checkout: Checkout) -> Path:
    return checkout.git_dir / "lnpatch"
