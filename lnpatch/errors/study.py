"""Studies: what was asked for does not fit what is there, and clusters that take no jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.errors.base import ConflictError, MachineError, NotFoundError


@dataclass
class StudyDiffersError(ConflictError):
    """A study is to go on as another one than it is."""

    folder: str
    #: Each with what the study has, and what was asked for.
    differences: Sequence[str]

    message_template = "The study in {folder} is another one; nothing was changed:{differences!l}"
    hint_template = "Leave the options out to go on with it as it is, or name another folder with --output."


@dataclass
class StudyBusyError(ConflictError):
    """Another process works on the study, or a cluster has its jobs."""

    folder: str
    holder: str

    message_template = "{holder} works on the study in {folder}; nothing was changed."
    hint_template = (
        "See how far it is: lnpatch reproduce --output {folder!q} --status; --cancel stops it, with all models saved."
    )


@dataclass
class StudyPlaceError(ConflictError):
    """The folder for a new study is in use."""

    folder: str

    message_template = "{folder} is not empty, and not a study; nothing in it was changed."
    hint_template = "Name another folder with --output."


@dataclass
class NotAStudyError(NotFoundError):
    """The folder is not a study of lnpatch's."""

    folder: str
    problems: Sequence[str]

    message_template = "{folder} is not the folder of a study:{problems!l}"


@dataclass
class ClusterLibraryError(MachineError):
    """submitit is not installed, or cannot be imported."""

    reason: str
    #: The command that installs it.
    install: str

    message_template = "Jobs are sent to a cluster with submitit, which cannot be imported: {reason}"
    hint_template = "Install it: {install}"


@dataclass
class ClusterError(MachineError):
    """A cluster has not taken a job, or does not answer."""

    cluster: str
    doing: str
    reason: str

    message_template = "{cluster}: {doing} failed: {reason!s}"


@dataclass
class FolderNotSharedError(MachineError):
    """The jobs of a cluster do not see the study's folder."""

    folder: str
    where: str

    message_template = "{where} does not see {folder}: nothing could be trained there."
    hint_template = (
        "The study, and the Python that lnpatch runs in, have to be in folders that all nodes share, "
        "such as your home: name one with --output."
    )
