"""Captions of images and the features of these: as many as belong to each other, in the shapes that the trainer expects."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lnpatch.errors import BadDataError
from lnpatch.recipes.job import Captions
from lnpatch.training.update_log import read_lines

_NPY = b"\x93NUMPY"

#: Bytes of the head of an .npy, which NumPy itself bounds so.
_LONGEST_HEAD = 10_000


@dataclass(frozen=True)
class _Array:
    """What the head of an .npy says."""

    shape: tuple[int, ...]
    dtype: str


def check_captions(folder: Path, captions: Captions, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Check the captions and the features of each split; return remarks for people.

    Raises:
        BadDataError: they do not belong to each other, or the trainer can make no batch of them.
        OSError: a file cannot be read.
    """
    notes: list[str] = []
    for split in captions.splits:
        text, features = (
            folder / captions.texts.replace("{split}", split),
            folder / captions.features.replace("{split}", split),
        )
        lines, array = _count_lines(text), _read_head(features)
        _check_features(features, array, captions, settings)
        images = array.shape[0]
        if lines < images * captions.per_image:
            reason = f"it has {lines} captions, and the {images} images of {features} need {captions.per_image} each"
            raise BadDataError(str(text), reason, 0, f"{captions.per_image} lines in a row belong to an image.")
        if lines > images * captions.per_image:
            reason = f"it has {images} rows, and the {lines} captions of {text} are {captions.per_image} for each of {lines / captions.per_image:g} images"
            raise BadDataError(str(features), reason)
        if split == captions.trained:
            notes += _check_batches(features, images, captions, settings)
    return tuple(notes)


def _check_features(file: Path, array: _Array, captions: Captions, settings: Mapping[str, Any]) -> None:
    if len(array.shape) != 2 or array.dtype.lstrip("<>|=")[:1] not in "fiu":
        shape = " x ".join(map(str, array.shape)) or "a single number"
        raise BadDataError(
            str(file), f"expected a matrix of numbers, a row an image, found {shape} of type {array.dtype}"
        )
    width = settings.get(captions.width)
    if type(width) is int and array.shape[1] != width:
        reason = f"its rows have {array.shape[1]} features, and the trainer takes {width}"
        raise BadDataError(str(file), reason, 0, f"--set {captions.width}={array.shape[1]} takes them.")


def _check_batches(file: Path, images: int, captions: Captions, settings: Mapping[str, Any]) -> list[str]:
    size = settings.get(captions.batch_size)
    if type(size) is not int:
        return []
    if images <= size:
        reason = f"no batch can be made: {images} images, and batches of {size}; the last of an epoch is dropped"
        raise BadDataError(str(file), reason, 0, f"--set {captions.batch_size}=N with N below {images} makes some.")
    return []


def _count_lines(file: Path) -> int:
    """Count the captions in a file, as both Pythons do."""
    lines = 0
    with file.open("rb") as stream:
        for number, line in read_lines(stream):
            if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
                advice = "iconv -f UTF-16 -t UTF-8 makes one of UTF-16; sed '1s/^\\xEF\\xBB\\xBF//' takes the mark from UTF-8."
                raise BadDataError(
                    str(file), "it begins with a byte order mark, and UTF-8 without one is needed", 0, advice
                )
            if b"\0" in line:
                raise BadDataError(str(file), "a NUL byte: it is no text", number)
            if b"\r" in line.rstrip(b"\r\n"):
                reason = "a carriage return within a line, which not every Python takes for its end"
                raise BadDataError(str(file), reason, number, "tr '\\r' '\\n' makes newlines of them.")
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                reason = f"byte 0x{line[error.start]:02x} is not UTF-8"
                raise BadDataError(
                    str(file), reason, number, "If it is Latin-1: iconv -f ISO-8859-1 -t UTF-8"
                ) from error
            lines = number
    return lines


def _read_head(file: Path) -> _Array:
    """Read the head of an .npy (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).

    Raises:
        BadDataError: it is none, or shorter than its head says.
    """
    with file.open("rb") as stream:
        start = stream.read(8)
        size = 2 if start[6:7] == b"\x01" else 4
        length = int.from_bytes(stream.read(size), "little")
        if start[:6] != _NPY or length > _LONGEST_HEAD:
            raise BadDataError(str(file), "it is no .npy file")
        try:
            head = ast.literal_eval(stream.read(length).decode("latin-1").strip())
            array = _Array(tuple(map(int, head["shape"])), str(head["descr"]))
        except (ValueError, SyntaxError, KeyError, TypeError, RecursionError, MemoryError) as error:
            raise BadDataError(str(file), "it is no .npy file: its head cannot be read") from error
        stored = file.stat().st_size - stream.tell()
    width = array.dtype.lstrip("<>|=")[1:]
    if width.isascii() and width.isdigit() and len(width) < 4 and stored < math.prod(array.shape) * int(width):
        raise BadDataError(str(file), "it is cut off: its head announces more than there is", 0, "Fetch it again.")
    return array
