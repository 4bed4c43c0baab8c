"""Commit a patch on a branch of its own, with a message that can be the text of a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from lnpatch.checkout import Checkout
from lnpatch.errors import BranchExistsError
from lnpatch.record import Record
from lnpatch.targets import Recipe


def new_branch(checkout: Checkout, recipe: Recipe, cell: str) -> str:
    """The name of the branch, after checking what could refuse the commit once files are written.

    Raises:
        BranchExistsError: the branch is there already.
        GitError: git does not know who commits.
    """
    branch = f"lnpatch/{recipe.name}-{cell}"
    if checkout.ref(f"refs/heads/{branch}"):
        raise BranchExistsError(branch, str(checkout.root))
    checkout.git("var", "GIT_COMMITTER_IDENT", doing="looking up who commits (git config user.name and user.email)")
    return branch


def commit(recipe: Recipe, checkout: Checkout, record: Record, branch: str, paths: Sequence[str]) -> None:
    """Commit *paths*, and nothing else that may be staged, on the new *branch*; on failure the old one is back.

    Raises:
        GitError: git refuses the commit.
    """
    doing = f"committing to {branch}"
    start = checkout.git.status("symbolic-ref", "-q", "--short", "HEAD", doing=doing, accept=(0, 1))[1].decode().strip()
    start = start or checkout.head()
    options = ("--quiet", "-F", "-", "--only", "--")
    message = commit_message(recipe, record).encode()
    try:
        checkout.git("checkout", "--quiet", "--no-track", "-b", branch, doing=doing)
        checkout.git("--literal-pathspecs", "commit", *options, *paths, doing=doing, data=message)
    except BaseException:
        checkout.git("symbolic-ref", "HEAD", f"refs/heads/{start}", doing="going back to the branch")
        checkout.git.status("branch", "--quiet", "-D", branch, doing="removing the branch", accept=(0, 1))
        raise


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
