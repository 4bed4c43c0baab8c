"""The checksums of what was downloaded, recorded when a file is first seen, so that a later change is noticed."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from lnpatch.errors import ChecksumRecordError
from lnpatch.folders import data_folder


@dataclass(frozen=True)
class Checksum:
    """A file as it was first seen: the address that it came from, its size in bytes, its SHA-256 and the date."""

    url: str
    size: int
    sha256: str
    date: str


def known(target: str, url: str) -> Checksum | None:
    """What was recorded of the file that *target*'s recipe has at *url*.

    Raises:
        ChecksumRecordError: the record cannot be read.
    """
    return _read(_file()).get(_key(target, url))


def record(target: str, url: str, source: str, size: int, sha256: str) -> None:
    """Record the file that *target*'s recipe has at *url*, and that came from *source*, in place of what was known of it.

    Raises:
        ChecksumRecordError: the record cannot be read.
        OSError: it cannot be written.
    """
    import filelock

    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(f"{file}.lock"):
        table = _read(file)
        date = datetime.now(UTC).date().isoformat()
        table[_key(target, url)] = Checksum(source, size, sha256, date)
        text = json.dumps({key: asdict(value) for key, value in sorted(table.items())}, indent=2)
        handle, name = tempfile.mkstemp(prefix=file.name, dir=file.parent)
        try:
            with open(handle, "w", encoding="utf-8") as new:
                new.write(text + "\n")
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file() -> Path:
    return data_folder() / "checksums.json"


def _key(target: str, url: str) -> str:
    return f"{target} {url}"


def _read(file: Path) -> dict[str, Checksum]:
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        return {key: Checksum(**value) for key, value in table.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise ChecksumRecordError(str(file)) from error
