"""The sentences of a text file, one a line, as an encoder takes them: whatever would shift a row or change a word is refused."""

from __future__ import annotations

import codecs
from pathlib import Path

from lnpatch.errors import TextError

#: What a file begins with that is no text in UTF-8, what that is, and what makes one of it.
_FOREIGN = (
    (codecs.BOM_UTF32_LE, "UTF-32", "iconv -f UTF-32 -t UTF-8"),
    (codecs.BOM_UTF32_BE, "UTF-32", "iconv -f UTF-32 -t UTF-8"),
    (codecs.BOM_UTF16_LE, "UTF-16", "iconv -f UTF-16 -t UTF-8"),
    (codecs.BOM_UTF16_BE, "UTF-16", "iconv -f UTF-16 -t UTF-8"),
    (b"\x1f\x8b", "compressed (gzip)", "gunzip"),
    (b"BZh", "compressed (bzip2)", "bunzip2"),
    (b"\xfd7zXZ", "compressed (xz)", "unxz"),
    (b"PK\x03\x04", "an archive (zip)", "unzip"),
)

#: The numbers of lines that a message lists.
_LISTED = 10


def read_sentences(path: Path) -> list[str]:
    """Return the lines of a text file, whichever ends they have; a byte order mark is left out.

    Raises:
        TextError: it is not UTF-8, or has a line without a word, which would have no vector.
        OSError: it cannot be read.
    """
    text = _decode(path, path.read_bytes())
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    blank = [number for number, line in enumerate(lines, 1) if not line.split()]
    if blank:
        more = ", ..." if len(blank) > _LISTED else ""
        listed = ", ".join(map(str, blank[:_LISTED])) + more
        reason = f"no sentence in line {listed}; each of the {len(lines)} lines is to have a vector"
        raise TextError(str(path), reason, "Take the blank lines out, or put a word into them.")
    return lines


def write_sentences(sentences: list[str], path: Path) -> None:
    """Write sentences as the launcher reads them: UTF-8, one a line."""
    path.write_text("".join(f"{sentence}\n" for sentence in sentences), encoding="utf-8", newline="\n")


def _decode(path: Path, data: bytes) -> str:
    for start, what, command in _FOREIGN:
        if data.startswith(start):
            raise TextError(str(path), f"the file is {what}, not text in UTF-8", f"Make it that first: {command}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"line {line} is not UTF-8 (byte {data[error.start]:#04x})"
        raise TextError(str(path), reason, "If it is Latin-1: iconv -f LATIN1 -t UTF-8") from error
    if "\0" in text:
        line = data.count(b"\n", 0, data.index(0)) + 1
        raise TextError(str(path), f"line {line} has a zero byte; the file is no text", "UTF-8 is expected.")
    return text
