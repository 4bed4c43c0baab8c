"""A corpus, one sentence a line: read alike for both runtimes, or refused with the line and what to do.

Python 2 takes bytes as they come, Python 3 text; they part where a file has a byte order mark, carriage returns, another
encoding than UTF-8, or blanks that are not ASCII. Such a file is trained on as a plain copy.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import shlex
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lnpatch.errors import BadDataError
from lnpatch.recipes.job import Corpus

#: How files begin in encodings that say so; the longer marks first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_GZIP = b"\x1f\x8b"

#: How compressed files begin, and what unpacks them.
_PACKED = {
    b"BZh": "bunzip2",
    b"\xfd7zXZ\0": "unxz",
    b"PK\x03\x04": "unzip",
    b"\x28\xb5\x2f\xfd": "unzstd",
    b"7z\xbc\xaf": "7z x",
}

#: What Python 3 splits words at and Python 2 does not.
_OTHER_BLANKS = re.compile("[\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")

_BLOCK = 1 << 20

#: Characters of a line; a longer one is no sentence, and would not fit into a batch either.
_LONGEST_LINE = 1_000_000


@dataclass
class CorpusReport:
    """What a corpus has."""

    #: Lines that are not blank.
    sentences: int = 0
    #: Those that are too long.
    too_long: int = 0
    #: Samples: a sentence with its neighbours.
    samples: int = 0
    #: Those of which no sentence is too long.
    used: int = 0
    #: Whether both runtimes read the file alike.
    plain: bool = True
    #: Remarks for people.
    notes: tuple[str, ...] = ()


@dataclass
class _Reading:
    """How a file is read, and whether that makes it plain."""

    plain: bool = True


def check_corpus(path: Path, corpus: Corpus, settings: Mapping[str, Any]) -> CorpusReport:
    """Read a whole corpus, and count what of it is trained on.

    Raises:
        BadDataError: it is no text, or there is nothing in it to be trained on.
        OSError: it cannot be read.
    """
    limit = settings.get(corpus.shorter_than) if corpus.shorter_than else None
    limit = limit if type(limit) is int else None
    report, reading, width, run = CorpusReport(), _Reading(), 2 * corpus.neighbours + 1, 0
    for _, line in _read_lines(path, reading):
        words = len(line.split())
        if not words:
            continue
        report.sentences += 1
        is_long = limit is not None and words >= limit
        report.too_long += is_long
        run = 0 if is_long else run + 1
        report.samples += report.sentences >= width
        report.used += run >= width
    report.plain = reading.plain
    _require_samples(path, corpus, report, limit)
    if report.too_long:
        report.notes = (_describe_too_long(path, corpus, report, limit),)
    return report


def write_plain_corpus(path: Path, copy: Path) -> None:
    """Write a corpus as both runtimes read it alike: UTF-8, a sentence a line, its words separated by single blanks.

    Raises:
        BadDataError: it has changed since it was checked, and is no text any more.
        OSError: the copy cannot be written.
    """
    partial = copy.with_name(copy.name + ".tmp")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            for _, line in _read_lines(path, _Reading()):
                if words := line.split():
                    file.write(" ".join(words) + "\n")
        partial.replace(copy)
    finally:
        partial.unlink(missing_ok=True)


#: A share of a corpus is taken out of it in so many pieces, spread evenly, of at least so many sentences.
_PIECES, _SMALLEST_PIECE = 20, 100


def split_corpus(path: Path, sentences: int, share: float, training: Path, held_out: Path) -> None:
    """Write a share of a corpus to *held_out* and the rest to *training*, both as :func:`write_plain_corpus` writes.

    The share is taken in pieces of neighbouring sentences from all over the corpus, which may be of several books; where
    a piece was, its neighbours become neighbours of each other, as the ends of two books are. The same corpus is always
    split at the same places.

    Args:
        sentences: how many there are.
        share: more than 0 and less than 1.

    Raises:
        BadDataError: the corpus has changed since it was checked, and is no text any more.
        OSError: a file cannot be written.
    """
    taken = max(1, round(sentences * share))
    pieces = max(1, min(_PIECES, taken // _SMALLEST_PIECE))
    partials = [file.with_name(file.name + ".tmp") for file in (training, held_out)]
    try:
        with (
            partials[0].open("w", encoding="utf-8", newline="\n") as rest,
            partials[1].open("w", encoding="utf-8", newline="\n") as kept,
        ):
            number = 0
            for _, line in _read_lines(path, _Reading()):
                if words := line.split():
                    # piece k ends where the k-th of equal stretches of the corpus does
                    stretch = number * pieces // sentences
                    end, size = (
                        (stretch + 1) * sentences // pieces,
                        (stretch + 1) * taken // pieces - stretch * taken // pieces,
                    )
                    file = kept if end - size <= number < end else rest
                    file.write(" ".join(words) + "\n")
                    number += 1
        for partial, whole in zip(partials, (training, held_out), strict=True):
            partial.replace(whole)
    finally:
        for partial in partials:
            partial.unlink(missing_ok=True)


def _require_samples(path: Path, corpus: Corpus, report: CorpusReport, limit: int | None) -> None:
    width = 2 * corpus.neighbours + 1
    if not report.sentences:
        raise BadDataError(
            str(path), "there is no sentence in it, only blank lines", 0, "It takes one sentence a line."
        )
    if report.sentences < width:
        reason = f"it has {_count(report.sentences, 'sentence')}, and a sample is a sentence with its neighbours, {width} in all"
        raise BadDataError(str(path), reason, 0, "It takes one sentence a line, neighbouring ones in their order.")
    if not report.used:
        reason = f"no sample is left to train on: {report.too_long} of {_count(report.sentences, 'sentence')} have {limit} words or more"
        if corpus.neighbours:
            reason += ", and a sample is left out where one of its sentences has"
        raise BadDataError(
            str(path), reason, 0, f"--set {corpus.shorter_than}=N takes sentences of fewer than N words."
        )


def _describe_too_long(path: Path, corpus: Corpus, report: CorpusReport, limit: int | None) -> str:
    share, left_out = report.too_long / report.sentences, 1 - report.used / report.samples
    text = (
        f"{path}: {report.too_long} of {report.sentences} sentences ({share:.0%}) have {limit} words or more "
        f"({corpus.shorter_than} = {limit}) and are not trained on"
    )
    if corpus.neighbours:
        text += f"; with their neighbours, that leaves out {left_out:.0%} of the samples"
    return f"{text}. --set {corpus.shorter_than}=N takes longer ones."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _read_lines(path: Path, reading: _Reading) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text with their numbers, from 1, without their ends: newline, carriage return, or both.

    Raises:
        BadDataError: it is no text that can be read.
        OSError: it cannot be read.
    """
    rest, number = "", 0
    for block in _read_text(path, reading):
        if "\0" in block:
            line = number + 1 + (rest + block).count("\n", 0, len(rest) + block.index("\0"))
            raise BadDataError(
                str(path),
                "a NUL byte: it is no text",
                line,
                "A text in UTF-16 without a mark has them: iconv -f UTF-16LE -t UTF-8",
            )
        if reading.plain and _OTHER_BLANKS.search(block):
            reading.plain = False
        *lines, rest = (rest + block).split("\n")
        for text in lines:
            number += 1
            yield number, text
        if len(rest) > _LONGEST_LINE:
            reason = f"a line of more than {_LONGEST_LINE:,} characters is no sentence"
            raise BadDataError(str(path), reason, number + 1, "It takes one sentence a line.")
    if rest:
        yield number + 1, rest


def _read_text(path: Path, reading: _Reading) -> Iterator[str]:
    """Yield the text of a file in blocks, every end of a line as a newline."""
    with _open_unpacked(path, reading) as stream:
        start = stream.read(4)
        mark, encoding = next(((mark, name) for mark, name in _MARKS if start.startswith(mark)), (b"", "utf-8"))
        reading.plain = reading.plain and not mark
        decoder = codecs.getincrementaldecoder(encoding)()
        newlines = io.IncrementalNewlineDecoder(None, translate=True)
        block, line = start[len(mark) :] + stream.read(_BLOCK), 1
        while True:
            try:
                text = newlines.decode(decoder.decode(block, final=not block), final=not block)
            except UnicodeDecodeError as error:
                raise _describe_bad_bytes(path, encoding, error, line) from error
            line += text.count("\n")
            if text:
                yield text
            if not block:
                break
            block = stream.read(_BLOCK)
        seen = newlines.newlines
        # Python 2 takes a carriage return before a newline for a blank, and one alone for no end of a line
        reading.plain = reading.plain and "\r" not in (seen if isinstance(seen, tuple) else (seen,))


@contextmanager
def _open_unpacked(path: Path, reading: _Reading) -> Iterator[IO[bytes]]:
    """Open a file to be read, unpacked where it is packed by gzip."""
    with path.open("rb") as raw:
        start = raw.read(8)
        raw.seek(0)
        if command := next((command for mark, command in _PACKED.items() if start.startswith(mark)), None):
            raise BadDataError(str(path), "it is packed", 0, f"Unpack it first: {command} {shlex.quote(str(path))}")
        if not start.startswith(_GZIP):
            yield raw
            return
        reading.plain = False
        try:
            with gzip.open(raw, "rb") as stream:
                yield stream  # type: ignore[misc]
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BadDataError(
                str(path), f"it is packed by gzip, and damaged ({error})", 0, "Fetch it again."
            ) from error


def _describe_bad_bytes(path: Path, encoding: str, error: UnicodeDecodeError, line: int) -> BadDataError:
    line += len(re.findall(rb"\r\n?|\n", error.object[: error.start])) if encoding == "utf-8" else 0
    reason = f"byte 0x{error.object[error.start]:02x} is not {encoding.upper()} ({error.reason})"
    quoted = shlex.quote(str(path))
    advice = f"If it is Latin-1: iconv -f ISO-8859-1 -t UTF-8 {quoted} > utf8.txt"
    return BadDataError(
        str(path), reason, line, advice if encoding == "utf-8" else "Its end is cut off, or it is no text."
    )
