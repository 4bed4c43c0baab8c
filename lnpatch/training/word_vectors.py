"""Word vectors in the formats of word2vec: whether a file has them, and in which of the two, by what is in it.

Both begin with a line ``COUNT SIZE``. In the binary one each word is followed by a blank and SIZE float32, in the text one
a line has the word and SIZE numbers. The reader of the repositories, gensim's, must be told which; told the wrong one, or
given a file that is cut, it makes vectors of what it finds.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lnpatch.errors import WordVectorsError

_FLOAT = 4

#: The longest word, in bytes: in a file of another kind, the next blank may be anywhere.
_MAX_WORD = 2000

#: What text may consist of, and the bytes that are looked at to tell it from numbers.
_PRINTED = bytes(set(range(256)) - set(range(32)) - {127}) + b"\t\n\r"
_SAMPLE = 4096

#: The longest first line, and the longest one of text.
_MAX_HEADER, _MAX_LINE = 100, 1 << 20

_LEAVE = "Expected word vectors of word2vec, as GoogleNews-vectors-negative300.bin; leave --word2vec out to do without."


@dataclass(frozen=True)
class WordVectors:
    """What a file of word vectors is."""

    count: int
    #: Numbers of one vector.
    size: int
    binary: bool


def inspect_word_vectors(path: Path) -> WordVectors:
    """Read a file of word vectors through, and say what it is.

    Raises:
        WordVectorsError: it is none, or is cut, or has more than it says.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        header = file.readline(_MAX_HEADER)
        count, size = _parse_header(path, header)
        binary = not _is_text(file.read(_SAMPLE))
        if binary:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                _walk_binary(path, data, len(header), count, size)
        else:
            file.seek(len(header))
            _walk_text(path, iter(lambda: file.readline(_MAX_LINE), b""), count, size)
    return WordVectors(count, size, binary)


def _parse_header(path: Path, line: bytes) -> tuple[int, int]:
    """Return COUNT and SIZE."""
    start = line.lstrip().lower()
    for beginning, what in (
        (b"\x1f\x8b", "compressed (gzip): unpack it first"),
        (b"<", "a page of the web, no file of vectors"),
    ):
        if start.startswith(beginning):
            raise WordVectorsError(str(path), f"it is {what}", _LEAVE)
    fields = line.split()
    if len(fields) == 2 and all(field.isdigit() and len(field) < 10 for field in fields) and line.endswith(b"\n"):
        count, size = map(int, fields)
        if count and size:
            return count, size
    if len(fields) > 2 and all(map(_is_number, fields[1:-1])):
        advice = (
            "GloVe's files have none: put a line with the number of words and the size of the vectors before the first."
        )
        raise WordVectorsError(str(path), "its first line is no `COUNT SIZE` but a vector already", advice)
    raise WordVectorsError(str(path), "its first line is not `COUNT SIZE`, as word2vec writes", _LEAVE)


def _is_text(data: bytes) -> bool:
    """Return whether *data* has no control characters: a thousand float32 have some."""
    return not data.translate(None, _PRINTED)


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _walk_text(path: Path, lines: Iterator[bytes], count: int, size: int) -> None:
    """Refuse text of another number of lines, or with a line of another number of fields."""
    found = 0
    for found, line in enumerate(lines, 1):
        fields = line.split()
        if len(fields) != size + 1:
            reason = f"line {found + 1} has {max(len(fields) - 1, 0)} numbers after its word, not the {size} of the first line"
            raise WordVectorsError(
                str(path), reason, "A word must not have blanks, and a file that was cut is to be copied again."
            )
        if not all(map(_is_number, fields[1:])):
            raise WordVectorsError(
                str(path), f"line {found + 1} has something else than numbers after its word", _LEAVE
            )
    if found != count:
        raise WordVectorsError(str(path), f"its first line says {count} words, and there are {found}", "Copy it again.")


def _walk_binary(path: Path, data: mmap.mmap, position: int, count: int, size: int) -> None:
    """Refuse binary data that ends within a vector, that goes on after the last, or that has no word where one should be."""
    for number in range(1, count + 1):
        end = data.find(b" ", position, position + _MAX_WORD)
        if end < 0:
            cut = len(data) - position < _MAX_WORD
            reason = f"it ends after {number - 1} of {count} words" if cut else f"there is no word number {number}"
            raise WordVectorsError(str(path), reason, "Copy it again." if cut else _LEAVE)
        word = data[position:end].lstrip(b"\n")
        if not word or b"\0" in word:
            raise WordVectorsError(
                str(path), f"there is no word number {number}, as if vectors had not {size} numbers", _LEAVE
            )
        position = end + 1 + _FLOAT * size
        if position > len(data):
            raise WordVectorsError(
                str(path), f"it ends within the vector of word {number} of {count}", "Copy it again."
            )
    if data[position : position + 2].strip(b"\n"):
        raise WordVectorsError(
            str(path), f"it goes on after the {count} words that its first line says", "Copy it again."
        )
