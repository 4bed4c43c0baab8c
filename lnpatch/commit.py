"""Commit a patch on a branch of its own, with a message that can be the text of a pull request.

The commit is made from objects, before anything is written: no hook runs, and what can go wrong goes wrong first. Then
HEAD and the index's entries of the patched files move to it; whatever else is staged stays as it is.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass

from lnpatch.checkout import Checkout
from lnpatch.errors import BranchExistsError, DirtyFilesError, OperationInProgressError
from lnpatch.record import Record
from lnpatch.targets import Recipe

#: Files of the git directory that stand for something that git has begun and a user has to end.
_IN_PROGRESS = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "BISECT_LOG": "bisect",
}


@dataclass(frozen=True)
class PreparedCommit:
    """A commit that no branch holds yet. ``entries`` are the lines for the index; ``head`` is where HEAD is now."""

    branch: str
    commit: str
    entries: str
    head: str
    head_is_symbolic: bool

    @property
    def ref(self) -> str:
        """The full name of the branch."""
        return f"refs/heads/{self.branch}"

    def switch(self, checkout: Checkout) -> None:
        """Make the branch, which has to be there, the current one; on failure HEAD is where it was.

        Raises:
            GitError: git refuses.
        """
        doing = f"switching to {self.branch}"
        came_from = self.head.removeprefix("refs/heads/")
        checkout.git(
            "symbolic-ref", "-m", f"checkout: moving from {came_from} to {self.branch}", "HEAD", self.ref, doing=doing
        )
        try:
            checkout.git("update-index", "-z", "--index-info", doing=doing, data=os.fsencode(self.entries))
        except BaseException:
            if self.head_is_symbolic:
                checkout.git("symbolic-ref", "HEAD", self.head, doing=doing)
            else:
                checkout.git("update-ref", "--no-deref", "HEAD", self.head, doing=doing)
            raise


def prepare_commit(recipe: Recipe, checkout: Checkout, record: Record) -> PreparedCommit | None:
    """A commit of the files of *record* on top of HEAD; None where HEAD has them as they are.

    Raises:
        OperationInProgressError: a merge or the like is not ended.
        BranchExistsError: the branch is there already.
        DirtyFilesError: another content of a file is staged.
        GitError: git does not know who commits.
    """
    branch = f"lnpatch/{recipe.name}-{record.cell}"
    doing = f"preparing a commit for {branch}"
    for name, operation in _IN_PROGRESS.items():
        if (checkout.git_dir / name).exists():
            raise OperationInProgressError(str(checkout.root), operation)
    for taken in (branch, "lnpatch"):
        if checkout.ref(f"refs/heads/{taken}"):
            raise BranchExistsError(taken, str(checkout.root))
    checkout.git("var", "GIT_COMMITTER_IDENT", doing="looking up who commits (git config user.name and user.email)")
    blobs = [
        checkout.git("hash-object", "-w", "--stdin", f"--path={file.path}", doing=doing, data=file.after)
        .decode()
        .strip()
        for file in record.files
    ]
    entries = [(file.mode, blob, file.path) for file, blob in zip(record.files, blobs, strict=True)]
    _refuse_staged(checkout, {path: blob for _, blob, path in entries})
    lines = "".join(f"{mode} {blob}\t{path}\0" for mode, blob, path in entries)
    head = checkout.head()
    with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
        index = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
        checkout.git("read-tree", head, doing=doing, env=index)
        checkout.git("update-index", "-z", "--index-info", doing=doing, env=index, data=os.fsencode(lines))
        tree = checkout.git("write-tree", doing=doing, env=index).decode().strip()
    if tree == checkout.ref(f"{head}^{{tree}}"):
        return None
    message = commit_message(recipe, record).encode()
    commit = checkout.git("commit-tree", tree, "-p", head, "-F", "-", doing=doing, data=message).decode().strip()
    _, symbolic = checkout.git.status("symbolic-ref", "-q", "HEAD", doing=doing, accept=(0, 1))
    return PreparedCommit(branch, commit, lines, symbolic.decode().strip() or head, bool(symbolic))


def _refuse_staged(checkout: Checkout, blobs: dict[str, str]) -> None:
    """Refuse to overwrite index entries that are neither HEAD's nor the patch's own."""
    options = ("--cached", "--name-only", "-z", "HEAD", "--", *blobs)
    listed = checkout.git("--literal-pathspecs", "diff-index", *options, doing="looking at the index")
    staged = [path for path in os.fsdecode(listed).split("\0") if path]
    foreign = [path for path in staged if checkout.ref(f":{path}") != blobs.get(path)]
    if foreign:
        raise DirtyFilesError(str(checkout.root), foreign)


def commit_message(recipe: Recipe, record: Record) -> str:
    """What was done and why, as the paper's authors wished to see it in pull requests."""
    cell = recipe.cells[record.cell]
    values = recipe.values(record.cell, record.data_dir)
    edits = recipe.selected(values, record.repairs)
    lines = [
        f"Add {cell.what.partition(',')[0]} ({record.cell})",
        "",
        "Layer normalization (Ba, Kiros, Hinton 2016, https://arxiv.org/abs/1607.06450) for the recurrent layers of this",
        f"repository: the layer {record.cell}, next to {cell.baseline}, with the parameters' names, shapes and order of the",
        "models that were released with the paper.",
        "",
    ]
    lines += [f"- {edit.file}: {edit.describe(values)}" for edit in edits if edit not in recipe.repairs]
    if repairs := [edit for edit in edits if edit in recipe.repairs]:
        lines += ["", "Repairs, without which training does not start:", ""]
        lines += [f"- {edit.file}: {edit.describe(values)}; {edit.why}" for edit in repairs]
    return "\n".join(lines) + "\n"
