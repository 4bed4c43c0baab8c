"""Released files that cannot be downloaded, or are not what they should be."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.errors.base import ConflictError, ExitCode, FailedError, InvalidRequestError, MachineError, NotFoundError


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
    """A transfer ended early, again and again; ``total`` is 0 if not known.

    ``part`` is the partial file, kept for the next time; it is empty where the server's answers cannot be resumed.
    """

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
        if not self.received:
            return ""
        if not self.part:
            return "The same command begins anew: the server does not say how to tell this version of the file from others."
        return self._fill("The partial file {part} is kept; the same command resumes it.")


@dataclass
class WrongContentError(FailedError):
    """The file that came is not the kind of file that it should be; it is kept under another name."""

    address: str
    reason: str
    rejected: str

    message_template = "{address}: the file {reason}; it was put aside as {rejected}"
    hint_template = "Remove it, and try again, or download from elsewhere with --mirror."


@dataclass
class WrongSizeError(FailedError):
    """A file has another size, in bytes, than the recipe says; it was left where it is."""

    address: str
    #: What was seen, as in "9 bytes are announced".
    found: str
    expected: int

    message_template = "{address}: {found}; the recipe says {expected} bytes"
    hint_template = "This is not the released file. Look for another copy."


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
    """The disk is too full for a file; the numbers are bytes, 0 where it was found out while writing."""

    folder: str
    needed: int
    free: int
    #: Whether there is a partial file.
    kept: bool = True

    @property
    def message(self) -> str:
        if not self.needed:
            return f"{self.folder}: the disk is full."
        return f"{self.folder}: {self.needed} more bytes are needed, {self.free} are free."

    @property
    def hint(self) -> str:
        kept = "; the partial file is kept." if self.kept else "; nothing is kept of the file."
        return f"--dest names another folder{kept}"


@dataclass
class DownloadBusyError(ConflictError):
    """Another process writes the same partial file."""

    part: str

    message_template = "{part}: another process is downloading this file."
    hint_template = "Wait until it is done, and try again."


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
        if all(failure.exit_code in (ExitCode.FAILED, ExitCode.CONFLICT) for failure in self.failures):
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
