"""What can go wrong, one class per failure; the messages and the exit codes are written here and nowhere else.

Exit codes: 1 failed, 2 usage, 3 not found, 4 conflict, 5 environment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any, ClassVar


class ExitCode(IntEnum):
    """The exit codes that scripts rely on."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    ENVIRONMENT = 5


class LnpatchError(Exception):
    """Base of every failure that a user can cause or has to know of."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    @property
    def message(self) -> str:
        """What happened and where, in one or more lines."""
        raise NotImplementedError

    @property
    def hint(self) -> str:
        """What to do next; empty where the message says it all."""
        return ""

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def as_json(self) -> dict[str, Any]:
        """The failure as the ``error`` member of a JSON report."""
        fields = asdict(self) if hasattr(self, "__dataclass_fields__") else {}
        return {
            "kind": type(self).__name__,
            "message": self.message,
            "hint": self.hint,
            "exit_code": int(self.exit_code),
            "details": fields,
        }


@dataclass
class SourceSyntaxError(LnpatchError):
    """The file is neither valid Python 2.7 nor valid Python 3."""

    file: str
    line: int
    reason: str

    @property
    def message(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"

    @property
    def hint(self) -> str:
        return "The file is neither Python 2.7 nor Python 3 as it stands; mend it first."


@dataclass
class TornEditError(LnpatchError):
    """An edit cannot be carried back to the source without harm to what stands around it."""

    file: str
    line: int
    reason: str

    @property
    def message(self) -> str:
        return f"{self.file}:{self.line}: the edit was refused: {self.reason}"
