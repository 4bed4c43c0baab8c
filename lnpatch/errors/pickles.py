"""Pickles that are refused or cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

from lnpatch.errors.base import FailedError


@dataclass
class PickleRefusedError(FailedError):
    """A pickle wants more than plain data: a function to call, or more memory than it is worth."""

    file: str
    found: str

    message_template = "{file} is refused: it holds {found}, which is not plain data. Nothing of it was run."
    hint_template = "A model's or a log's pickle has only numbers, strings and containers; do not open this one with Python's pickle."


@dataclass
class PickleTruncatedError(FailedError):
    """A pickle ends too early."""

    file: str
    size: int

    message_template = "{file} is truncated: the pickle does not end within its {size} bytes."
    hint_template = "Download or copy it again."


@dataclass
class PickleBrokenError(FailedError):
    """A file is not a pickle."""

    file: str
    at: int
    reason: str

    message_template = "{file} cannot be read as a pickle: byte {at}: {reason}"


@dataclass
class HyperparametersError(FailedError):
    """A model's pickle has no hyperparameters."""

    file: str
    found: str

    message_template = "{file} holds no hyperparameters: a dictionary with names for keys was expected, found {found}."


@dataclass
class ArchiveRefusedError(FailedError):
    """An .npz has something else than arrays of numbers, or more than it is worth."""

    file: str
    found: str

    message_template = "{file} is refused: it holds {found}. Nothing of it was loaded."
    hint_template = (
        "A model's .npz has only arrays of numbers; do not open this one with numpy.load(allow_pickle=True)."
    )
