"""Put right what a killed lnpatch has left in a checkout: a change that was half written, locks, partial files."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from lnpatch.checkout.git_locks import locks_left, refuse_locks, remove_own_locks
from lnpatch.checkout.record import FileChange, Record, pending_ref, read_record
from lnpatch.checkout.transaction import (
    locked,
    remove_partial_files,
    undo_change,
    unmark_writing,
    was_cut_off,
)
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import InterruptedOperationError


def recover(checkout: Checkout) -> list[str]:
    """Undo what an interrupted process left half done, and return remarks for the user; none where there was nothing.

    Raises:
        InterruptedOperationError: files were changed since, so that undoing would lose something.
        GitLockedError: a lock is in the way that may be somebody else's.
        BusyError: another lnpatch is at work, and does not end.
    """
    if not was_cut_off(checkout) and not checkout.resolve_ref(pending_ref(checkout)):
        return []
    with locked_for_writing(checkout) as notes:
        return notes


@contextmanager
def locked_for_writing(checkout: Checkout) -> Iterator[list[str]]:
    """Hold the checkout as :func:`locked`, with nothing half done in it, and its files read anew; yields remarks.

    Another lnpatch may have written, or may have been killed, since the checkout was opened.

    Raises:
        LnpatchError: as :func:`recover` and :func:`locked`.
    """
    with locked(checkout):
        checkout.forget_contents()
        yield _recover_locked(checkout)


def _recover_locked(checkout: Checkout) -> list[str]:
    pending = read_record(checkout, pending_ref(checkout))
    if pending is None and not was_cut_off(checkout):
        return []
    remove_own_locks(checkout)
    if pending is not None:
        _undo(checkout, pending)
    remove_partial_files(checkout, pending)
    notes = _describe_locks(checkout)
    if not notes:
        unmark_writing(checkout)
    return [f"An interrupted `lnpatch {pending.operation}` was undone first.", *notes] if pending else notes


def _undo(checkout: Checkout, pending: Record) -> None:
    checkout.forget_contents()
    foreign = [file.path for file in pending.files if not _can_undo(checkout, file)]
    if foreign:
        raise InterruptedOperationError(str(checkout.root), pending.operation, foreign)
    refuse_locks(checkout, pending.switch)
    undo_change(checkout, pending)
    checkout.forget_contents()


def _can_undo(checkout: Checkout, file: FileChange) -> bool:
    """Return whether nothing is lost by putting a file back, or leaving it where git holds its content."""
    current = checkout.read(file.path)
    return current in (file.before, file.after) or current == checkout.committed_content(file.path)


def _describe_locks(checkout: Checkout) -> list[str]:
    """Say which locks a git that was killed may have left; nothing that was to be undone is in their way."""
    locks = [str(lock) for lock in locks_left(checkout)]
    if not locks:
        return []
    return [
        f"git is locked. If no git is at work there any more, remove what it left: {shlex.join(['rm', '-f', *locks])}"
    ]
