"""Training, evaluation and encoding, and the environments that they run in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.errors.base import ConflictError, FailedError, InvalidRequestError, MachineError, NotFoundError


@dataclass
class NotAppliedError(NotFoundError):
    """The checkout is not patched."""

    target: str
    directory: str
    state: str

    message_template = "{target} is not patched in {directory} ({state})."
    hint_template = "Patch it first: lnpatch apply {target!q} --dir {directory!q}"


@dataclass
class PackageMissingError(MachineError):
    """A package that an option needs is not installed."""

    option: str
    package: str
    #: The command that installs it.
    install: str

    message_template = "{option} needs the package {package}, which is not installed."
    hint_template = "Install it: {install}"


@dataclass
class ExportMismatchError(FailedError):
    """An exported model computes something else than the repository's own code."""

    model: str
    reason: str

    message_template = "{model} was not exported: {reason}, beside what the repository's own code computes of it."
    hint_template = "Nothing was written. Has layers.py or the model's code been changed since `lnpatch apply`? `lnpatch check` says."


@dataclass
class ExportFolderError(ConflictError):
    """The folder for an export is in use."""

    folder: str

    message_template = "{folder} is not empty; nothing in it was changed."
    hint_template = "Name another folder with --output, or remove it first."


@dataclass
class LayerMissingError(NotFoundError):
    """The checkout has no layer of that name."""

    cell: str
    directory: str
    layers: Sequence[str]
    target: str
    can_apply: bool

    message_template = "There is no layer {cell!r} in {directory}; it has {layers!c}."

    @property
    def hint(self) -> str:
        if not self.can_apply:
            return ""
        return self._fill(
            "A patch brings one cell. For a checkout with this one: lnpatch apply {target!q} --cell {cell} --dir OTHER"
        )


@dataclass
class JobSourceError(NotFoundError):
    """A place in the checkout that the recipe's job names is not there."""

    file: str
    reason: str
    name: str = ""

    @property
    def message(self) -> str:
        what = f"{self.name} in {self.file}" if self.name else self.file
        return f"The recipe looks for the hyperparameters at {what}: {self.reason}."

    hint_template = "Is this the right repository and revision?"


#: What shows how a model does, by the job that a target has to have for it.
_SHOWS_A_MODEL = {"evaluate": "lnpatch evaluate", "train": "lnpatch curves RUN"}


@dataclass
class NoJobError(InvalidRequestError):
    """The recipe says nothing about this job."""

    target: str
    job: str
    jobs: Sequence[str]

    message_template = "{target} does not support {job}."

    @property
    def hint(self) -> str:
        """What the target has instead, and what shows how its model does."""
        if not self.jobs:
            return "Its recipe has no jobs; CONTRIBUTING.md says how to add one."
        shows = [command for job, command in _SHOWS_A_MODEL.items() if job in self.jobs]
        return self._fill("It has: {jobs!c}.") + (f" How a model does: {'; '.join(shows)}." if shows else "")


@dataclass
class SettingError(InvalidRequestError):
    """The trainer has no such hyperparameter."""

    name: str
    target: str
    candidates: Sequence[str]
    names: Sequence[str]

    @property
    def message(self) -> str:
        near = f" Did you mean {' or '.join(self.candidates)}?" if self.candidates else ""
        return f"The trainer of {self.target} has no setting {self.name!r}.{near}"

    hint_template = "It has {names!c}."


@dataclass
class SettingValueError(InvalidRequestError):
    """A hyperparameter was given a value of the wrong type."""

    name: str
    value: str
    expected: str

    message_template = "--set {name}={value}: expected {expected}."


@dataclass
class DataMissingError(NotFoundError):
    """What the user brings is not where it was said to be."""

    target: str
    data: str
    missing: Sequence[str]
    expected: str

    message_template = "The data is not whole at {data}; missing:{missing!l}"
    hint_template = (
        "Expected: {expected}. `lnpatch download {target!q}` fetches what was released; --smoke needs no data."
    )


@dataclass
class BadDataError(FailedError):
    """Training data that cannot be trained on, as it is."""

    file: str
    reason: str
    #: The line that is meant; 0 for the whole file.
    line: int = 0
    advice: str = ""

    @property
    def message(self) -> str:
        return f"{self.file}{f':{self.line}' if self.line else ''}: {self.reason}."

    hint_template = "{advice}"


@dataclass
class DataChangedError(ConflictError):
    """A run is to go on with other data than it began with."""

    data: str
    expected: str
    found: str

    message_template = "The data at {data} is not what the run began with; nothing was changed."
    hint_template = "Its SHA-256 was {expected}, and is {found}. Put back the data, name it with --data, or begin a new run without --resume."


@dataclass
class ModelMissingError(NotFoundError):
    """A model, or a file that goes with it, is not there."""

    file: str
    reason: str

    message_template = "{file}: {reason}"
    hint_template = "A model is an .npz file with its options beside it, or the folder of a run."


@dataclass
class UnusableFileError(FailedError):
    """A file that the user has named cannot be used."""

    file: str
    reason: str
    advice: str = ""

    message_template = "{file}: {reason}"
    hint_template = "{advice}"


class BadModelError(UnusableFileError):
    """A model's files cannot be used."""


@dataclass
class ModelMismatchError(FailedError):
    """A model's parameters are not those that its hyperparameters and the repository's code make."""

    file: str
    #: Parameters that the file lacks, that nothing takes, and that have another shape: each with what is wrong.
    differences: Sequence[str]

    message_template = "{file} does not fit its hyperparameters:{differences!l}"
    hint_template = "Its .pkl is that of another model, or one of the two was changed: download or train both again."


class TextError(UnusableFileError):
    """Sentences cannot be encoded as they are."""


class WordVectorsError(UnusableFileError):
    """A file has no word vectors, or other ones than are needed."""


@dataclass
class NotARunError(NotFoundError):
    """The folder is not a run of lnpatch's."""

    folder: str
    reason: str
    candidates: Sequence[str]

    @property
    def message(self) -> str:
        near = f" Did you mean {' or '.join(self.candidates)}?" if self.candidates else ""
        return f"{self.folder} is not the folder of a run: {self.reason}.{near}"


@dataclass
class RunBusyError(ConflictError):
    """Another process trains in the folder of the run."""

    folder: str
    holder: str
    #: Whether it may have ended: it is on another machine, and was heard of a moment ago.
    seems: bool = False

    @property
    def message(self) -> str:
        verb = "seems to train" if self.seems else "trains"
        return f"{self.holder} {verb} in {self.folder}; nothing in it was changed."

    @property
    def hint(self) -> str:
        if self.seems:
            return "If it has been killed, try again ten minutes after it last wrote there."
        return "Wait for it to end, or stop it: Ctrl-C there, or `kill PID`, saves the model."


@dataclass
class RunExistsError(ConflictError):
    """The folder for a new run is in use."""

    folder: str
    is_run: bool

    message_template = "{folder} is not empty; nothing in it was changed."

    @property
    def hint(self) -> str:
        if self.is_run:
            return "To resume the run in it, add --resume; for a new one, name another folder with --output."
        return "Name another folder with --output."


@dataclass
class TrainingFailedError(FailedError):
    """The repository's trainer has failed."""

    target: str
    folder: str
    reason: str
    lines: Sequence[str]

    message_template = "{target}: {reason}{lines!l}"
    hint_template = "The whole output is in {folder}/log.txt."


@dataclass
class JobFailedError(FailedError):
    """The repository's own code, or the launcher around it, has failed."""

    target: str
    job: str
    status: int
    lines: Sequence[str]

    message_template = "{target}: {job} failed (exit status {status}):{lines!l}"


@dataclass
class NoHomeError(MachineError):
    """The user has no home folder, so that there is no place for lnpatch's own folders."""

    variable: str

    message_template = "This user has no home folder: HOME is not set, and the system does not know the user."
    hint_template = "Name a folder for lnpatch to keep things in: export {variable}=/path/to/folder"


@dataclass
class NoPython2Error(MachineError):
    """There is no Python 2.7 on this machine."""

    message_template = "There is no Python 2.7 here: not in LNPATCH_PYTHON27, on PATH, in pyenv or in conda."
    hint_template = (
        "One of these gives it: pyenv install 2.7.18 | conda create -n python27 python=2.7 | apt-get install python2.7; "
        "--python names one elsewhere. `--runtime pytensor` needs none."
    )


@dataclass
class WrongPythonError(MachineError):
    """The Python that was given cannot be used."""

    python: str
    wanted: str

    message_template = "{python} is not a Python {wanted} that runs."


@dataclass
class NoRequirementsError(InvalidRequestError):
    """The recipe does not say what it needs to run."""

    target: str
    recipe: str

    message_template = "{target} has no [requirements]: its recipe does not say which packages run it."
    hint_template = "Add one to {recipe}; those that come with lnpatch are examples."


@dataclass
class EnvironmentBuildError(MachineError):
    """An environment could not be built."""

    command: str
    log: str
    lines: Sequence[str]

    message_template = "The environment could not be built: {command}{lines!l}"
    hint_template = (
        "The whole output is in {log}. The next try starts afresh; pip's own settings (index, proxy) are respected."
    )
