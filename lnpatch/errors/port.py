"""Python 3 copies that cannot be made or written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.errors.base import ConflictError, FailedError, MachineError, NotFoundError


@dataclass
class PortLibraryError(MachineError):
    """The library that converts to Python 3 is not installed."""

    library: str
    python: str = sys.executable

    message_template = "{library} is needed to convert Python 2 to Python 3, and is not installed."
    hint_template = "Install it: {python!q} -m pip install fissix"


@dataclass
class PortFolderError(ConflictError):
    """The folder for the Python 3 copy holds files that lnpatch did not write."""

    directory: str

    message_template = "{directory} is not empty, and lnpatch did not write what is in it; nothing was changed."
    hint_template = "Name another folder with --output."


@dataclass
class PortModifiedError(ConflictError):
    """Files of the Python 3 copy were changed since it was written."""

    directory: str
    files: Sequence[str]

    message_template = "Files of the Python 3 copy in {directory} were changed since; nothing was written:{files!l}"
    hint_template = "Name another folder with --output, or remove this one."


@dataclass
class PortIncompleteError(FailedError):
    """A file that the patch or a job is about cannot be converted to Python 3."""

    target: str
    directory: str
    reasons: Sequence[str]

    message_template = "{directory} cannot be ported: {target} needs files that could not be converted:{reasons!l}"
    hint_template = "Write these lines otherwise, or train with --runtime theano, which needs no Python 3 copy."


@dataclass
class PortEmptyError(NotFoundError):
    """The checkout has no Python file that the recipe names."""

    target: str
    directory: str
    folders: Sequence[str]

    message_template = "{directory} has no Python file that {target} is made of (git tracks none in {folders!c})."
    hint_template = "Is this the right repository? `lnpatch show` says where its code is."
