"""The names of released files, and the mirrors that have them under these names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

from lnpatch.errors import MirrorError, MirrorMissingError
from lnpatch.recipes import Artefact


def released_name(artefact: Artefact) -> str:
    """Return the file's name in its address."""
    return unquote(urlsplit(artefact.url).path.rpartition("/")[2])


def local_name(artefact: Artefact) -> str:
    """Return the file's path in the folder that it is put into."""
    return artefact.file or Path(released_name(artefact)).name


@dataclass(frozen=True)
class Mirror:
    """Where files are downloaded from instead of their own addresses.

    Raises:
        MirrorError: *base* is neither an address nor a path.
        MirrorMissingError: the folder is not there.
    """

    #: An address, to which the names are added, or a folder.
    base: str

    def __post_init__(self) -> None:
        scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", self.base)
        if scheme and scheme[1].lower() not in ("http", "https", "file"):
            raise MirrorError(self.base, f"{scheme[1]} is not supported")
        try:
            urlsplit(self.base)
        except ValueError as error:
            raise MirrorError(self.base, str(error)) from error
        if self._is_address() and not self.base.isprintable():
            raise MirrorError(repr(self.base)[1:-1], "it has characters that no address has")
        if not self._is_address() and not self._folder().is_dir():
            raise MirrorMissingError(self.base)

    def find_source(self, artefact: Artefact) -> str | Path:
        """Return the address or the file of *artefact* on the mirror; in a folder it may have either of its names."""
        name = released_name(artefact)
        if self._is_address():
            # an address may end in a parameter, as in https://host/get?name=
            return self.base + ("" if self.base.endswith(("/", "=")) else "/") + quote(name, safe="")
        paths = [self._folder() / file_name for file_name in (name, artefact.file) if file_name]
        return next((path for path in paths if path.is_file()), paths[0])

    def _is_address(self) -> bool:
        return self.base.lower().startswith(("http://", "https://"))

    def _folder(self) -> Path:
        if self.base.lower().startswith("file://"):
            return Path(url2pathname(urlsplit(self.base).path))
        return Path(self.base).expanduser()
