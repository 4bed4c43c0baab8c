"""Bring a repository onto this machine: cloned at the recipe's commit, or laid out from lnpatch's own templates."""

from __future__ import annotations

import logging
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lnpatch.checkout.git import git_command, git_environment, gitpython
from lnpatch.checkout.staging import Staging, staging_folder
from lnpatch.checkout.worktree import Checkout, has_content, is_no_project
from lnpatch.downloads.address import hide_password
from lnpatch.errors import (
    CloneError,
    FileError,
    GitError,
    NotACheckoutError,
    RevisionNotFoundError,
    SourceMissingError,
    UnsafeAddressError,
)
from lnpatch.files import naming_file
from lnpatch.folders import templates
from lnpatch.recipes import Recipe

_logger = logging.getLogger(__name__)

#: Called with a clone's progress: the step, how far it is, and of how much (0 where that is not known).
ReportCloning = Callable[[str, float, float], None]

_AUTHOR = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in {"NAME": "lnpatch", "EMAIL": "lnpatch@localhost", "DATE": "2016-07-21T00:00:00Z"}.items()
}


def make_checkout(
    recipe: Recipe, directory: Path, source: str | None, ref: str | None, report: ReportCloning
) -> tuple[Checkout, list[str]]:
    """Clone or lay out *recipe*'s repository at *directory*; nothing stays there if it fails.

    Args:
        source: a local repository or a URL to clone instead of the recipe's.
        ref: a revision to check out instead of the recipe's commit.

    Returns:
        The checkout, and remarks for the user.

    Raises:
        UnsafeAddressError, SourceMissingError, CloneError, RevisionNotFoundError, NotACheckoutError, PlaceTakenError
    """
    if has_content(directory):
        raise NotACheckoutError(str(directory), can_become_one=not is_no_project(directory))
    with staging_folder(directory) as staging:
        if recipe.repository.embedded and source is None:
            if ref is not None:
                raise RevisionNotFoundError(ref, f"the embedded repository of {recipe.name}")
            notes = _lay_out_embedded(recipe, staging.folder)
        else:
            notes = _clone_repository(recipe, staging, directory, source, ref, report)
        staging.move_to(directory)
    return Checkout.open(directory, recipe.reference), notes


def _lay_out_embedded(recipe: Recipe, folder: Path) -> list[str]:
    """Lay out the embedded repository as the first commit of a git repository."""
    doing = f"laying out {recipe.name}"
    try:
        _copy_files(templates() / recipe.repository.embedded, folder)
    except OSError as error:
        raise FileError(str(error.filename or folder), error.strerror or str(error)) from error
    git_module = gitpython()
    try:
        git_module.Git().execute(git_command("init", "--quiet", "--initial-branch=master", folder))
    except git_module.GitCommandError as error:
        raise GitError(doing, str(error.stderr).strip()) from error
    git = Checkout.open(folder, recipe.reference).git
    plain = ("-c", "core.autocrlf=false", "-c", "commit.gpgSign=false")
    git(*plain, "add", "--all", "--force", doing=doing)
    git(*plain, "commit", "--quiet", "-m", recipe.title, doing=doing, env=_AUTHOR)
    return []


def _copy_files(source: Path, folder: Path) -> None:
    """Copy the files below a folder, as new files of this user's: those that are installed may be read-only."""
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            place = folder / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            with naming_file(place):
                place.write_bytes(path.read_bytes())


def _clone_repository(
    recipe: Recipe, staging: Staging, directory: Path, source: str | None, ref: str | None, report: ReportCloning
) -> list[str]:
    git = gitpython()
    url = _safe_address(source or recipe.repository.url, "The address")
    if ref is not None:
        _safe_address(ref, "The revision")
    if source is not None and _is_local(source):
        if not Path(source).exists():
            raise SourceMissingError(source)
        url = str(Path(source).resolve())
    reporter = _make_reporter(git, report)
    # GitPython's own clone_from would expand variables in both paths
    clone = git_command("clone", "--progress", "--no-checkout", "--origin", "origin", "--", url, staging.folder)
    options = {"as_process": True, "env": git_environment(), "universal_newlines": True}
    _logger.debug("$ %s", shlex.join(map(str, ["git", "clone", "--no-checkout", "--", _shown(url), staging.folder])))
    process = git.Git().execute(clone, **options, pass_fds=(staging.lock.descriptor,))
    try:
        handler = reporter.new_message_handler()
        git.cmd.handle_process_output(process, None, handler, lambda _: None, decode_streams=False)
        process.wait()
    except git.GitCommandError as error:
        said = "\n".join(line.strip() for line in reporter.error_lines or [str(error.stderr)])
        raise CloneError(_shown(url), str(directory), recipe.reference, said) from error
    finally:
        if process.poll() is None:  # we are stopped; git must not go on writing into a folder that is being removed
            process.terminate()
            process.proc.wait()
    return _check_out_revision(Checkout.open(staging.folder, recipe.reference), recipe, source, ref)


def _check_out_revision(checkout: Checkout, recipe: Recipe, source: str | None, ref: str | None) -> list[str]:
    """Check out *ref*, else the pinned commit, on a branch; return a remark where the pinned commit is not there."""
    url = source or recipe.repository.url
    pinned = recipe.repository.commit

    def commit_of(revision: str) -> str:
        arguments = ("rev-parse", "-q", "--verify", "--end-of-options", f"{revision}^{{commit}}")
        code, out = checkout.git.run(*arguments, doing="looking for a revision", accept=(0, 1, 128))
        name = out.decode().strip()
        return name if code == 0 and name.isalnum() else ""  # not ^HEAD, which is everything but a commit

    def check_out(*arguments: str, doing: str) -> None:
        # a new clone has no configuration of its own: the filters that git may know are the user's, as for a git clone
        checkout.git.run_with_filters("checkout", "--quiet", *arguments, doing=doing)

    def switch(branch: str, commit: str) -> list[str]:
        check_out("--no-track", "-B", branch, commit, doing=f"checking out {commit}")
        return []

    if ref is not None:
        branches = checkout.git(
            "for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/origin", doing="listing branches"
        )
        is_branch = ref in os.fsdecode(branches).split() and ref != "HEAD"
        commit = commit_of(f"refs/remotes/origin/{ref}" if is_branch else ref)
        if not commit:
            raise RevisionNotFoundError(ref, _shown(url))
        return switch(ref if is_branch else recipe.repository.branch or "master", commit)
    if pinned and (commit := commit_of(pinned)):
        return switch(recipe.repository.branch, commit)
    if source is None or not commit_of("HEAD"):
        raise RevisionNotFoundError(pinned or "HEAD", _shown(url))
    check_out(doing="checking out HEAD")
    remark = f"{source} does not have the pinned commit {pinned[:7]}; its HEAD is patched instead."
    return [remark] if pinned else []


def _safe_address(value: str, name: str) -> str:
    """Return *value*, unless it is not printable, or git would take it for an option or for a transport that runs commands."""
    if not value or value.startswith("-") or re.match(r"[A-Za-z0-9+.-]*::", value) or not value.isprintable():
        raise UnsafeAddressError(name, value)
    return value


def _is_local(source: str) -> bool:
    """Return whether *source* is a path, as git tells it: no scheme, and no colon before the first slash."""
    return "://" not in source and (Path(source).exists() or ":" not in source.partition("/")[0])


def _shown(url: str) -> str:
    """Return the address of a repository for messages: without the password that may be in one of the web."""
    return hide_password(url) if url.startswith(("http:", "https:")) else url


def _make_reporter(git: Any, report: ReportCloning) -> Any:
    names = ("counting", "compressing", "receiving", "resolving", "checking out")
    steps = {getattr(git.RemoteProgress, name.upper().replace(" ", "_")): name for name in names}

    class Reporter(git.RemoteProgress):  # type: ignore[misc]
        def update(self, op_code: int, cur_count: Any, max_count: Any = None, message: str = "") -> None:
            step = steps.get(op_code & self.OP_MASK, "cloning")
            report(step, float(cur_count or 0), float(max_count or 0))

    return Reporter()
