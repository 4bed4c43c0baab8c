"""Commit a patch on a branch of its own, with a message that can be the text of a pull request.

The commit is made from objects, before anything is written: no hook runs, and what can go wrong goes wrong first. Then
HEAD and the index's entries of the patched files move to it; whatever else is staged stays as it is.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Sequence

from lnpatch.checkout.branch_switch import BranchSwitch
from lnpatch.checkout.record import Record
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import (
    BranchExistsError,
    DirtyFilesError,
    FilteredFilesError,
    NotTrackedError,
    OperationInProgressError,
)
from lnpatch.recipes import Recipe

#: Files of the git directory that stand for something that git has begun and a user has to end.
_IN_PROGRESS = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "BISECT_LOG": "bisect",
}


def prepare_commit(recipe: Recipe, checkout: Checkout, record: Record) -> BranchSwitch | None:
    """Prepare a commit of the files of *record* on top of HEAD; return None where HEAD has them as they are.

    Raises:
        OperationInProgressError: a merge or the like is not ended.
        BranchExistsError: the branch is there already, and is not the current one.
        DirtyFilesError: another content of a file is staged.
        NotTrackedError: files are not this repository's own any more.
        FilteredFilesError: git would commit the files as a program makes them, which is not run.
        GitError: git does not know who commits.
    """
    branch = f"refs/heads/lnpatch/{recipe.name}-{record.cell}"
    doing = f"preparing a commit for {branch}"
    paths = [file.path for file in record.files]
    _refuse_files(checkout, paths)
    blobs = [
        checkout.git("hash-object", "-w", "--stdin", f"--path={file.path}", doing=doing, data=file.after)
        .decode()
        .strip()
        for file in record.files
    ]
    entries = [(file.mode, blob, file.path) for file, blob in zip(record.files, blobs, strict=True)]
    lines = "".join(f"{mode} {blob}\t{path}\0" for mode, blob, path in entries)
    with tempfile.TemporaryDirectory(prefix="lnpatch-") as folder:
        index = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
        checkout.git("read-tree", "HEAD", doing=doing, env=index)
        checkout.git("update-index", "-z", "--index-info", doing=doing, env=index, data=os.fsencode(lines))
        tree = checkout.git("write-tree", doing=doing, env=index).decode().strip()
    if tree == checkout.resolve_ref("HEAD^{tree}"):
        return None
    head = checkout.head_ref()
    _refuse_obstacles(checkout, branch if head != branch else "")
    _refuse_staged(checkout, {path: blob for _, blob, path in entries})
    message = commit_message(recipe, record).encode()
    commit = checkout.git("commit-tree", tree, "-p", "HEAD", "-F", "-", doing=doing, data=message).decode().strip()
    before = checkout.head() if head == branch else ""
    return BranchSwitch(branch, before, commit, head, lines, checkout.index_lines(paths))


def _refuse_files(checkout: Checkout, paths: Sequence[str]) -> None:
    if untracked := checkout.untracked_files(paths):
        raise NotTrackedError(str(checkout.root), untracked)
    if filtered := checkout.filtered_files(paths):
        raise FilteredFilesError(str(checkout.root), filtered, commit=True)


def _refuse_obstacles(checkout: Checkout, new_branch: str) -> None:
    for name, operation in _IN_PROGRESS.items():
        if (checkout.git_dir / name).exists():
            raise OperationInProgressError(str(checkout.root), operation)
    for name in (new_branch, "refs/heads/lnpatch") if new_branch else ():
        if checkout.resolve_ref(name):
            raise BranchExistsError(name.removeprefix("refs/heads/"), str(checkout.root))
    checkout.git("var", "GIT_COMMITTER_IDENT", doing="looking up who commits (git config user.name and user.email)")


def _refuse_staged(checkout: Checkout, blobs: dict[str, str]) -> None:
    """Refuse to overwrite index entries that are neither HEAD's nor the patch's own."""
    options = ("--cached", "--name-only", "--ignore-submodules=all", "-z", "HEAD", "--", *blobs)
    listed = checkout.git("--literal-pathspecs", "diff-index", *options, doing="looking at the index")
    staged = [path for path in os.fsdecode(listed).split("\0") if path]
    foreign = [path for path in staged if checkout.resolve_ref(f":{path}") != blobs.get(path)]
    if foreign:
        raise DirtyFilesError(str(checkout.root), foreign)


def describe_signature(checkout: Checkout) -> list[str]:
    """Say that a commit is not signed where the user wants commits signed: the program for it may be the checkout's choice."""
    options = ("--type=bool", "--default=false", "--get", "commit.gpgSign")
    wanted = checkout.git("config", *options, doing="reading its configuration").strip() == b"true"
    sign = f"git -C {shlex.quote(str(checkout.root))} commit --amend --no-edit -S"
    return (
        [f"The commit is not signed, though commit.gpgSign is set: lnpatch runs no program for that. {sign}"]
        if wanted
        else []
    )


def commit_message(recipe: Recipe, record: Record) -> str:
    """Return what was done and why, as the text of a pull request."""
    cell = recipe.cells[record.cell]
    values = recipe.values(record.cell, record.data_dir)
    edits = recipe.selected_edits(values, record.repairs)
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
