"""Run one edit on one file, without a checkout."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

from lnpatch.edits import Edit, EditContext, EditFinding, EditState
from lnpatch.source import Source

VALUES = {"cell": "lngru", "baseline": "gru", "data_dir": "/data/top4"}


@dataclass
class MemoryFiles:
    """A checkout in memory."""

    contents: Mapping[str, bytes] = field(default_factory=dict)

    def locate(self, path: str) -> str:
        return path

    def read(self, path: str) -> bytes | None:
        return self.contents.get(path)

    def names(self) -> list[str]:
        return sorted(self.contents)


@dataclass
class Result:
    """What an edit found, and the file after it."""

    findings: tuple[EditFinding, ...]
    source: str

    @property
    def state(self) -> EditState:
        (state,) = {finding.state for finding in self.findings}
        return state

    @property
    def finding(self) -> EditFinding:
        (finding,) = self.findings
        return finding


def run(edit: Edit, source: str | bytes, files: Mapping[str, bytes] | None = None, path: str = "layers.py") -> Result:
    """Run *edit* on *source*; a text is dedented first."""
    data = textwrap.dedent(source).encode() if isinstance(source, str) else source
    read = Source.read(data, path)
    outcome = edit.run(EditContext(path, read, read.module, MemoryFiles({**(files or {}), path: data}), VALUES))
    return Result(outcome.findings, read.write(outcome.module).decode())
