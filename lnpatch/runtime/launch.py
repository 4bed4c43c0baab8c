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

    All arrays of an update come and go with it, and Linux clears each page that it gives out. On one core, dim 512 and batch
    128 (256 and 64 for skip-thoughts), an update of order-embeddings takes 27 % less time with JAX and 1 % less with Theano 0.8.2, one
    of skip-thoughts 20 % and 13 %: `pytest tests/benchmarks/test_engines.py --benchmark-only`, with and without
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
