"""Read TOML that strangers may have written: within bounds, since Python's parser has none."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

#: Bytes of a file; the recipes that are known have less than 20,000.
_LARGEST = 1 << 18

#: A key of forty parts with dots between them, in its table or in front of a value: tomllib takes the square of their number
#: in time and memory.
_DEEP_KEY = re.compile(r"""(?<![\w-])(?:(?>[\w-]+|"[^"\n]*"|'[^'\n]*')(?>[ \t]*)\.(?>[ \t]*)){40}""")

_PLACE = re.compile(r"\(at line (\d+)")


class TomlRefusedError(Exception):
    """A file cannot be read as TOML."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        #: The line of the mistake, from 1; 0 where it is not one of a line.
        self.line = line


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        TomlRefusedError: it cannot be read, is not TOML, or is larger or nested deeper than anybody writes.
    """
    return parse_toml(read_toml_text(path))


def read_toml_text(path: Path) -> str:
    """Read the text of a TOML file, which is not looked at yet.

    Raises:
        TomlRefusedError: it cannot be read, is no UTF-8, or too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise TomlRefusedError(error.strerror or str(error)) from error
    if len(data) > _LARGEST:
        raise TomlRefusedError(f"larger than {_LARGEST >> 10} KiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TomlRefusedError(f"not UTF-8 text: {error.reason}") from error


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML.

    Raises:
        TomlRefusedError: it is not TOML, or nested deeper than anybody writes.
    """
    if _DEEP_KEY.search(text):
        raise TomlRefusedError("nested too deeply")
    try:
        return tomllib.loads(text)
    except (ValueError, OverflowError) as error:  # tomllib's own error is one; a number of 4,301 digits is another
        raise TomlRefusedError(f"not valid TOML: {error}", _line_of(error, text)) from error
    except (RecursionError, MemoryError) as error:
        raise TomlRefusedError("nested too deeply") from error


def _line_of(error: Exception, text: str) -> int:
    """Return the line that tomllib names in its message; 0 where it names none."""
    if "(at end of document)" in str(error):
        return len(text.splitlines())
    place = _PLACE.search(str(error))
    return int(place[1]) if place else 0
