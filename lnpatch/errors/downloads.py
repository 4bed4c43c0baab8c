"""Released files that cannot be downloaded, or are not what they should be."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.errors.base import ExitCode, LnpatchError


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
    """The argument of --mirror cannot be a mirror."""

    base: str
    reason: str

    exit_code = ExitCode.USAGE
    what = "--mirror {base}: {reason}."
    then = "It takes an http or https address, or a folder, to which the names of the files are added."


@dataclass
class MirrorMissingError(LnpatchError):
    """The folder that --mirror names does not exist."""

    base: str

    exit_code = ExitCode.NOT_FOUND
    what = "--mirror {base}: there is no such folder."


@dataclass
class UnreachableError(LnpatchError):
    """An address does not answer, or does not answer with a file."""

    address: str
    reason: str

    exit_code = ExitCode.ENVIRONMENT
    what = "{address}: {reason}"


@dataclass
class DeadLinkError(LnpatchError):
    """The server answers, but the file is no longer at that address."""

    address: str
    reason: str

    exit_code = ExitCode.NOT_FOUND
    what = "{address}: {reason}"


@dataclass
class CutOffError(LnpatchError):
    """A transfer ended early, again and again; the partial file is kept for the next time. ``total`` is 0 if not known."""

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
        return self._fill("The partial file {part} is kept; the same command resumes it.") if self.received else ""


@dataclass
class WrongContentError(LnpatchError):
    """The file that came is not the kind of file that it should be; it is kept under another name."""

    address: str
    reason: str
    rejected: str

    what = "{address}: the file {reason}; it was put aside as {rejected}"
    then = "Remove it, and try again, or download from elsewhere with --mirror."


@dataclass
class ChecksumError(LnpatchError):
    """A file differs from what it was when it was first seen, or from what the recipe says; it is kept under another name."""

    address: str
    expected: str
    found: str
    since: str
    rejected: str
    path: str

    what = "{address}: the checksum differs; the file was put aside as {rejected}\n  sha256 {found}\n  expected {expected} ({since})"

    @property
    def hint(self) -> str:
        if self.since == "the recipe":
            return "This is not the released file. Look for another copy."
        return self._fill("If the new file is right: mv {rejected!q} {path!q}, and the same command with --trust-new.")


@dataclass
class NoSpaceError(LnpatchError):
    """The disk is too full for a file; the numbers are bytes."""

    folder: str
    needed: int
    free: int

    exit_code = ExitCode.ENVIRONMENT
    what = "{folder}: {needed} more bytes are needed, {free} are free."
    then = "--dest names another folder; the partial file is kept."


@dataclass
class ChecksumRecordError(LnpatchError):
    """The record of checksums holds something that lnpatch did not write."""

    file: str

    what = "{file} cannot be read; it holds the checksums of what was downloaded."
    then = "Remove it, and the checksums are recorded anew."


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
        """The failures' own code where they agree, else that of the environment if one of them has it."""
        codes = {failure.exit_code for failure in self.failures}
        if len(codes) == 1:
            return ExitCode(codes.pop())
        return ExitCode.ENVIRONMENT if ExitCode.ENVIRONMENT in codes else ExitCode.FAILED
