"""The report of a failure that nobody has thought of: what those who mend it need, in a file; the user sees one line."""

from __future__ import annotations

import os
import platform
import re
import shlex
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from lnpatch import __version__
from lnpatch.folders import cache_folder

#: The name and the password in an address, which belong in no report.
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")

#: Characters of an exception's own words that are shown, and of a report that is written.
_LONGEST_REASON, _LONGEST_REPORT = 200, 1 << 20


def describe_error(error: BaseException) -> tuple[str, str]:
    """Return the name of an exception's class, and its words in one short line."""
    try:
        words = str(error)
    except Exception:  # noqa: BLE001 -- an exception's own words are anybody's code
        words = ""
    line = " ".join(_CREDENTIALS.sub("", words[: 2 * _LONGEST_REASON]).split())
    return type(error).__name__, line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}..."


def write_failure_report(error: BaseException, words: list[str]) -> str:
    """Write the report of *error*, which the command line *words* has ended in, and return its path; empty if nobody could.

    It is in the cache, or in the folder for temporary files where that cannot be written. Others cannot read it.
    """
    try:
        text = "\n".join(_report_lines(error, words))[:_LONGEST_REPORT]
        data = _CREDENTIALS.sub("", text).encode("utf-8", "backslashreplace")
    except Exception:  # noqa: BLE001 -- what has failed already may fail again: then the line alone is shown
        return ""
    folders: tuple[Callable[[], Path], ...] = (_reports_folder, _temporary_folder)
    for folder in folders:
        try:
            return _write_new_file(folder(), data)
        except OSError:
            continue
    return ""


def _reports_folder() -> Path:
    return cache_folder("reports")


def _temporary_folder() -> Path:
    return Path(tempfile.gettempdir())


def _report_lines(error: BaseException, words: list[str]) -> Iterator[str]:
    yield f"lnpatch {__version__}"
    yield f"Python {sys.version} ({sys.executable})"
    yield platform.platform()
    yield f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, in {_current_folder()}"
    yield shlex.join(["lnpatch", *words])
    yield ""
    yield "".join(traceback.format_exception(error))


def _current_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return "a folder that is not there any more"


def _write_new_file(folder: Path, data: bytes) -> str:
    prefix = f"lnpatch-{datetime.now(UTC):%Y%m%d-%H%M%S}-"
    descriptor, path = tempfile.mkstemp(prefix=prefix, suffix=".txt", dir=folder)
    with open(descriptor, "wb") as file:
        file.write(data)
    return path
