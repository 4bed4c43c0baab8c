"""One process of an engine: what is run, where, with what environment; and the line that runs it elsewhere."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


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
