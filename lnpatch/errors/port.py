"""Python 3 copies that cannot be made or written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from lnpatch.errors.base import ExitCode, LnpatchError


@dataclass
class PortLibraryError(LnpatchError):
    """The library that converts to Python 3 is not installed."""

    library: str
    python: str = sys.executable

    exit_code = ExitCode.ENVIRONMENT
    what = "{library} is needed to convert Python 2 to Python 3, and is not installed."
    then = "Install it: {python!q} -m pip install fissix"


@dataclass
class PortFolderError(LnpatchError):
    """The folder for the Python 3 copy holds files that lnpatch did not write."""

    directory: str

    exit_code = ExitCode.CONFLICT
    what = "{directory} is not empty, and lnpatch did not write what is in it; nothing was changed."
    then = "Name another folder with --output."


@dataclass
class PortModifiedError(LnpatchError):
    """Files of the Python 3 copy were changed since it was written."""

    directory: str
    files: Sequence[str]

    exit_code = ExitCode.CONFLICT
    what = "Files of the Python 3 copy in {directory} were changed since; nothing was written:{files!l}"
    then = "Name another folder with --output, or remove this one."


@dataclass
class PortEmptyError(LnpatchError):
    """The checkout has no Python file that the recipe names."""

    target: str
    directory: str
    folders: Sequence[str]

    exit_code = ExitCode.NOT_FOUND
    what = "{directory} has no Python file that {target} is made of (git tracks none in {folders!c})."
    then = "Is this the right repository? `lnpatch show` says where its code is."
