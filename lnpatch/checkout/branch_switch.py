"""Move a checkout to a new commit on a branch without touching its files: the branch, HEAD and the index, and back."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from lnpatch.checkout.worktree import Checkout

_HASH = re.compile("[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True)
class BranchSwitch:
    """What moves. All of it is known before anything is written, so that a switch cut off can be taken back.

    Attributes:
        branch: the full name of the branch.
        branch_before: the commit that it names now, empty where it is new.
        commit: the commit that it will name.
        head: what HEAD is now: the full name of a branch, or a commit.
        entries: the index's lines for the changed files, as ``git update-index --index-info`` takes them.
        entries_before: the lines that they replace.
    """

    branch: str
    branch_before: str
    commit: str
    head: str
    entries: str
    entries_before: str

    def __post_init__(self) -> None:
        """Check what may come from a record that somebody else has made.

        Raises:
            ValueError: these are no branch, commits and HEAD.
        """
        names = (self.commit, self.branch_before or self.commit)
        if not self.branch.startswith("refs/heads/lnpatch/") or not all(map(_HASH.fullmatch, names)):
            raise ValueError("not a branch of lnpatch's")
        if not self.head.startswith("refs/") and not _HASH.fullmatch(self.head):
            raise ValueError("not a HEAD")

    @property
    def short_branch(self) -> str:
        """The branch as people write it."""
        return self.branch.removeprefix("refs/heads/")

    def make(self, checkout: Checkout) -> None:
        """Move to the commit.

        Raises:
            GitError: git refuses; :meth:`undo` takes back what was done.
        """
        doing = f"switching to {self.short_branch}"
        checkout.git("update-ref", self.branch, self.commit, self.branch_before or "0" * len(self.commit), doing=doing)
        if self.head != self.branch:
            message = f"checkout: moving from {self.head.removeprefix('refs/heads/')} to {self.short_branch}"
            checkout.git("symbolic-ref", "-m", message, "HEAD", self.branch, doing=doing)
        self._update_index(checkout, self.entries, doing)

    def undo(self, checkout: Checkout) -> None:
        """Take back as much of :meth:`make` as was done."""
        doing = f"going back from {self.short_branch}"
        if self.head != self.branch and checkout.head_ref() == self.branch:
            if self.head.startswith("refs/"):
                checkout.git("symbolic-ref", "HEAD", self.head, doing=doing)
            else:
                checkout.git("update-ref", "--no-deref", "HEAD", self.head, doing=doing)
        if checkout.resolve_ref(self.branch) == self.commit:
            if self.branch_before:
                checkout.git("update-ref", self.branch, self.branch_before, self.commit, doing=doing)
            else:
                checkout.git("update-ref", "-d", self.branch, self.commit, doing=doing)
        paths = [line.partition("\t")[2] for line in self.entries.split("\0") if line]
        if checkout.index_lines(paths) == self.entries:
            self._update_index(checkout, self.entries_before, doing)

    def _update_index(self, checkout: Checkout, lines: str, doing: str) -> None:
        checkout.git("update-index", "-z", "--index-info", doing=doing, data=os.fsencode(lines))
