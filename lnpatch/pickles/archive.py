"""Read a model's .npz before a runtime does: names, types, shapes and sizes first, and nothing that is not an array of numbers.

``numpy.load`` runs the pickle of an array of objects, and takes the memory that a header asks for. What a runtime is given is
therefore not the file itself but a copy, written here from what was read and checked: no other member of the same name, no
second directory, no later change of the file comes between the check and the use.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lnpatch.errors import ArchiveRefusedError, BadModelError, FileError
from lnpatch.pickles.npy_header import HeaderError, NpyHeader, read_npy_header

#: The bytes that the arrays may have: some, more for a larger archive, and never more than the last. Weights do not get
#: much smaller by compression; zeros get a thousand times smaller.
_MIN_UNPACKED = 1 << 28
_UNPACKED_PER_BYTE = 16
_MAX_UNPACKED = 1 << 36

_MAX_MEMBERS = 10_000

_MEMBER = re.compile(r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199})\.npy")

_ENCRYPTED = 1

#: Read and written at once.
_CHUNK = 1 << 20


@dataclass(frozen=True)
class _Member:
    """An array of an archive."""

    info: zipfile.ZipInfo
    header: NpyHeader


def check_archive(path: Path) -> dict[str, tuple[int, ...]]:
    """Read an .npz through, and return the shapes of its arrays.

    Raises:
        ArchiveRefusedError: it has something else than arrays of numbers, or would fill memory.
        BadModelError: it is cut off or damaged.
        FileError: it cannot be read.
    """
    with _open_archive(path) as archive:
        members = _list_members(path, archive)
        for member in members.values():
            for _ in _read_data(path, archive, member):
                pass
    return {name: member.header.shape for name, member in members.items()}


def copy_archive(path: Path, copy: Path) -> None:
    """Write an .npz anew to *copy*, from what was read and checked: its arrays, not compressed.

    Raises:
        ArchiveRefusedError, BadModelError: as :func:`check_archive`.
        FileError: it cannot be written.
    """
    with _open_archive(path) as archive, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as written:
        for name, member in _list_members(path, archive).items():
            with written.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                file.write(member.header.as_bytes())
                for data in _read_data(path, archive, member):
                    file.write(data)


@contextmanager
def _open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive; whatever a broken one makes Python's own operations raise becomes a BadModelError."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        advice = "Download or train it again; `lnpatch download` checks sizes and checksums."
        raise BadModelError(str(path), f"not a whole .npz file ({error})", advice) from error
    # the reader of archives trusts their lengths, positions and encodings
    except (ValueError, OverflowError, NotImplementedError, RuntimeError, struct.error, LookupError) as error:
        raise BadModelError(str(path), f"not an .npz file that can be read ({error})", "Download it again.") from error
    except OSError as error:
        raise FileError(str(path), f"cannot be read, or not be copied ({error})") from error


def _list_members(path: Path, archive: zipfile.ZipFile) -> dict[str, _Member]:
    """Return the arrays by name, bounds checked first, then the headers, before any element is read.

    Raises:
        ArchiveRefusedError: one of them is no array of numbers, or all are too large.
    """
    infos = archive.infolist()
    if len(infos) > _MAX_MEMBERS:
        raise ArchiveRefusedError(str(path), f"{len(infos)} members")
    size = path.stat().st_size
    limit = min(max(_MIN_UNPACKED, _UNPACKED_PER_BYTE * size), _MAX_UNPACKED)
    members: dict[str, _Member] = {}
    total = 0
    for info in infos:
        name = _check_info(path, info)
        if name in members:
            raise ArchiveRefusedError(str(path), f"two members named {name}")
        members[name] = member = _Member(info, _read_header(path, archive, info))
        total += member.header.data_size
        if total > limit:
            raise ArchiveRefusedError(str(path), f"arrays of {total} bytes and more, in a file of {size}")
    return members


def _check_info(path: Path, info: zipfile.ZipInfo) -> str:
    """Return the name of a member's array, as NumPy calls it.

    Raises:
        ArchiveRefusedError: its name, its compression or an encryption is not that of an array.
    """
    match = _MEMBER.fullmatch(info.orig_filename)
    if match is None or info.filename != info.orig_filename:
        raise ArchiveRefusedError(str(path), f"a member named {info.orig_filename[:80]!r}")
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveRefusedError(str(path), f"an encrypted member, {info.filename}")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveRefusedError(str(path), f"{info.filename} in a compression that NumPy does not use")
    return match["name"]


def _read_header(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NpyHeader:
    try:
        with archive.open(info) as file:
            return read_npy_header(file)
    except HeaderError as error:
        raise ArchiveRefusedError(str(path), f"{info.filename}: {error}") from error


def _read_data(path: Path, archive: zipfile.ZipFile, member: _Member) -> Iterator[bytes]:
    """Yield the bytes of an array's elements; the reader of archives checks their sum at the end.

    Raises:
        BadModelError: there are fewer or more than its header says, or they are damaged.
    """
    name = member.info.filename
    try:
        with archive.open(member.info) as file:
            read_npy_header(file)
            yield from _read_exactly(file, member.header.data_size)
    except HeaderError as error:
        raise ArchiveRefusedError(str(path), f"{name}: {error}") from error
    except (_WrongSizeError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise BadModelError(
            str(path), f"its member {name} is damaged ({error})", "Download or train it again."
        ) from error


class _WrongSizeError(ValueError):
    """An array has fewer or more elements than its header says."""


def _read_exactly(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size and (data := file.read(min(_CHUNK, size))):
        size -= len(data)
        yield data
    # one byte further: what is too long shows, and the end is reached, where the sum is compared
    if size or file.read(1):
        raise _WrongSizeError("its header says another length")
