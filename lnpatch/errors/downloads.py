"""Released files that cannot be downloaded, or are not what they should be."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.errors.base import ExitCode, FailedError, InvalidRequestError, MachineError, NotFoundError


@dataclass
class ArtefactNotFoundError(NotFoundError):
    """The target has no released files of these names, or none at all."""

    target: str
    names: Sequence[str]
    there: Sequence[str]

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
class MirrorError(InvalidRequestError):
    """The argument of --mirror cannot be a mirror."""

    base: str
    reason: str

    message_template = "--mirror {base}: {reason}."
    hint_template = "It takes an http or https address, or a folder, to which the names of the files are added."


@dataclass
class MirrorMissingError(NotFoundError):
    """The folder that --mirror names does not exist."""

    base: str

    message_template = "--mirror {base}: there is no such folder."


@dataclass
class UnreachableError(MachineError):
    """An address does not answer, or does not answer with a file."""

    address: str
    reason: str

    message_template = "{address}: {reason}"


@dataclass
class DeadLinkError(NotFoundError):
    """The server answers, but the file is no longer at that address."""

    address: str
    reason: str

    message_template = "{address}: {reason}"


@dataclass
class CutOffError(MachineError):
    """A transfer ended early, again and again; the partial file is kept for the next time. ``total`` is 0 if not known."""

    address: str
    received: int
    total: int
    part: str
    reason: str

    @property
    def message(self) -> str:
        of = f" of {self.total}" if self.total else ""
        return f"{self.address}: cut off after {self.received}{of} bytes: {self.reason}"

    @property
    def hint(self) -> str:
        return self._fill("The partial file {part} is kept; the same command resumes it.") if self.received else ""


@dataclass
class TooLongError(FailedError):
    """A file is longer than the recipe says; no more than that was taken, and nothing is kept."""

    address: str
    size: int

    message_template = "{address}: there are more than the {size} bytes that the recipe says."
    hint_template = "This is not the released file. Look for another copy."


@dataclass
class WrongContentError(FailedError):
    """The file that came is not the kind of file that it should be; it is kept under another name."""

    address: str
    reason: str
    rejected: str

    message_template = "{address}: the file {reason}; it was put aside as {rejected}"
    hint_template = "Remove it, and try again, or download from elsewhere with --mirror."


@dataclass
class ChecksumError(FailedError):
    """A file differs from what it was when it was first seen, or from what the recipe says; it is kept under another name."""

    address: str
    expected: str
    found: str
    since: str
    rejected: str
    path: str

    message_template = "{address}: the checksum differs; the file was put aside as {rejected}\n  sha256 {found}\n  expected {expected} ({since})"

    @property
    def hint(self) -> str:
        if self.since == "the recipe":
            return "This is not the released file. Look for another copy."
        return self._fill("If the new file is right: mv {rejected!q} {path!q}, and the same command with --trust-new.")


@dataclass
class NoSpaceError(MachineError):
    """The disk is too full for a file; the numbers are bytes."""

    folder: str
    needed: int
    free: int

    message_template = "{folder}: {needed} more bytes are needed, {free} are free."
    hint_template = "--dest names another folder; the partial file is kept."


@dataclass
class ChecksumRecordError(FailedError):
    """The record of checksums holds something that lnpatch did not write."""

    file: str

    message_template = "{file} cannot be read; it holds the checksums of what was downloaded."
    hint_template = "Remove it, and the checksums are recorded anew."


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
class DownloadsFailedError(FailedError):
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
        """The failures' own code where they agree, else that of the environment if one of them has it."""
        codes = {failure.exit_code for failure in self.failures}
        if len(codes) == 1:
            return ExitCode(codes.pop())
        return ExitCode.ENVIRONMENT if ExitCode.ENVIRONMENT in codes else ExitCode.FAILED
