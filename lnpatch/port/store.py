"""Python 3 copies on disk: written whole or not at all, and known again by their contents."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lnpatch.errors import FileError, PortFolderError, PortModifiedError
from lnpatch.files import current_umask, sha256_of_file
from lnpatch.port.report import Remark

#: The file that tells what lnpatch wrote beside it.
MANIFEST = ".lnpatch-port.json"


@dataclass(frozen=True)
class Manifest:
    """What a copy is, kept in the copy itself."""

    #: The recipe's name.
    target: str
    #: Names what the copy was made from.
    key: str
    #: The SHA-256 of each file.
    files: dict[str, str]
    #: Those files that were converted.
    converted: tuple[str, ...]
    remarks: tuple[Remark, ...]


def read_manifest(directory: Path) -> Manifest | None:
    """Return the manifest of a copy; None where there is none that can be read."""
    try:
        table = json.loads((directory / MANIFEST).read_bytes())
        remarks = tuple(Remark(**remark) for remark in table.pop("remarks"))
        return Manifest(**{**table, "converted": tuple(table["converted"])}, remarks=remarks)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def find_changed_files(directory: Path, manifest: Manifest) -> list[str]:
    """Return those of a copy's files that are missing, or not as they were written."""
    return [path for path, sha256 in manifest.files.items() if _sha256_if_readable(directory / path) != sha256]


def write_copy(
    directory: Path, manifest: Manifest, contents: Mapping[str, bytes], other_files: Iterable[Path] = ()
) -> None:
    """Write a copy to *directory*, in the place of a copy that is there.

    Args:
        other_files: files in *directory* that are taken over into the new copy, unless it has files of these names.

    Raises:
        FileError: the system refuses to write.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        try:
            _write_files(new, manifest, contents)
            _take_over_files(
                directory, new, [file for file in other_files if _relative(file, directory) not in contents]
            )
            new.chmod(0o777 & ~current_umask())  # mkdtemp's folders are closed to group and others
            _put_in_place(new, directory)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    except OSError as error:
        raise FileError(str(error.filename or directory), error.strerror or str(error)) from error


def _write_files(directory: Path, manifest: Manifest, contents: Mapping[str, bytes]) -> None:
    for path, data in contents.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
    (directory / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")


def _take_over_files(old: Path, new: Path, files: Iterable[Path]) -> None:
    for file in files:
        kept = new / file.relative_to(old)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, kept, follow_symlinks=False)  # a link may lead nowhere, or to gigabytes of data


def _put_in_place(new: Path, directory: Path) -> None:
    """Rename *new* to *directory*. Killed between the two renames, the old copy is left under a name with a dot."""
    if not directory.is_dir():
        os.replace(new, directory)
        return
    # a folder can take the place of an empty one only: the old copy is moved out of the way first
    old = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    os.replace(directory, old)
    os.replace(new, directory)
    shutil.rmtree(old)


def refuse_other_files(directory: Path) -> None:
    """Refuse a folder that holds anything but a copy as lnpatch wrote it.

    Raises:
        PortFolderError: lnpatch did not write what is there, or not all of it.
        PortModifiedError: files were changed since.
    """
    if any(True for _ in find_other_files(directory)):
        raise PortFolderError(str(directory))


def find_other_files(directory: Path) -> Iterator[Path]:
    """Yield the files in a copy that are not of it, as runs write them; none where *directory* is empty or missing.

    Raises:
        PortFolderError: the folder is not a copy, and not empty.
        PortModifiedError: files of the copy were changed since.
    """
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return
    manifest = read_manifest(directory)
    if manifest is None:
        raise PortFolderError(str(directory))
    if changed := find_changed_files(directory, manifest):
        raise PortModifiedError(str(directory), changed)
    own_files = {*manifest.files, MANIFEST}
    for path in directory.rglob("*"):
        # a link counts whatever it leads to: is_dir() is true of one that leads to a folder
        is_file = path.is_symlink() or not path.is_dir()
        if (
            is_file
            and _relative(path, directory) not in own_files
            and "__pycache__" not in path.relative_to(directory).parts
        ):
            yield path


def _relative(path: Path, directory: Path) -> str:
    return path.relative_to(directory).as_posix()


def _sha256_if_readable(file: Path) -> str:
    try:
        return sha256_of_file(file)
    except OSError:
        return ""
