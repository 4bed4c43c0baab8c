"""One process in a runtime's Python: the command, the folder it runs in, and its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Launch:
    """A command that is ready to run."""

    #: The interpreter.
    python: Path
    #: Its arguments: options, script, and what the script takes.
    arguments: tuple[str, ...]
    #: The folder that it runs in.
    directory: Path
    #: The environment variables that are set beyond the caller's own.
    environment: Mapping[str, str]

    @property
    def command(self) -> list[str]:
        """The command's words."""
        return [os.fspath(self.python), *self.arguments]

    def full_environment(self) -> dict[str, str]:
        """Return the caller's environment with this launch's own variables on top."""
        return {**os.environ, **self.environment}


def huge_pages() -> dict[str, str]:
    """Return the variable that has glibc take large arrays in huge pages; what the user has set there stays.

    The arrays of an update come and go with it, and Linux clears each page that it gives out. With and without, updates of
    skip-thoughts take Theano 0.8.2 792 and 914 ms, JAX 205 and 269 ms, those of order-embeddings Theano 519 and 573 ms, JAX 141 and
    211 ms, on two cores of an AMD EPYC: `pytest tests/benchmarks/test_runtimes.py --benchmark-only -k training`, for the latter with
    GLIBC_TUNABLES=glibc.malloc.hugetlb=0.
    """
    own = os.environ.get("GLIBC_TUNABLES", "")
    if sys.platform != "linux" or "glibc.malloc.hugetlb" in own:
        return {}
    return {"GLIBC_TUNABLES": ":".join(filter(None, [own, "glibc.malloc.hugetlb=1"]))}
