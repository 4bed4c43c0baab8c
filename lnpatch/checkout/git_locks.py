"""The locks that a killed git leaves behind: lnpatch's own are removed, for the others the user is asked.

git makes ``NAME.lock`` beside what it is about to write. One that was killed cannot remove it, and every git after it
refuses to write. On references that only lnpatch writes, such a lock is lnpatch's own, and dead as soon as the checkout is
locked for us. What others write too may be locked by a git that is at work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lnpatch.checkout.branch_switch import BranchSwitch
from lnpatch.checkout.record import pending_ref, records_prefix
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import GitLockedError

#: How long a lock may be there before it counts as left behind, in seconds: `git gc` holds one on each reference for less.
PATIENCE = 0.5

_INTERVAL = 0.05


def remove_own_locks(checkout: Checkout) -> None:
    """Remove the locks on lnpatch's references that a killed git has left. The checkout has to be locked."""
    if _outlast_patience(lambda: list(_own_locks(checkout))):
        for lock in _own_locks(checkout):
            lock.unlink(missing_ok=True)


def refuse_locks(checkout: Checkout, switch: BranchSwitch | None) -> None:
    """Refuse to begin a change that git could not end, since something that it writes is locked.

    Raises:
        GitLockedError: a lock is there, and stays.
    """
    if locks := _outlast_patience(lambda: _shared_locks(checkout, switch)):
        raise GitLockedError(str(checkout.root), [str(lock) for lock in locks])


def locks_left(checkout: Checkout) -> list[Path]:
    """Return the locks that somebody holds, or has left, on what lnpatch shares with everybody else."""
    return _outlast_patience(lambda: [*_shared_locks(checkout, None), *_locks_of_a_switch(checkout)])


def locks_at_all(checkout: Checkout) -> bool:
    """Return whether there is any lock at this moment, somebody else's perhaps."""
    return any((*_own_locks(checkout), *_shared_locks(checkout, None), *_locks_of_a_switch(checkout)))


def _outlast_patience(find: Callable[[], list[Path]]) -> list[Path]:
    deadline = time.monotonic() + PATIENCE
    while (found := find()) and time.monotonic() < deadline:
        time.sleep(_INTERVAL)
    return found


def _own_locks(checkout: Checkout) -> Iterator[Path]:
    pending = checkout.common_dir / f"{pending_ref(checkout)}.lock"
    if pending.exists():
        yield pending
    yield from (checkout.common_dir / records_prefix(checkout)).rglob("*.lock")


def _shared_locks(checkout: Checkout, switch: BranchSwitch | None) -> list[Path]:
    """Return the locks that are in the way of a change, with a switch to a branch or without."""
    # a reference that is removed is removed from the packed ones too
    locks = [checkout.common_dir / "packed-refs.lock", checkout.common_dir / "packed-refs.new"]
    locks = [lock for lock in locks if lock.exists()]
    return locks + _locks_of_a_switch(checkout) if switch else locks


def _locks_of_a_switch(checkout: Checkout) -> list[Path]:
    locks = [checkout.git_dir / "index.lock", checkout.git_dir / "HEAD.lock"]
    branches = (checkout.common_dir / "refs/heads/lnpatch").rglob("*.lock")
    return [*(lock for lock in locks if lock.exists()), *branches]
