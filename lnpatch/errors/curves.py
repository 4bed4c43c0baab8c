"""Runs that cannot be compared or drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.errors.base import FailedError, InvalidRequestError, MachineError, NotFoundError


@dataclass
class RunNotFoundError(NotFoundError):
    """There is nothing at the path of a run."""

    path: str

    message_template = "There is no run at {path}."
    hint_template = (
        "RUN is a folder that `lnpatch train` made, a statistics pickle of attentive-reader, or a training log."
    )


@dataclass
class RunFormatError(FailedError):
    """A file of a run cannot be read as what it seems to be."""

    file: str
    reason: str

    message_template = "{file} cannot be read as a run: {reason}."


@dataclass
class NoUpdatesError(NotFoundError):
    """A run has not come to its first update."""

    path: str
    state: str

    message_template = "{path} has no updates to show."

    @property
    def hint(self) -> str:
        return "It is still running; compiling comes before the first update." if self.state == "running" else ""


@dataclass
class NothingToDrawError(FailedError):
    """All that the runs recorded is NaN."""

    paths: Sequence[str]

    message_template = "There is nothing to draw: no cost and no validation figure in {paths!c} is a number."


@dataclass
class UnknownMetricError(InvalidRequestError):
    """No run has this validation figure."""

    metric: str
    metrics: Sequence[str]

    @property
    def message(self) -> str:
        available = f"they have {', '.join(self.metrics)}" if self.metrics else "they have none yet"
        return f"The runs have no validation figure {self.metric!r}; {available}."


@dataclass
class FigureFormatError(InvalidRequestError):
    """A figure's file name has not the suffix of a format that can be written."""

    file: str
    formats: Sequence[str]

    message_template = "{file}: the suffix has to be one of {formats!c}."


@dataclass
class PlotLibraryError(MachineError):
    """The library that draws is not installed, or not in a version that can be used."""

    library: str
    reason: str
    #: The command that installs it.
    install: str

    message_template = "{library} is needed to draw this, and cannot be used: {reason}."
    hint_template = "Install it: {install}"
