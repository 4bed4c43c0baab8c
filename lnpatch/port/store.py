"""Python 3 copies on disk: written whole or not at all, and known again by their contents."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lnpatch.errors import FileError, PortFolderError, PortModifiedError
from lnpatch.port.report import Remark

#: The file that says what lnpatch wrote beside it.
MANIFEST = ".lnpatch-port.json"


@dataclass(frozen=True)
class Manifest:
    """What a copy was made from (``key``), its files with their SHA-256, those that were converted, and the remarks."""

    target: str
    key: str
    files: dict[str, str]
    converted: tuple[str, ...]
    remarks: tuple[Remark, ...]


def read_manifest(directory: Path) -> Manifest | None:
    """The manifest of a copy; None where there is none that can be read."""
    try:
        table = json.loads((directory / MANIFEST).read_bytes())
        remarks = tuple(Remark(**remark) for remark in table.pop("remarks"))
        return Manifest(**{**table, "converted": tuple(table["converted"])}, remarks=remarks)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def changed_files(directory: Path, manifest: Manifest) -> list[str]:
    """Those of a copy's files that are not there, or not as they were written."""
    return [path for path, digest in manifest.files.items() if _digest(directory / path) != digest]


def write(directory: Path, manifest: Manifest, contents: Mapping[str, bytes], others: Iterable[Path] = ()) -> None:
    """Write a copy to *directory*, in the place of a copy that is there, of which *others* are files to keep.

    Raises:
        FileError: the system refuses to write.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        try:
            for path, data in contents.items():
                (new / path).parent.mkdir(parents=True, exist_ok=True)
                (new / path).write_bytes(data)
            for other in others:
                kept = new / other.relative_to(directory)
                if other.relative_to(directory).as_posix() not in contents:
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(other, kept, follow_symlinks=False)
            (new / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
            new.chmod(0o777 & ~_umask())
            if directory.is_dir():
                old = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
                os.replace(directory, old)
                os.replace(new, directory)
                shutil.rmtree(old)
            else:
                os.replace(new, directory)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        raise FileError(str(error.filename or directory), error.strerror or str(error)) from error


def refuse_foreign(directory: Path) -> None:
    """Refuse a folder that holds something that a copy may not take the place of.

    Raises:
        PortFolderError: lnpatch did not write what is there, or not all of it.
        PortModifiedError: files were changed since.
    """
    if any(True for _ in others(directory)):
        raise PortFolderError(str(directory))


def others(directory: Path) -> Iterator[Path]:
    """What was written into a copy since: files that are not of it.

    Raises:
        PortFolderError: the folder is no copy, and not empty.
        PortModifiedError: files of the copy were changed since.
    """
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return
    manifest = read_manifest(directory)
    if manifest is None:
        raise PortFolderError(str(directory))
    if changed := changed_files(directory, manifest):
        raise PortModifiedError(str(directory), changed)
    known = {*manifest.files, MANIFEST}
    for path in directory.rglob("*"):
        inside = path.relative_to(directory)
        if (
            (path.is_symlink() or not path.is_dir())
            and inside.as_posix() not in known
            and "__pycache__" not in inside.parts
        ):
            yield path


def digest(data: bytes) -> str:
    """The SHA-256 of *data*."""
    return hashlib.sha256(data).hexdigest()


def _digest(file: Path) -> str:
    try:
        return digest(file.read_bytes())
    except OSError:
        return ""


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
