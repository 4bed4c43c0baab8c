"""The values that are in force, and where each comes from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lnpatch.configuration.keys import VARIABLES
from lnpatch.configuration.search import FoundFiles


@dataclass(frozen=True)
class Setting:
    """One value that is configured."""

    #: As in a file: ``runtime``, or ``data.skip-thoughts`` for the value of one target.
    key: str
    value: str
    #: An environment variable, or a file with the line.
    source: str


def settings_in_force(found: FoundFiles) -> Iterator[Setting]:
    """Yield everything that is configured; of two values for one key, the one that wins."""
    told: set[str] = set()
    for key, variable in VARIABLES.items():
        if value := os.environ.get(variable):
            told.add(key)
            yield Setting(key, value, variable)
    for file in found.files:
        # a key that a stronger place has is not in force here, for no target
        keys = {key: key if key in VARIABLES else key.partition(".")[0] for key, _ in file.values.items()}
        yield from (
            Setting(key, value, file.place_of(key)) for key, value in file.values.items() if keys[key] not in told
        )
        told.update(keys.values())


def find_setting(found: FoundFiles, key: str, names: Sequence[str] = ()) -> Setting | None:
    """Return what is configured for a key; None where nothing is.

    Args:
        names: what the target is called, where targets are told apart.
    """
    if value := os.environ.get(VARIABLES[key]):
        return Setting(key, value, VARIABLES[key])
    for file in found.files:
        table, _, field = key.rpartition(".")
        values = getattr(getattr(file.values, table) if table else file.values, field, None)
        if isinstance(values, dict):
            name = next((name for name in names if name in values), None)
            return None if name is None else Setting(f"{key}.{name}", values[name], file.place_of(f"{key}.{name}"))
        if values is not None:
            return Setting(key, str(values), file.place_of(key))
    return None


def repository_in(mirror: str, directory: str) -> str:
    """Return where a mirror, an address or a folder, has the repository that is called *directory*; in a folder it may be bare."""
    place = f"{mirror.rstrip('/')}/{directory}"
    bare = Path(f"{place}.git").expanduser()
    return str(bare) if bare.is_dir() and not Path(place).expanduser().is_dir() else place
