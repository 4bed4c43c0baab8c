"""Write several files or none: the change is recorded first, then written, then the record is made good.

A process that is killed in between leaves the pending record, and its mark on the lock; the next command that opens the
checkout puts everything back as it was.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from lnpatch.checkout.git_locks import locks_at_all, refuse_locks, remove_own_locks
from lnpatch.checkout.links import refuse_links_out
from lnpatch.checkout.record import Record, pending_ref, update_refs, write_record
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import BusyError, ChangedMeanwhileError, FileError
from lnpatch.files import (
    PARTIAL_PATTERN,
    ContentChangedError,
    LockTakenError,
    atomic_write,
    hold_lock,
    naming_file,
)

#: How long to wait for another lnpatch in the same checkout, in seconds.
PATIENCE = 30.0

#: What the file of the lock holds while a change is being written; it is empty else.
_MARK = b"A change is being written.\n"


@contextlib.contextmanager
def locked(checkout: Checkout) -> Iterator[None]:
    """Hold the checkout for this process and every git that it starts, until the last of them has ended, however it ends.

    Raises:
        BusyError: another lnpatch holds it and does not let go.
        LinkInGitDirectoryError: writing there would write elsewhere.
    """
    refuse_links_out(checkout)
    try:
        lnpatch_folder(checkout).mkdir(exist_ok=True)
        with hold_lock(_lock_file(checkout), PATIENCE) as lock:
            checkout.git.lock = lock.descriptor
            try:
                yield
            finally:
                checkout.git.lock = None
    except LockTakenError as error:
        raise BusyError(str(checkout.root)) from error


def was_cut_off(checkout: Checkout) -> bool:
    """Return whether a change was cut off, or is being written by another lnpatch at this moment."""
    try:
        status = _lock_file(checkout).lstat()
        return stat.S_ISREG(status.st_mode) and status.st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False


def mark_writing(checkout: Checkout) -> None:
    """Leave a mark that outlives this process. The checkout has to be locked."""
    with naming_file(_lock_file(checkout)):
        _lock_file(checkout).write_bytes(_MARK)


def unmark_writing(checkout: Checkout) -> None:
    """Take the mark away: nothing is half done any more."""
    os.truncate(_lock_file(checkout), 0)


def write_transaction(checkout: Checkout, change: Record, refs: Mapping[str, str | None]) -> str:
    """Write the files of *change*, make its switch to a branch and set *refs*: all of it, or nothing.

    The checkout has to be locked.

    Args:
        refs: the references to set, or to remove where the value is None.

    Returns:
        The tree that holds the files.

    Raises:
        GitLockedError: something that has to be written is locked; nothing was written.
        ChangedMeanwhileError: somebody has saved a file since it was read; it stays, the others are put back.
        FileError: the system refuses to write a file; those written before it are put back.
    """
    remove_own_locks(checkout)
    refuse_locks(checkout, change.switch)
    # whatever cuts this off, all that is needed to go back is recorded until the last step
    pending = replace(change, refs_before={ref: checkout.resolve_ref(ref) for ref in refs})
    tree = write_record(checkout, pending)
    mark_writing(checkout)
    try:
        update_refs(checkout, {pending_ref(checkout): tree})
        for file in change.files:
            _write_file(checkout, file.path, file.before, file.after)
        if change.switch is not None:
            change.switch.make(checkout)
        if refs:
            update_refs(checkout, refs)
        update_refs(checkout, {pending_ref(checkout): None})
    except BaseException:  # a signal too: nothing half done stays
        if checkout.resolve_ref(pending_ref(checkout)):
            undo_change(checkout, pending)
        _unmark_if_clean(checkout, change)
        raise
    finally:
        checkout.forget_contents()
    _unmark_if_clean(checkout, change)
    return tree


def undo_change(checkout: Checkout, change: Record) -> None:
    """Put everything back as it was before *change*, as far as it was made. The checkout has to be locked."""
    checkout.forget_contents()
    remove_own_locks(checkout)
    for file in change.files:
        if checkout.read(file.path) == file.after:
            with contextlib.suppress(ChangedMeanwhileError):  # it is the user's now
                _write_file(checkout, file.path, file.after, file.before)
    if change.switch is not None:
        change.switch.undo(checkout)
    if change.refs_before:
        update_refs(checkout, change.refs_before)
    update_refs(checkout, {pending_ref(checkout): None})


def remove_partial_files(checkout: Checkout, change: Record | None) -> None:
    """Remove the files that were half written when lnpatch was killed. The checkout has to be locked."""
    for left_over in _partial_files(checkout, change):
        left_over.unlink(missing_ok=True)


def _partial_files(checkout: Checkout, change: Record | None) -> Iterator[Path]:
    folders = {lnpatch_folder(checkout)}
    if change is not None:  # beside the files, if the git directory is on another file system
        folders |= {(checkout.root / checkout.locate(file.path)).parent for file in change.files}
    for folder in folders:
        yield from folder.glob(PARTIAL_PATTERN)


def _unmark_if_clean(checkout: Checkout, change: Record) -> None:
    """Take the mark away, unless something could not be removed: the next command tries again, or tells of it."""
    if not any(_partial_files(checkout, change)) and not locks_at_all(checkout):
        unmark_writing(checkout)


def lnpatch_folder(checkout: Checkout) -> Path:
    """Return lnpatch's own folder in the git directory."""
    return checkout.git_dir / "lnpatch"


def _lock_file(checkout: Checkout) -> Path:
    return lnpatch_folder(checkout) / "lock"


def _write_file(checkout: Checkout, path: str, expected: bytes, data: bytes) -> None:
    """Put *data* in the place of a file in one step, its permissions kept.

    Raises:
        ChangedMeanwhileError: the file does not hold what is expected.
        FileError: the system refuses.
    """
    file = checkout.root.resolve() / checkout.locate(path)
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        try:
            atomic_write(file, data, mode=mode, folder=lnpatch_folder(checkout), expected=expected)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            atomic_write(file, data, mode=mode, expected=expected)  # the git directory is on another file system
    except (ContentChangedError, FileNotFoundError) as error:
        raise ChangedMeanwhileError(str(checkout.root), [path]) from error
    except OSError as error:
        raise FileError(str(file), error.strerror or str(error)) from error
