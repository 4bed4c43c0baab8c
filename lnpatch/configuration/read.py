"""Read one configuration file; every mistake in it is told with its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lnpatch.configuration.keys import Configuration
from lnpatch.errors import ConfigurationError
from lnpatch.files.toml import TomlRefusedError, parse_toml, read_toml_text
from lnpatch.schema import Problem, Reader

#: The file that has nothing but lnpatch's configuration, and the one of a project, which has it in a table.
OWN_FILE, PROJECT_FILE = "lnpatch.toml", "pyproject.toml"
_TABLE = ("tool", "lnpatch")

#: Places in a file that may be those of a key; a file of ours has one or two.
_MOST_PLACES = 50


@dataclass(frozen=True)
class ConfigurationFile:
    """A file that was read."""

    path: Path
    values: Configuration
    #: The lines of its keys, from 1; that of a target's value is ``data.skip-thoughts``.
    lines: Mapping[str, int]

    def place_of(self, key: str) -> str:
        """Return where a key stands: ``lnpatch.toml:3``."""
        line = self.lines.get(key, 0)
        return f"{self.path}:{line}" if line else str(self.path)


def mentions_lnpatch(path: Path) -> bool:
    """Return whether a file may have something to say to lnpatch: its own does, a project's where it names it.

    Most projects do not, and neither their mistakes nor their sizes are lnpatch's business.
    """
    if path.name == OWN_FILE:
        return True
    try:
        return _TABLE[-1] in read_toml_text(path)
    except TomlRefusedError:
        return False


def read_configuration(path: Path) -> ConfigurationFile | None:
    """Read a configuration file; None for a project's file without a table of lnpatch's.

    Raises:
        ConfigurationError: it cannot be read, or has unknown keys or wrong values; all of them are listed.
    """
    prefix = _TABLE if path.name == PROJECT_FILE else ()
    try:
        text = read_toml_text(path)
        table = _subtable(parse_toml(text), prefix)
    except TomlRefusedError as error:
        raise ConfigurationError([_describe(path, error.line, error.reason)]) from error
    if table is None:
        return None
    reader = Reader()
    values = reader.table(Configuration, table)
    if values is None or reader.problems:
        places = [(_find_problem(text, prefix, problem), str(problem)) for problem in reader.problems]
        raise ConfigurationError([_describe(path, line, problem) for line, problem in sorted(places)])
    lines = {key: find_line(text, (*prefix, *key.split(".", 1))) for key, _ in values.items()}
    return ConfigurationFile(path, values.with_paths_from(path.parent), lines)


def find_line(text: str, key: Sequence[str]) -> int:
    """Return the line that gives a key its value, 0 where none is found.

    TOML's own parser keeps no lines. It is the line with the key's name up to which the text can be parsed and has the key.
    """
    lines = text.splitlines(keepends=True)
    places = [number for number, line in enumerate(lines, 1) if key[-1] in line][:_MOST_PLACES]
    for number in places:
        try:
            found = _subtable(parse_toml("".join(lines[:number])), key[:-1])
        except TomlRefusedError:  # the text ends in the middle of a value
            continue
        if found is not None and key[-1] in found:
            return number
    return places[0] if places else 0


def _find_problem(text: str, prefix: Sequence[str], problem: Problem) -> int:
    return find_line(text, (*prefix, *problem.key.split(".", 1))) if problem.key else 0


def _describe(path: Path, line: int, problem: str) -> str:
    return f"{path}:{line}: {problem}" if line else f"{path}: {problem}"


def _subtable(table: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any] | None:
    """Return a table in a table; None where it is not there, or no table."""
    for name in names:
        inner = table.get(name)
        if not isinstance(inner, Mapping):
            return None
        table = inner
    return table
