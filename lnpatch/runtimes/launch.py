"""One process of an engine: what is run, where, with what environment; and the line that runs it elsewhere."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


def huge_pages() -> dict[str, str]:
    """The setting that has glibc take large arrays in huge pages; what the user has set there stays.

    The arrays of an update come and go with it, and Linux clears each page that it gives out. With and without, updates of
    skip-thoughts take Theano 0.8.2 792 and 914 ms, JAX 205 and 269 ms, those of order-embeddings Theano 519 and 573 ms, JAX 141 and
    211 ms: `pytest tests/benchmarks/test_runtimes.py --benchmark-only -k training`, for the latter with
    GLIBC_TUNABLES=glibc.malloc.hugetlb=0.
    """
    own = os.environ.get("GLIBC_TUNABLES", "")
    if sys.platform != "linux" or "glibc.malloc.hugetlb" in own:
        return {}
    return {"GLIBC_TUNABLES": ":".join(filter(None, [own, "glibc.malloc.hugetlb=1"]))}


@dataclass(frozen=True)
class Launch:
    """A command, ready to run: ``environment`` is what is set beyond the caller's own."""

    python: Path
    arguments: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]

    @property
    def command(self) -> list[str]:
        """The command's words."""
        return [os.fspath(self.python), *self.arguments]

    def line(self) -> str:
        """One line for a shell or a batch scheduler."""
        environment = (f"{name}={shlex.quote(value)}" for name, value in self.environment.items())
        return f"cd {shlex.quote(os.fspath(self.directory))} && env {' '.join(environment)} {shlex.join(self.command)}"

    def full_environment(self) -> dict[str, str]:
        """The caller's environment with this launch's own on top."""
        return {**os.environ, **self.environment}
