"""``updates.jsonl``: read whatever its state, and cut back to the update that a run goes on from."""

from __future__ import annotations

import json
import math
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

UPDATES = "updates.jsonl"

#: Bytes of a line; lnpatch writes some hundreds. A longer one is nothing of its own, and not read into memory.
LONGEST_LINE = 100_000

#: Characters of a figure's name.
_LONGEST_NAME = 100

#: What a line reports; one of a later lnpatch may report something else.
_KINDS = {"cost", "validation"}

#: No update has a greater number: up to here a float has every integer.
_LAST_UPDATE = 2**53

#: What a line with a validation has, and no other one that lnpatch writes.
_VALIDATION = b'"validation"'


@dataclass
class UpdateLog:
    """The entries of an ``updates.jsonl``: updates and validations, each update once and in order.

    A line that is none of them is left out, and so is one that goes back to or before an update that was there; what was
    left out is counted.
    """

    file: Path
    #: The first line that cannot be read, and how many there are; but for a last one that is being written.
    first_broken: int = field(default=0, init=False)
    broken: int = field(default=0, init=False)
    #: The first line that repeats an update or goes back, and how many there are.
    first_repeated: int = field(default=0, init=False)
    repeated: int = field(default=0, init=False)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Read the entries; none where there is no such file.

        Raises:
            OSError: the file cannot be read.
        """
        if not self.file.is_file():  # a pipe of that name would never end
            return
        last_update = 0
        with self.file.open("rb") as stream:
            for number, line in read_lines(stream):
                entry = _parse_entry(line)
                if entry is None or not _KINDS & entry.keys():
                    if entry is None and line.strip() and line.endswith(b"\n"):
                        self.first_broken = self.first_broken or number
                        self.broken += 1
                    continue
                if entry["update"] < last_update + ("cost" in entry):
                    self.first_repeated = self.first_repeated or number
                    self.repeated += 1
                    continue
                last_update = entry["update"] if "cost" in entry else last_update
                yield entry

    def notes(self) -> Iterator[str]:
        """Yield, for people, what was left out of the entries that were read."""
        if self.first_broken:
            yield f"{self.file}: broken lines were left out, the first is line {self.first_broken}."
        if self.first_repeated:
            yield f"{self.file}: lines that repeat an update or go back were left out, the first is line {self.first_repeated}."


def read_last_entries(file: Path, size: int = 65536) -> list[dict[str, Any]]:
    """Read the entries in the last *size* bytes of a file, whatever its length, to see how far a run is.

    None where there is no such file; the file may be growing.

    Raises:
        OSError: the file cannot be read.
    """
    if not file.is_file():
        return []
    with file.open("rb") as stream:
        start = max(0, stream.seek(0, os.SEEK_END) - size)
        stream.seek(start)
        lines = stream.read(size).split(b"\n")
    # the first line may have been cut, the last one is being written
    entries = map(_parse_entry, lines[1 if start else 0 : -1])
    return [entry for entry in entries if entry is not None and _KINDS & entry.keys()]


def read_validations(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the validations of a file in order, without parsing the updates between them: some hundred times faster.

    Raises:
        OSError: the file cannot be read.
    """
    if not file.is_file() or not file.stat().st_size:
        return
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        place = data.find(_VALIDATION)
        while place >= 0:
            start, end = data.rfind(b"\n", 0, place) + 1, data.find(b"\n", place)
            if end < 0:  # it is being written
                return
            entry = _parse_entry(data[start : min(end, start + LONGEST_LINE + 1)])
            if entry is not None and "validation" in entry:
                yield entry
            place = data.find(_VALIDATION, end)


def read_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file with their numbers, from 1; of one that is too long the start, newline included."""
    number = 1
    while line := stream.readline(LONGEST_LINE):
        cut = line
        while not cut.endswith(b"\n") and len(cut) == LONGEST_LINE:
            cut = stream.readline(LONGEST_LINE)
        yield number, line if cut is line else line + b"\n"
        number += 1


def cut_updates(file: Path, last: int) -> tuple[int, float]:
    """Cut a file back to the update *last*; return the last that was in it, and the seconds up to the last that is now.

    The file is replaced as a whole, and only where something is cut off.

    Raises:
        OSError: it cannot be read or written.
    """
    partial = file.with_name(file.name + ".tmp")
    log, reported, elapsed, dropped = UpdateLog(file), 0, 0.0, 0
    with partial.open("wb") as kept:
        for entry in log.entries():
            reported = max(reported, entry["update"])
            if entry["update"] > last:
                dropped += 1
                continue
            kept.write(json.dumps(entry).encode() + b"\n")
            elapsed = max(elapsed, entry.get("elapsed", 0.0))
    if (file.exists() and file.stat().st_size != partial.stat().st_size) or dropped:
        partial.replace(file)
    else:
        partial.unlink()
    return reported, elapsed


def _parse_entry(line: bytes) -> dict[str, Any] | None:
    """Return the object of a line, its update a number and its figures a table; None for a line that is no such thing."""
    if len(line) > LONGEST_LINE:
        return None
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or type(entry.get("update")) is not int or not 0 <= entry["update"] <= _LAST_UPDATE:
        return None
    if "validation" in entry:
        if not isinstance(entry["validation"], dict):
            return None
        entry["validation"] = {clean_name(name): value for name, value in entry["validation"].items()}
        entry.pop("cost", None)
    elapsed = entry.get("elapsed")
    if isinstance(elapsed, bool) or not isinstance(elapsed, (int, float)) or not _is_finite(elapsed):
        entry.pop("elapsed", None)
    return entry


def clean_name(name: str) -> str:
    """Return a figure's name as it can be shown: without control characters, and not endless."""
    text = "".join(character if character.isprintable() else "?" for character in name[:_LONGEST_NAME])
    return text if len(name) <= _LONGEST_NAME else text + "..."


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # JSON's integers have no bound
        return False
