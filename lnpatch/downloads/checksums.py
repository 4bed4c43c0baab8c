"""Record the checksums of what was downloaded when a file is first seen, so that a later change is noticed."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import filelock

from lnpatch.errors import ChecksumRecordError
from lnpatch.files import atomic_write
from lnpatch.folders import data_folder


@dataclass(frozen=True)
class RecordedChecksum:
    """A file as it was first seen."""

    #: The address or the file that it came from.
    url: str
    #: Bytes.
    size: int
    sha256: str
    #: The day in UTC, as 2016-07-21.
    date: str


def recorded_checksum(target: str, url: str) -> RecordedChecksum | None:
    """Return what was recorded of the file that *target*'s recipe has at *url*; None where nothing was.

    Raises:
        ChecksumRecordError: the record cannot be read.
    """
    return _read_record(record_file()).get(_record_key(target, url))


def count_recorded() -> int:
    """Return how many files were recorded.

    Raises:
        ChecksumRecordError: the record cannot be read.
    """
    return len(_read_record(record_file()))


def record_checksum(target: str, url: str, source: str, size: int, sha256: str) -> None:
    """Record the file that *target*'s recipe has at *url*, and that came from *source*, in place of what was recorded of it.

    Raises:
        ChecksumRecordError: the record cannot be read.
        OSError: it cannot be written.
    """
    file = record_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    # another lnpatch may record another file at the same time: read and written under one lock, neither is lost
    with filelock.FileLock(f"{file}.lock"):
        record = _read_record(file)
        today = datetime.now(UTC).date().isoformat()
        record[_record_key(target, url)] = RecordedChecksum(source, size, sha256, today)
        text = json.dumps({key: asdict(value) for key, value in sorted(record.items())}, indent=2)
        atomic_write(file, f"{text}\n".encode())


def record_file() -> Path:
    """Return the file with the checksums of what was downloaded."""
    return data_folder() / "checksums.json"


def _record_key(target: str, url: str) -> str:
    return f"{target} {url}"


def _read_record(file: Path) -> dict[str, RecordedChecksum]:
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        record = {key: RecordedChecksum(**value) for key, value in table.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ChecksumRecordError(str(file)) from error
    # an empty checksum would agree with every file
    if not all(re.fullmatch("[0-9a-f]{64}", str(recorded.sha256)) for recorded in record.values()):
        raise ChecksumRecordError(str(file))
    return record
