"""Look at a file that was downloaded: whether it is what it should be, and whole. Files are only read.

Each reason is the rest of a sentence that begins with the file's name.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from pathlib import Path

from lnpatch.downloads.mirror import released_name
from lnpatch.pickles.instructions import run_pickle
from lnpatch.pickles.machine import Machine, RefusedError, TruncatedError
from lnpatch.recipes import Artefact

#: How many times the size of an archive its members may have; nothing that is released comes near.
_MAX_EXPANSION = 200

#: The bytes of the largest pickle that is read through; of a larger one only the last byte is looked at.
_MAX_PICKLE = 1 << 26

#: What decides whether a file is a web page is in so many bytes.
_HEAD = 200


def looks_like_html(head: bytes) -> bool:
    """Tell whether a file that begins so is a web page, such as servers send in place of what they do not have."""
    return re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|head|\?xml|!--)", head[:_HEAD], re.IGNORECASE) is not None


def may_become_html(head: bytes) -> bool:
    """Tell whether so few bytes have come that it is open whether they begin a web page."""
    return len(head) < _HEAD and head.lstrip(b"\xef\xbb\xbf \t\r\n\v\f")[:1] in (b"", b"<")


def find_content_problem(path: Path, artefact: Artefact) -> str:
    """Return what shows at a glance that a file is not *artefact*, or not whole; empty where nothing does."""
    size = path.stat().st_size
    suffix = Path(released_name(artefact)).suffix.lower()
    if not size:
        return "is empty"
    if artefact.size and size != artefact.size:
        return f"has {size} bytes instead of {artefact.size}"
    with path.open("rb") as file:
        if looks_like_html(file.read(_HEAD)):
            return "is a web page"
        file.seek(-1, 2)
        last_byte = file.read(1)
    # an archive has its directory at the end, a pickle its STOP instruction: neither is there in one that was cut off
    if is_archive(artefact) and not _is_whole_archive(path):
        return f"is not a complete {suffix} archive"
    if _is_pickle(artefact) and last_byte != b".":
        return "is not a complete pickle"
    return ""


def find_damage(path: Path, artefact: Artefact) -> str:
    """Return what shows that an archive or a pickle was cut off, or put together of different files; all of it is read.

    Empty where nothing does, or *artefact* is neither.
    """
    if is_archive(artefact):
        return _find_archive_damage(path)
    return _find_pickle_damage(path) if _is_pickle(artefact) else ""


def shows_its_end(artefact: Artefact) -> bool:
    """Tell whether a file of this kind shows by itself whether it is whole."""
    return is_archive(artefact) or _is_pickle(artefact)


def is_archive(artefact: Artefact) -> bool:
    """Tell whether a file of this kind is a zip file, whose members have checksums of their own."""
    return Path(released_name(artefact)).suffix.lower() in (".zip", ".npz")


def _is_whole_archive(path: Path) -> bool:
    """Tell whether a file is an archive from its first byte on.

    An archive of archives, as of .npz files, ends in a directory wherever it is cut off behind one of them, but that
    directory tells of a member only, which begins further on.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return min((member.header_offset for member in archive.infolist()), default=archive.start_dir) == 0
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, struct.error):
        return False


def _find_archive_damage(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > _MAX_EXPANSION * path.stat().st_size:  # to read a zip bomb may never end
                return f"is an archive of {unpacked} bytes, far more than its size"
            damaged = archive.testzip()
    except (NotImplementedError, RuntimeError):  # packed or encrypted in a way that Python cannot read
        return ""
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, struct.error, OSError) as error:
        return f"is a damaged archive ({error})"
    return f"is a damaged archive ({damaged})" if damaged else ""


def _find_pickle_damage(path: Path) -> str:
    """Run the pickles of a file, one behind the other as ``dump`` leaves them, on our own machine, which calls nothing."""
    if path.stat().st_size > _MAX_PICKLE:
        return ""
    data, position = path.read_bytes(), 0
    while position < len(data):
        machine = Machine(data)
        machine.position = position
        try:
            run_pickle(machine)
        except TruncatedError:
            return "is not a complete pickle"
        except (RefusedError, RecursionError, MemoryError):  # not plain data: no more can be said without running it
            return ""
        except (ValueError, TypeError, LookupError, ArithmeticError, struct.error) as error:
            return f"is a damaged pickle (at byte {machine.position}: {error})"
        position = machine.position
    return ""


def _is_pickle(artefact: Artefact) -> bool:
    return Path(released_name(artefact)).suffix.lower() in (".pkl", ".pickle")
