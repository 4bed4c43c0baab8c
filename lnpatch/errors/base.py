"""The base of every failure, and its kinds: one for each exit code."""

from __future__ import annotations

import shlex
import string
from dataclasses import asdict, dataclass, is_dataclass
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


class _TemplateFormatter(string.Formatter):
    """Fills a failure's fields into its words: ``!q`` quotes for a shell, ``!c`` joins by commas, ``!l`` gives each a line.

    Strings without a conversion stay on their line; ``!s`` leaves a text with lines as it is.
    """

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        if conversion == "q":
            return shlex.quote(str(value))
        if conversion == "c":
            return ", ".join(map(str, value))
        if conversion == "l":
            items = value.splitlines() if isinstance(value, str) else value
            # what is indented is part of an item, so that a name with an end of a line in it forges no message
            return "".join("\n  " + str(item).replace("\n", "\n    ") for item in items)
        if conversion is None and isinstance(value, str):
            return value.replace("\n", "\\n")  # a file's name may have one, too
        return super().convert_field(value, conversion)  # type: ignore[arg-type, unused-ignore]


class LnpatchError(Exception):
    """Base of every failure that a user can cause or has to know of."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED
    #: What happened and where; the fields of the failure may stand in it, in braces.
    message_template: ClassVar[str] = ""
    #: What to do next, likewise.
    hint_template: ClassVar[str] = ""

    @property
    def message(self) -> str:
        """What happened and where, in one or more lines."""
        return self._fill(self.message_template)

    @property
    def hint(self) -> str:
        """What to do next; empty where the message says it all."""
        return self._fill(self.hint_template)

    def _fill(self, template: str) -> str:
        return _TemplateFormatter().vformat(template, (), vars(self))

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def as_json(self) -> dict[str, Any]:
        """Return the failure as the ``error`` member of a JSON report."""
        fields: dict[str, Any] = asdict(self) if is_dataclass(self) else {}
        return {
            "kind": type(self).__name__,
            "message": self.message,
            "hint": self.hint,
            "exit_code": int(self.exit_code),
            "details": fields,
        }


class FailedError(LnpatchError):
    """Something was tried, and did not work out."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED


class InvalidRequestError(LnpatchError):
    """What was asked for cannot be: options that do not go together, a mistake in a recipe."""

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE


class NotFoundError(LnpatchError):
    """A target, a file or an anchor is not there."""

    exit_code: ClassVar[ExitCode] = ExitCode.NOT_FOUND


class ConflictError(LnpatchError):
    """Going on would overwrite something, or lose it."""

    exit_code: ClassVar[ExitCode] = ExitCode.CONFLICT


class MachineError(LnpatchError):
    """This machine lacks something: git, a network, a Python, a package."""

    exit_code: ClassVar[ExitCode] = ExitCode.ENVIRONMENT


@dataclass
class UnexpectedError(FailedError):
    """Something has happened that nobody has thought of; ``report`` is the file with all that is known of it, if any."""

    error: str
    reason: str
    report: str

    @property
    def message(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        report = f" The report is in {self.report}" if self.report else " No report could be written."
        return f"lnpatch has met a failure that it does not know: {self.error}{reason}.{report}"
