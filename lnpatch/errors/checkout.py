"""Checkouts, and git."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.errors.base import ConflictError, FailedError, InvalidRequestError, MachineError, NotFoundError


@dataclass
class CheckoutMissingError(NotFoundError):
    """The folder that should hold the checkout is not there."""

    directory: str
    target: str

    @property
    def message(self) -> str:
        what = f"checkout of {self.target}" if self.target else "checkout"
        return f"There is no {what} at {self.directory}."

    @property
    def hint(self) -> str:
        target = shlex.quote(self.target) if self.target else "TARGET"
        return f"`lnpatch apply {target}` clones one; --dir names a checkout elsewhere."


@dataclass
class NotACheckoutError(MachineError):
    """The folder is there but is not the top of a git working tree."""

    directory: str
    inside: str = ""
    can_become_one: bool = True

    @property
    def message(self) -> str:
        inside = f" (it is inside the one at {self.inside})" if self.inside else ""
        return f"{self.directory} is not the top folder of a git checkout{inside}; without git nothing could be taken back."

    @property
    def hint(self) -> str:
        if not self.can_become_one:
            return "--dir names the top folder of a checkout with a working tree of its own."
        if self.inside:
            return self._fill("If that is the checkout: --dir {inside!q}")
        git = "git -C {directory!q}"
        return self._fill(f"Make it one: {git} init && {git} add -A && {git} commit -m 'As found'")


@dataclass
class UnsafePathError(FailedError):
    """A path of a recipe leads out of the checkout, through a link for instance."""

    directory: str
    path: str

    message_template = "{path} leads out of {directory}; nothing outside a checkout is read or written."


@dataclass
class NestedRepositoryError(UnsafePathError):
    """A path of a recipe leads into another repository, such as a submodule, whose changes this one knows nothing of."""

    inner: str

    message_template = (
        "{path} is in another git repository, {inner}; nothing of it is read or written from {directory}."
    )
    hint_template = "If that is the checkout that is meant: --dir {inner!q}"


@dataclass
class LinkInGitDirectoryError(FailedError):
    """A part of the git directory is a link to somewhere else, through which lnpatch would write there."""

    directory: str
    link: str
    goal: str

    message_template = "{link} is a link to {goal}; nothing outside of a checkout and its git directory is written."
    hint_template = "Look at what it is for; a clone has no such link: git clone {directory!q} COPY"


@dataclass
class FileError(FailedError):
    """The system refused to read or write a file."""

    file: str
    reason: str

    message_template = "{file}: {reason}"


@dataclass
class DirtyFilesError(ConflictError):
    """Files that the patch would change have changes that are not committed."""

    directory: str
    files: Sequence[str]
    has_commits: bool = True

    message_template = "Uncommitted changes are in the way; nothing was changed:{files!l}"

    @property
    def hint(self) -> str:
        git = "git -C {directory!q}"
        if not self.has_commits:
            return self._fill(f"Commit them first: {git} add -A && {git} commit -m 'As found'")
        return self._fill(f"Commit them, or put them aside with `{git} stash -u`, and try again.")


@dataclass
class NotTrackedError(ConflictError):
    """Paths that the patch would change are no files of this repository: git keeps something else there, or nothing."""

    directory: str
    files: Sequence[str]

    message_template = "git tracks no such files in {directory}; nothing was changed:{files!l}"
    hint_template = (
        "If they belong to a submodule, --dir names its folder; `git -C {directory!q} ls-files -s` shows it."
    )


@dataclass
class FilteredFilesError(ConflictError):
    """Files that git would pass through a program, which lnpatch does not run."""

    directory: str
    #: Each file with its filter.
    files: Sequence[str]
    #: Whether they were to be committed.
    commit: bool = False

    message_template = (
        "git passes these files through filters, programs that lnpatch does not run; nothing was changed:{files!l}"
    )

    @property
    def hint(self) -> str:
        if self.commit:
            return "Apply without --commit, and commit them with git."
        return self._fill(
            "If you trust the filters, let git look at the files, and try again: git -C {directory!q} status"
        )


@dataclass
class ChangedMeanwhileError(ConflictError):
    """A file was saved by somebody else while lnpatch was about to write it."""

    directory: str
    files: Sequence[str]

    message_template = (
        "These files were saved by somebody else just now; they stay as they are, and nothing was changed:{files!l}"
    )
    hint_template = "Run the command again."


@dataclass
class PlaceTakenError(ConflictError):
    """Something was put where a clone was to go, while it was being made."""

    directory: str
    path: str

    message_template = (
        "{path} was made by somebody else while {directory} was cloned; it stays as it is, the clone is gone."
    )
    hint_template = (
        "If another lnpatch has cloned it, run the command again to use that; else --dir names another folder."
    )


@dataclass
class OtherCellError(ConflictError):
    """The target is applied with another cell."""

    target: str
    applied: str
    wanted: str
    directory: str

    message_template = "{directory} is patched with {applied} already; {wanted} was asked for."
    hint_template = "Take it back first: lnpatch revert {target!q} --dir {directory!q}"


@dataclass(frozen=True)
class Overlap:
    """Lines of a file (1-based, both included) where a change of the user's lies over one of the patch's.

    The lines are 0 where the file is not there any more.
    """

    file: str
    first: int
    last: int

    def __str__(self) -> str:
        if not self.first:
            return f"{self.file}: the file was removed"
        return f"{self.file}:{self.first}" + (f"-{self.last}" if self.last > self.first else "")


@dataclass
class RevertConflictError(ConflictError):
    """The patch cannot be taken back without losing what was changed since."""

    directory: str
    overlaps: Sequence[Overlap]

    message_template = "Changes made since lie over the patch; nothing was changed:{overlaps!l}"
    hint_template = "Undo your change at these lines, or move it away from the patched ones, and try again."


@dataclass
class UpdateConflictError(ConflictError):
    """A newer patch cannot take the place of the older one without losing what was changed since."""

    directory: str
    overlaps: Sequence[Overlap]

    message_template = "Changes made since lie over what is new in the patch; nothing was changed:{overlaps!l}"
    hint_template = "Undo your change at these lines, or move it away from the patched ones, and try again."


@dataclass
class OutdatedPatchError(ConflictError):
    """More was asked for than an older lnpatch has patched, whose patch is another one."""

    directory: str
    target: str
    version: str

    @property
    def message(self) -> str:
        version = f"lnpatch {self.version}" if self.version else "an older lnpatch"
        return f"{self.directory} has a patch of {version}, which is another one; nothing was changed."

    hint_template = "Take the newer one, with what was asked for: lnpatch apply {target!q} --dir {directory!q} --update"


@dataclass
class BusyError(ConflictError):
    """Another lnpatch works in this checkout."""

    directory: str

    message_template = "Another lnpatch is at work in {directory}."
    hint_template = "Wait for it to end, and try again."


@dataclass
class InterruptedOperationError(ConflictError):
    """An operation was cut off, and files were changed before lnpatch could finish or undo it."""

    directory: str
    operation: str
    files: Sequence[str]

    message_template = "lnpatch {operation} was cut off in {directory}, and these files were changed since:{files!l}"
    hint_template = (
        "Save your changes to these files elsewhere, `git checkout -- FILE` each, and run the command again."
    )


@dataclass
class RecordError(FailedError):
    """A reference of lnpatch's holds something that lnpatch did not write."""

    directory: str
    ref: str

    message_template = "The record {ref} in {directory} cannot be read."
    hint_template = "If another program has made it: git -C {directory!q} update-ref -d {ref}"


@dataclass
class GitMissingError(MachineError):
    """There is no git on this machine."""

    message_template = "git was not found on PATH."
    hint_template = "Install git (https://git-scm.com/downloads), version 2.30 or later."


@dataclass
class GitError(MachineError):
    """git refused something."""

    doing: str
    output: str

    message_template = "git failed while {doing}:{output!l}"


@dataclass
class GitLockedError(MachineError):
    """Locks of git's are there, of a git that is at work or of one that was killed."""

    directory: str
    locks: Sequence[str]

    message_template = "git is locked in {directory}:{locks!l}"

    @property
    def hint(self) -> str:
        return (
            "If no git is at work there any more (one that is killed leaves its locks), remove them, and run the command "
            f"again: {shlex.join(['rm', '-f', *self.locks])}"
        )


@dataclass
class UnsafeAddressError(InvalidRequestError):
    """An address or revision that git would take for an option or run as a command."""

    name: str
    value: str

    message_template = "{name} {value!r} is refused: git would take it for an option or for a command to run."


@dataclass
class SourceMissingError(NotFoundError):
    """The local repository to clone from is not there."""

    source: str

    message_template = "There is no repository at {source}."
    hint_template = "--from takes the folder of a git repository, or a URL."


@dataclass
class CloneError(MachineError):
    """The repository could not be cloned; nothing was left behind."""

    url: str
    directory: str
    target: str
    output: str

    message_template = "{url} could not be cloned; nothing was left at {directory}.{output!l}"
    hint_template = (
        "Without a network, give a copy that you have: lnpatch apply {target!q} --from PATH (a clone, a bare repository "
        "or a mirror's URL), or --dir CHECKOUT. `lnpatch demo` needs neither."
    )


@dataclass
class RevisionNotFoundError(NotFoundError):
    """The repository has no such revision."""

    revision: str
    repository: str

    message_template = "{repository} has no revision {revision}."
    hint_template = "--ref names another one: a branch, a tag or a commit."


@dataclass
class BranchExistsError(ConflictError):
    """The branch for --commit is there already."""

    branch: str
    directory: str

    message_template = "{directory} has a branch {branch} already; nothing was changed."
    hint_template = "Rename or remove it: git -C {directory!q} branch -m {branch} {branch}-old"


@dataclass
class OperationInProgressError(ConflictError):
    """git is in the middle of something that a commit would disturb."""

    directory: str
    operation: str

    message_template = "A {operation} is in progress in {directory}; nothing was changed."
    hint_template = "End it first (`git status` says how), or apply without --commit."
