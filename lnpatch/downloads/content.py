"""Look at a file that was downloaded: whether it is what it should be, and whole. Files are only read.

Each reason is the rest of a sentence that begins with the file's name.
"""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from pathlib import Path

from lnpatch.downloads.mirror import released_name
from lnpatch.recipes import Artefact

#: How many times the size of an archive its members may have; nothing that is released comes near.
_MAX_EXPANSION = 200


def looks_like_html(head: bytes) -> bool:
    """Tell whether a file that begins so is a web page, such as servers send in place of what they do not have."""
    return re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|head|\?xml|!--)", head[:200], re.IGNORECASE) is not None


def find_content_problem(path: Path, artefact: Artefact) -> str:
    """Return what shows at a glance that a file is not *artefact*, or not whole; empty where nothing does."""
    size = path.stat().st_size
    suffix = Path(released_name(artefact)).suffix.lower()
    if not size:
        return "is empty"
    if artefact.size and size != artefact.size:
        return f"has {size} bytes instead of {artefact.size}"
    with path.open("rb") as file:
        if looks_like_html(file.read(200)):
            return "is a web page"
        file.seek(-1, 2)
        last_byte = file.read(1)
    # an archive has its directory at the end, a pickle its STOP instruction: neither is there in one that was cut off
    if _is_archive(artefact) and not zipfile.is_zipfile(path):
        return f"is not a complete {suffix} archive"
    if suffix in (".pkl", ".pickle") and last_byte != b".":
        return "is not a complete pickle"
    return ""


def find_archive_damage(path: Path, artefact: Artefact) -> str:
    """Return what shows that an archive was put together from parts of different files; all of it is read.

    Empty where nothing does, or *artefact* is not an archive.
    """
    if not _is_archive(artefact):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > _MAX_EXPANSION * path.stat().st_size:  # to read a zip bomb may never end
                return f"is an archive of {unpacked} bytes, far more than its size"
            damaged = archive.testzip()
    # an offset that leads nowhere is an OSError, a name in no encoding a ValueError
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
    ) as error:
        return f"is a damaged archive ({error})"
    return f"is a damaged archive ({damaged})" if damaged else ""


def _is_archive(artefact: Artefact) -> bool:
    return Path(released_name(artefact)).suffix.lower() in (".zip", ".npz")
