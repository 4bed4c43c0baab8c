"""What can go wrong, one class per failure; the messages and the exit codes are written here and nowhere else.

Exit codes: 1 failed, 2 usage, 3 not found, 4 conflict, 5 environment.
"""

from __future__ import annotations

import shlex
import string
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass
from enum import IntEnum
from typing import Any, ClassVar


class ExitCode(IntEnum):
    """The exit codes that scripts rely on."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    ENVIRONMENT = 5


class _Words(string.Formatter):
    """Fills a failure's fields into its words: ``!q`` quotes for a shell, ``!c`` joins by commas, ``!l`` gives each a line."""

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        if conversion == "q":
            return shlex.quote(str(value))
        if conversion == "c":
            return ", ".join(map(str, value))
        if conversion == "l":
            return "".join(f"\n  {item}" for item in (value.splitlines() if isinstance(value, str) else value))
        return super().convert_field(value, conversion)  # type: ignore[arg-type, unused-ignore]


class LnpatchError(Exception):
    """Base of every failure that a user can cause or has to know of.

    ``what`` says what happened and where, ``then`` what to do next; both may have the fields of the failure in braces.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED
    what: ClassVar[str] = ""
    then: ClassVar[str] = ""

    @property
    def message(self) -> str:
        """What happened and where, in one or more lines."""
        return self._fill(self.what)

    @property
    def hint(self) -> str:
        """What to do next; empty where the message says it all."""
        return self._fill(self.then)

    def _fill(self, words: str) -> str:
        return _Words().vformat(words, (), vars(self))

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def as_json(self) -> dict[str, Any]:
        """The failure as the ``error`` member of a JSON report."""
        fields: dict[str, Any] = asdict(self) if is_dataclass(self) else {}
        return {
            "kind": type(self).__name__,
            "message": self.message,
            "hint": self.hint,
            "exit_code": int(self.exit_code),
            "details": fields,
        }


# The command line and recipes


@dataclass
class UsageError(LnpatchError):
    """The options do not go together, or with this target."""

    reason: str
    advice: str = ""

    exit_code = ExitCode.USAGE
    what = "{reason}"
    then = "{advice}"


@dataclass
class StoppedError(LnpatchError):
    """The user has stopped lnpatch."""

    what = "Stopped; nothing was left half done."


@dataclass
class TargetNotFoundError(LnpatchError):
    """There is no target of that name, or no recipe at that path."""

    target: str
    candidates: Sequence[str]
    is_path: bool = False

    exit_code = ExitCode.NOT_FOUND
    then = "`lnpatch targets` lists the known ones; the path of a recipe file is a target too."

    @property
    def message(self) -> str:
        if self.is_path:
            return f"There is no recipe file {self.target}."
        near = f" Did you mean {' or '.join(self.candidates)}?" if self.candidates else ""
        return f"There is no target {self.target!r}.{near}"


@dataclass
class RecipeError(LnpatchError):
    """A recipe file cannot be used as it is."""

    file: str
    problems: Sequence[Any]  # of lnpatch.schema.Problem

    exit_code = ExitCode.USAGE
    what = "{file} is no usable recipe:{problems!l}"
    then = "CONTRIBUTING.md says how to write one; those that come with lnpatch are examples."


@dataclass
class UnknownCellError(LnpatchError):
    """The recipe has no such cell."""

    cell: str
    target: str
    cells: Sequence[str]

    exit_code = ExitCode.USAGE
    what = "{target} has no cell {cell!r}; it has {cells!c}."


# Source and patches


@dataclass
class SourceSyntaxError(LnpatchError):
    """The file is neither valid Python 2.7 nor valid Python 3."""

    file: str
    line: int
    reason: str

    what = "{file}:{line}: {reason}"
    then = "The file is neither Python 2.7 nor Python 3 as it stands; mend it first."


@dataclass
class TornEditError(LnpatchError):
    """An edit cannot be carried back to the source without harm to what stands around it."""

    file: str
    line: int
    reason: str

    what = "{file}:{line}: the edit was refused: {reason}"


@dataclass(frozen=True)
class Refusal:
    """One edit that is not possible: where, what was looked for, why not, and what is there that is near it."""

    file: str
    line: int
    kind: str
    name: str
    state: str
    detail: str
    candidates: Sequence[str]

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        near = f" (there is: {', '.join(self.candidates)})" if self.candidates else ""
        return f"{place}: {self.kind} {self.name}: {self.state.replace('-', ' ')}: {self.detail}{near}"


@dataclass
class PatchRefusedError(LnpatchError):
    """Anchors are missing or names collide; nothing was changed."""

    target: str
    refusals: Sequence[Refusal]

    what = "{target} cannot be patched here; nothing was changed. These edits are not possible:{refusals!l}"

    @property
    def exit_code(self) -> ExitCode:  # type: ignore[override]
        """Missing anchors come before collisions."""
        missing = any(refusal.state == "not-found" for refusal in self.refusals)
        return ExitCode.NOT_FOUND if missing else ExitCode.CONFLICT

    @property
    def hint(self) -> str:
        if any(refusal.state == "collision" for refusal in self.refusals):
            return "lnpatch overwrites nothing that it did not write: rename or remove what collides, then try again."
        return "Is this the right repository and revision? `lnpatch show` says what the recipe looks for."


# Checkouts


@dataclass
class CheckoutMissingError(LnpatchError):
    """The folder that should hold the checkout is not there."""

    directory: str
    target: str

    exit_code = ExitCode.NOT_FOUND

    @property
    def message(self) -> str:
        what = f"checkout of {self.target}" if self.target else "checkout"
        return f"There is no {what} at {self.directory}."

    @property
    def hint(self) -> str:
        target = shlex.quote(self.target) if self.target else "TARGET"
        return f"`lnpatch apply {target}` clones one; --dir names a checkout elsewhere."


@dataclass
class NotACheckoutError(LnpatchError):
    """The folder is there but is not the top of a git working tree."""

    directory: str
    inside: str = ""
    can_become_one: bool = True

    exit_code = ExitCode.ENVIRONMENT

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
class UnsafePathError(LnpatchError):
    """A path of a recipe leads out of the checkout, through a link for instance."""

    directory: str
    path: str

    what = "{path} leads out of {directory}; nothing outside a checkout is read or written."


@dataclass
class FileError(LnpatchError):
    """The system refused to read or write a file."""

    file: str
    reason: str

    what = "{file}: {reason}"


@dataclass
class DirtyFilesError(LnpatchError):
    """Files that the patch would change have changes that are not committed."""

    directory: str
    files: Sequence[str]
    has_commits: bool = True

    exit_code = ExitCode.CONFLICT
    what = "Uncommitted changes are in the way; nothing was changed:{files!l}"

    @property
    def hint(self) -> str:
        git = "git -C {directory!q}"
        if not self.has_commits:
            return self._fill(f"Commit them first: {git} add -A && {git} commit -m 'As found'")
        return self._fill(f"Commit them, or put them aside with `{git} stash -u`, and try again.")


@dataclass
class OtherCellError(LnpatchError):
    """The target is applied with another cell."""

    target: str
    applied: str
    wanted: str
    directory: str

    exit_code = ExitCode.CONFLICT
    what = "{directory} is patched with {applied} already; {wanted} was asked for."
    then = "Take it back first: lnpatch revert {target!q} --dir {directory!q}"


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
class RevertConflictError(LnpatchError):
    """The patch cannot be taken back without losing what was changed since."""

    directory: str
    overlaps: Sequence[Overlap]

    exit_code = ExitCode.CONFLICT
    what = "Changes made since lie over the patch; nothing was changed:{overlaps!l}"
    then = "Undo your change at these lines, or move it away from the patched ones, and try again."


@dataclass
class BusyError(LnpatchError):
    """Another lnpatch works in this checkout."""

    directory: str

    exit_code = ExitCode.CONFLICT
    what = "Another lnpatch is at work in {directory}."
    then = "Wait for it to end, and try again."


@dataclass
class InterruptedOperationError(LnpatchError):
    """An operation was cut off, and files were changed before lnpatch could finish or undo it."""

    directory: str
    operation: str
    files: Sequence[str]

    exit_code = ExitCode.CONFLICT
    what = "lnpatch {operation} was cut off in {directory}, and these files were changed since:{files!l}"
    then = "Save your changes to these files elsewhere, `git checkout -- FILE` each, and run the command again."


@dataclass
class RecordError(LnpatchError):
    """A reference of lnpatch's holds something that lnpatch did not write."""

    directory: str
    ref: str

    what = "The record {ref} in {directory} cannot be read."
    then = "If another program has made it: git -C {directory!q} update-ref -d {ref}"


# git


@dataclass
class GitMissingError(LnpatchError):
    """There is no git on this machine."""

    exit_code = ExitCode.ENVIRONMENT
    what = "git was not found on PATH."
    then = "Install git (https://git-scm.com/downloads), version 2.30 or later."


@dataclass
class GitError(LnpatchError):
    """git refused something."""

    doing: str
    output: str

    exit_code = ExitCode.ENVIRONMENT
    what = "git failed while {doing}:{output!l}"


@dataclass
class UnsafeAddressError(LnpatchError):
    """An address or revision that git would take for an option or run as a command."""

    name: str
    value: str

    exit_code = ExitCode.USAGE
    what = "{name} {value!r} is refused: git would take it for an option or for a command to run."


@dataclass
class SourceMissingError(LnpatchError):
    """The local repository to clone from is not there."""

    source: str

    exit_code = ExitCode.NOT_FOUND
    what = "There is no repository at {source}."
    then = "--from takes the folder of a git repository, or a URL."


@dataclass
class CloneError(LnpatchError):
    """The repository could not be cloned; nothing was left behind."""

    url: str
    directory: str
    target: str
    output: str

    exit_code = ExitCode.ENVIRONMENT
    what = "{url} could not be cloned; nothing was left at {directory}.{output!l}"
    then = (
        "Without a network, give a copy that you have: lnpatch apply {target!q} --from PATH (a clone, a bare repository "
        "or a mirror's URL), or --dir CHECKOUT. `lnpatch demo` needs neither."
    )


@dataclass
class RevisionNotFoundError(LnpatchError):
    """The repository has no such revision."""

    revision: str
    repository: str

    exit_code = ExitCode.NOT_FOUND
    what = "{repository} has no revision {revision}."
    then = "--ref names another one: a branch, a tag or a commit."


@dataclass
class BranchExistsError(LnpatchError):
    """The branch for --commit is there already."""

    branch: str
    directory: str

    exit_code = ExitCode.CONFLICT
    what = "{directory} has a branch {branch} already; nothing was changed."
    then = "Rename or remove it: git -C {directory!q} branch -m {branch} {branch}-old"


@dataclass
class OperationInProgressError(LnpatchError):
    """git is in the middle of something that a commit would disturb."""

    directory: str
    operation: str

    exit_code = ExitCode.CONFLICT
    what = "A {operation} is in progress in {directory}; nothing was changed."
    then = "End it first (`git status` says how), or apply without --commit."


# The hand-off


@dataclass
class NotAppliedError(LnpatchError):
    """The checkout is not patched."""

    target: str
    directory: str
    state: str

    exit_code = ExitCode.NOT_FOUND
    what = "{target} is not patched in {directory} ({state})."
    then = "Patch it first: lnpatch apply {target!q} --dir {directory!q}"


@dataclass
class LayerMissingError(LnpatchError):
    """The checkout has no layer of that name."""

    cell: str
    directory: str
    layers: Sequence[str]
    target: str
    can_apply: bool

    exit_code = ExitCode.NOT_FOUND
    what = "There is no layer {cell!r} in {directory}; it has {layers!c}."

    @property
    def hint(self) -> str:
        if not self.can_apply:
            return ""
        return self._fill(
            "A patch brings one cell. For a checkout with this one: lnpatch apply {target!q} --cell {cell} --dir OTHER"
        )


@dataclass
class JobSourceError(LnpatchError):
    """A place in the checkout that the recipe's job names is not there."""

    file: str
    reason: str
    name: str = ""

    exit_code = ExitCode.NOT_FOUND

    @property
    def message(self) -> str:
        what = f"{self.name} in {self.file}" if self.name else self.file
        return f"The recipe looks for the hyperparameters at {what}: {self.reason}."

    then = "Is this the right repository and revision?"


@dataclass
class NoJobError(LnpatchError):
    """The recipe says nothing about this job."""

    target: str
    job: str
    jobs: Sequence[str]

    exit_code = ExitCode.USAGE
    what = "{target} has nothing to {job}."

    @property
    def hint(self) -> str:
        return (
            self._fill("Its jobs: {jobs!c}.")
            if self.jobs
            else "Its recipe has no jobs; CONTRIBUTING.md says how to add one."
        )


@dataclass
class SettingError(LnpatchError):
    """The trainer has no such hyperparameter."""

    name: str
    target: str
    candidates: Sequence[str]
    names: Sequence[str]

    exit_code = ExitCode.USAGE

    @property
    def message(self) -> str:
        near = f" Did you mean {' or '.join(self.candidates)}?" if self.candidates else ""
        return f"The trainer of {self.target} has no setting {self.name!r}.{near}"

    then = "It has {names!c}."


@dataclass
class SettingValueError(LnpatchError):
    """A hyperparameter was given a value of the wrong type."""

    name: str
    value: str
    expected: str

    exit_code = ExitCode.USAGE
    what = "--set {name}={value}: expected {expected}."


@dataclass
class DataMissingError(LnpatchError):
    """What the user brings is not where it was said to be."""

    target: str
    data: str
    missing: Sequence[str]
    expected: str

    exit_code = ExitCode.NOT_FOUND
    what = "The data is not whole at {data}; missing:{missing!l}"
    then = "Expected: {expected}. `lnpatch download {target!q}` fetches what was released; --smoke needs no data."


@dataclass
class ModelMissingError(LnpatchError):
    """A model, or a file that goes with it, is not there."""

    file: str
    reason: str

    exit_code = ExitCode.NOT_FOUND
    what = "{file}: {reason}"
    then = "A model is an .npz file with its options beside it, or the folder of a run."


@dataclass
class BadModelError(LnpatchError):
    """A model's files cannot be used."""

    file: str
    reason: str
    advice: str = ""

    what = "{file}: {reason}"
    then = "{advice}"


@dataclass
class NotARunError(LnpatchError):
    """The folder is no run of lnpatch's."""

    folder: str
    reason: str
    candidates: Sequence[str]

    exit_code = ExitCode.NOT_FOUND

    @property
    def message(self) -> str:
        near = f" Did you mean {' or '.join(self.candidates)}?" if self.candidates else ""
        return f"{self.folder} is not the folder of a run: {self.reason}.{near}"


@dataclass
class RunExistsError(LnpatchError):
    """The folder for a new run is in use."""

    folder: str
    is_run: bool

    exit_code = ExitCode.CONFLICT
    what = "{folder} is not empty; nothing in it was changed."

    @property
    def hint(self) -> str:
        if self.is_run:
            return "To go on from the run in it, add --resume; for a new one, name another folder with --output."
        return "Name another folder with --output."


@dataclass
class TrainingFailedError(LnpatchError):
    """The repository's trainer has failed."""

    target: str
    folder: str
    reason: str
    lines: Sequence[str]

    what = "{target}: {reason}{lines!l}"
    then = "The whole output is in {folder}/log.txt."


@dataclass
class JobFailedError(LnpatchError):
    """The repository's own code, or the launcher around it, has failed."""

    target: str
    job: str
    status: int
    lines: Sequence[str]

    what = "{target}: {job} failed (exit status {status}):{lines!l}"


# Environments


@dataclass
class NoPython2Error(LnpatchError):
    """There is no Python 2.7 on this machine."""

    exit_code = ExitCode.ENVIRONMENT
    what = "There is no Python 2.7 here: not in LNPATCH_PYTHON27, on PATH, in pyenv or in conda."
    then = (
        "One of these gives it: pyenv install 2.7.18 | conda create -n python27 python=2.7 | apt-get install python2.7; "
        "--python names one elsewhere. `--runtime pytensor` needs none."
    )


@dataclass
class WrongPythonError(LnpatchError):
    """The Python that was given cannot be used."""

    python: str
    wanted: str

    exit_code = ExitCode.ENVIRONMENT
    what = "{python} is not a Python {wanted} that runs."


@dataclass
class NoEngineError(LnpatchError):
    """The recipe does not say what it needs to run."""

    target: str
    recipe: str

    exit_code = ExitCode.USAGE
    what = "{target} has no [engine]: its recipe does not say which packages run it."
    then = "Add one to {recipe}; those that come with lnpatch are examples."


@dataclass
class EnvironmentBuildError(LnpatchError):
    """An environment could not be built."""

    command: str
    log: str
    lines: Sequence[str]

    exit_code = ExitCode.ENVIRONMENT
    what = "The environment could not be built: {command}{lines!l}"
    then = "The whole output is in {log}. The next try starts afresh; pip's own settings (index, proxy) are respected."


# Curves


@dataclass
class RunNotFoundError(LnpatchError):
    """There is nothing at the path of a run."""

    path: str

    exit_code = ExitCode.NOT_FOUND
    what = "There is no run at {path}."
    then = "RUN is a folder that `lnpatch train` made, a statistics pickle of attentive-reader, or a training log."


@dataclass
class RunFormatError(LnpatchError):
    """A file of a run cannot be read as what it seems to be."""

    file: str
    reason: str

    what = "{file} cannot be read as a run: {reason}."


@dataclass
class NoUpdatesError(LnpatchError):
    """A run has not come to its first update."""

    path: str
    state: str

    exit_code = ExitCode.NOT_FOUND
    what = "{path} has no updates to show."

    @property
    def hint(self) -> str:
        return "It is still running; compiling comes before the first update." if self.state == "running" else ""


@dataclass
class NothingToDrawError(LnpatchError):
    """All that the runs have recorded is NaN."""

    paths: Sequence[str]

    what = "There is nothing to draw: no cost and no validation figure in {paths!c} is a number."


@dataclass
class UnknownMetricError(LnpatchError):
    """No run has this validation figure."""

    metric: str
    metrics: Sequence[str]

    exit_code = ExitCode.USAGE

    @property
    def message(self) -> str:
        there = f"they have {', '.join(self.metrics)}" if self.metrics else "they have none yet"
        return f"The runs have no validation figure {self.metric!r}; {there}."


@dataclass
class FigureFormatError(LnpatchError):
    """The name of a figure says no format that can be written."""

    file: str
    formats: Sequence[str]

    exit_code = ExitCode.USAGE
    what = "{file}: the suffix has to be one of {formats!c}."


@dataclass
class PlotLibraryError(LnpatchError):
    """What draws is not installed, or not as it is needed."""

    library: str
    reason: str
    python: str = sys.executable

    exit_code = ExitCode.ENVIRONMENT
    what = "{library} is needed to draw this, and cannot be used: {reason}."
    then = "Install it: {python!q} -m pip install 'lnpatch[plot]'"


# Downloads


@dataclass
class ArtefactNotFoundError(LnpatchError):
    """The target has no released files of these names, or none at all."""

    target: str
    names: Sequence[str]
    there: Sequence[str]

    exit_code = ExitCode.NOT_FOUND

    @property
    def message(self) -> str:
        if not self.there:
            return f"{self.target} has no released files."
        names = " or ".join(map(repr, self.names))
        return f"{self.target} has no released file {names}; it has {', '.join(self.there)}."

    @property
    def hint(self) -> str:
        return self._fill("`lnpatch show {target!q}` says what each is." if self.there else "")


@dataclass
class MirrorError(LnpatchError):
    """What --mirror names cannot be a mirror."""

    base: str
    reason: str

    exit_code = ExitCode.USAGE
    what = "--mirror {base}: {reason}."
    then = "It takes an http or https address, or a folder, to which the names of the files are added."


@dataclass
class MirrorMissingError(LnpatchError):
    """The folder that --mirror names is not there."""

    base: str

    exit_code = ExitCode.NOT_FOUND
    what = "--mirror {base}: there is no such folder."


@dataclass
class UnreachableError(LnpatchError):
    """An address does not answer, or not with a file."""

    address: str
    reason: str

    exit_code = ExitCode.ENVIRONMENT
    what = "{address}: {reason}"


@dataclass
class DeadLinkError(LnpatchError):
    """The server answers, but the file is not at that address any more."""

    address: str
    reason: str

    exit_code = ExitCode.NOT_FOUND
    what = "{address}: {reason}"


@dataclass
class CutOffError(LnpatchError):
    """A transfer ended early, again and again; what has come is kept for the next time. ``total`` is 0 if not known."""

    address: str
    received: int
    total: int
    part: str
    reason: str

    exit_code = ExitCode.ENVIRONMENT

    @property
    def message(self) -> str:
        of = f" of {self.total}" if self.total else ""
        return f"{self.address}: cut off after {self.received}{of} bytes: {self.reason}"

    @property
    def hint(self) -> str:
        return self._fill("{part} is kept; the same command goes on from there.") if self.received else ""


@dataclass
class WrongContentError(LnpatchError):
    """What was fetched is not the kind of file that it should be; it is kept under another name."""

    address: str
    reason: str
    rejected: str

    what = "{address}: {reason}; put aside as {rejected}"
    then = "Remove it, and try again or elsewhere."


@dataclass
class ChecksumError(LnpatchError):
    """A file differs from what it was when it was first seen, or from what the recipe says; it is kept under another name."""

    address: str
    expected: str
    found: str
    since: str
    rejected: str
    path: str

    what = "{address}: the checksum differs; put aside as {rejected}\n  sha256 {found}\n  expected {expected} ({since})"

    @property
    def hint(self) -> str:
        if self.since == "the recipe":
            return "It is not the released file. Look for another copy."
        return self._fill("If the new one is right: mv {rejected!q} {path!q}, and the same command with --trust-new.")


@dataclass
class NoSpaceError(LnpatchError):
    """The disk is too full for a file; the numbers are bytes."""

    folder: str
    needed: int
    free: int

    exit_code = ExitCode.ENVIRONMENT
    what = "{folder}: {needed} more bytes are needed, {free} are free."
    then = "--dest names another folder; what has come is kept."


@dataclass
class ChecksumRecordError(LnpatchError):
    """The record of checksums holds something that lnpatch did not write."""

    file: str

    what = "{file} cannot be read; it holds the checksums of what was downloaded."
    then = "Remove it to begin a new one."


@dataclass(frozen=True)
class FailedDownload:
    """One file that was not downloaded, and its failure in words."""

    name: str
    kind: str
    message: str
    hint: str
    exit_code: int

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" + (f"\n    {self.hint}" if self.hint else "")


@dataclass
class DownloadsFailedError(LnpatchError):
    """Some files were not downloaded; every one was tried."""

    target: str
    asked: int
    failures: Sequence[FailedDownload]

    @property
    def message(self) -> str:
        if self.asked == 1:
            return f"Not downloaded: {self.failures[0]}"
        lines = "".join(f"\n  {failure}" for failure in self.failures)
        return f"{len(self.failures)} of {self.asked} files of {self.target} were not downloaded:{lines}"

    @property
    def hint(self) -> str:
        if all(failure.exit_code == ExitCode.FAILED for failure in self.failures):
            return ""
        again = shlex.join(["lnpatch", "download", self.target, *(failure.name for failure in self.failures)])
        return f"If there is a copy elsewhere: {again} --mirror BASE; BASE is the address or the folder that holds it."

    @property
    def exit_code(self) -> ExitCode:  # type: ignore[override]
        """That of the failures where they agree; a network that fails comes first."""
        codes = {failure.exit_code for failure in self.failures}
        if len(codes) == 1:
            return ExitCode(codes.pop())
        return ExitCode.ENVIRONMENT if ExitCode.ENVIRONMENT in codes else ExitCode.FAILED


@dataclass
class PickleRefusedError(LnpatchError):
    """A pickle wants more than plain data: a function to call, or more memory than it is worth."""

    file: str
    found: str

    what = "{file} is refused: it holds {found}, which is no plain data. Nothing of it was run."
    then = "A model's or a log's pickle has only numbers, strings and containers; do not open this one with Python's pickle."


@dataclass
class PickleTruncatedError(LnpatchError):
    """A pickle ends too early."""

    file: str
    size: int

    what = "{file} is truncated: the pickle does not end within its {size} bytes."
    then = "Download or copy it again."


@dataclass
class PickleBrokenError(LnpatchError):
    """A file is no pickle."""

    file: str
    at: int
    reason: str

    what = "{file} is no pickle that can be read: byte {at}: {reason}"


@dataclass
class HyperparametersError(LnpatchError):
    """A model's pickle has no hyperparameters."""

    file: str
    found: str

    what = "{file} holds no hyperparameters: a dictionary with names for keys was expected, found {found}."


# Port


@dataclass
class PortLibraryError(LnpatchError):
    """What converts to Python 3 is not installed."""

    library: str
    python: str = sys.executable

    exit_code = ExitCode.ENVIRONMENT
    what = "{library} is needed to convert Python 2 to Python 3, and is not installed."
    then = "Install it: {python!q} -m pip install 'lnpatch[pytensor]'"


@dataclass
class PortFolderError(LnpatchError):
    """The folder for the Python 3 copy holds something else."""

    directory: str

    exit_code = ExitCode.CONFLICT
    what = "{directory} is not empty, and lnpatch did not write what is in it; nothing was changed."
    then = "Name another folder with --output."


@dataclass
class PortModifiedError(LnpatchError):
    """The Python 3 copy has been changed since it was written."""

    directory: str
    files: Sequence[str]

    exit_code = ExitCode.CONFLICT
    what = "Files of the Python 3 copy in {directory} were changed since; nothing was written:{files!l}"
    then = "Name another folder with --output, or remove this one."


@dataclass
class PortEmptyError(LnpatchError):
    """There is nothing to convert."""

    target: str
    directory: str
    folders: Sequence[str]

    exit_code = ExitCode.NOT_FOUND
    what = "{directory} has no Python file that {target} is made of (git tracks none in {folders!c})."
    then = "Is this the right repository? `lnpatch show` says where its code is."
