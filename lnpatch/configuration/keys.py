"""The keys of a configuration file, and the environment variables of the same meaning.

Nothing that runs code is among them: no Python to build environments from, no revision, no script for the jobs of a cluster.
A file may have come with something that was downloaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from lnpatch.runtimes.runtime_options import BACKENDS, DEVICES, PRECISIONS, RUNTIMES

#: What a key is for: one value, or one for each target, by its name.
ByTarget = str | dict[str, str] | None

#: The environment variables, by key. LNPATCH_DATA is something else: the folder of what lnpatch has to remember.
VARIABLES = {
    "runtime": "LNPATCH_RUNTIME",
    "backend": "LNPATCH_BACKEND",
    "device": "LNPATCH_DEVICE",
    "precision": "LNPATCH_PRECISION",
    "data": "LNPATCH_TRAIN_DATA",
    "output": "LNPATCH_OUTPUT",
    "mirror": "LNPATCH_MIRROR",
    "cluster.on": "LNPATCH_CLUSTER_ON",
    "cluster.partition": "LNPATCH_CLUSTER_PARTITION",
    "cluster.time": "LNPATCH_CLUSTER_TIME",
    "cluster.memory": "LNPATCH_CLUSTER_MEMORY",
    "cluster.cpus": "LNPATCH_CLUSTER_CPUS",
    "cluster.gpus": "LNPATCH_CLUSTER_GPUS",
}

_CHOICES = {"runtime": RUNTIMES, "backend": BACKENDS, "device": DEVICES, "precision": PRECISIONS}

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:")


@dataclass(frozen=True)
class Cluster:
    """What ``reproduce`` asks of a cluster for each run, as its options do; any other parameter may be a script, and is no key."""

    on: str | None = None
    partition: str | None = None
    #: Minutes.
    time: int | None = None
    #: GB.
    memory: int | float | None = None
    cpus: int | None = None
    gpus: int | None = None

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield mistakes that types cannot show, as (key, what is wrong)."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value == "":
                yield field.name, "expected a name that is not empty"
            if not isinstance(value, str | None) and value < (0 if field.name == "gpus" else 1):
                yield field.name, f"expected at least 1, found {value}"


@dataclass(frozen=True)
class Configuration:
    """The values of one file; None for a key that it does not have."""

    #: As ``--runtime``, ``--backend``, ``--device`` and ``--precision`` take them.
    runtime: str | None = None
    backend: str | None = None
    device: str | None = None
    precision: str | None = None
    #: What ``train`` and ``reproduce`` train on.
    data: ByTarget = None
    #: The folder in which ``runs`` and ``studies`` are made.
    output: str | None = None
    #: Where repositories are cloned from: what has all of them under their names, or the repository of each target.
    mirror: ByTarget = None
    cluster: Cluster | None = None

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield mistakes that types cannot show, as (key, what is wrong)."""
        for key, choices in _CHOICES.items():
            value = getattr(self, key)
            if value is not None and value not in choices:
                yield key, f"expected one of {', '.join(choices)}, found {value!r}"
        for key in ("data", "output", "mirror"):
            value = getattr(self, key)
            for name, text in value.items() if isinstance(value, dict) else [("", value)]:
                if text is not None and (not text or "\0" in text):
                    yield f"{key}.{name}" if name else key, "expected a path that is not empty"

    def items(self) -> Iterator[tuple[str, str]]:
        """Yield every value with its key; that of a target is ``data.skip-thoughts``."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Cluster):
                value = {name: str(choice) for name, choice in vars(value).items() if choice is not None}
            if isinstance(value, Mapping):
                yield from ((f"{field.name}.{name}", text) for name, text in value.items())
            elif value is not None:
                yield field.name, value

    def with_paths_from(self, folder: Path) -> Configuration:
        """Return the same with paths that mean the same everywhere: those of a file are relative to its folder."""
        paths = {key: _absolute(getattr(self, key), folder) for key in ("data", "output", "mirror")}
        return replace(self, **paths)  # type: ignore[arg-type]


def _absolute(value: ByTarget, folder: Path) -> ByTarget:
    if isinstance(value, dict):
        return {name: str(_absolute(text, folder)) for name, text in value.items()}
    if value is None or _ADDRESS.match(value):
        return value
    return os.path.abspath(folder / os.path.expanduser(value))
