"""Words that training has not seen, by a linear map of word2vec's vectors to the model's own (Kiros et al. 2015, section 2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy
import torch
from torch import Tensor

from lnpatch.errors import WordVectorsError
from lnpatch.training.word_vectors import inspect_word_vectors

#: Vectors that are mapped at once.
_ROWS = 100_000


def add_word_vectors(words: list[str], table: Tensor, file: Path) -> tuple[list[str], Tensor]:
    """Add the words of a file of word2vec's to a vocabulary, as training/tools.py of skip-thoughts does.

    The map is learnt from the words that both have, by least squares; words with an underscore, which are several words, are
    left out.

    Args:
        words: the model's own, which keep their vectors; the first two are the end and the unknown word.
        table: their vectors [words, D].

    Returns:
        The words, the model's own first, and their vectors.

    Raises:
        WordVectorsError: the file is none, or has no word of the model's.
    """
    inspect_word_vectors(file)
    own = {word: number for number, word in enumerate(words)}
    shared: dict[str, numpy.ndarray[Any, Any]] = {}
    for word, vector in _read(file):
        if own.get(word, 0) > 1:
            shared.setdefault(word, vector)
    if not shared:
        raise WordVectorsError(str(file), "it has none of the model's words")
    x = numpy.array(list(shared.values()), dtype="float32")
    y = table.numpy()[[own[word] for word in shared]]
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    # fewer words than numbers of a vector leave the map open: the smallest one is taken, up to the precision of the vectors
    cutoff = max(x.shape) * float(numpy.finfo("float32").eps)
    weights = numpy.linalg.lstsq(x - x_mean, y - y_mean, rcond=cutoff)[0]
    added: dict[str, None] = {}  # of a word that stands there twice, the first vector counts
    rows: list[numpy.ndarray[Any, Any]] = []
    block: list[numpy.ndarray[Any, Any]] = []
    for word, vector in _read(file):
        if "_" in word or word in own or word in added:
            continue
        added[word] = None
        block.append(vector)
        if len(block) == _ROWS:
            rows.append((numpy.array(block) - x_mean) @ weights + y_mean)
            block = []
    if block:
        rows.append((numpy.array(block) - x_mean) @ weights + y_mean)
    mapped = [torch.from_numpy(numpy.asarray(each, dtype="float32")) for each in rows]
    return [*words, *added], torch.cat([table, *mapped])


def _read(file: Path) -> Iterator[tuple[str, numpy.ndarray[Any, Any]]]:
    """Yield each word and its vector; the file was looked through before."""
    kind = inspect_word_vectors(file)
    with file.open("rb") as stream:
        stream.readline()
        for _ in range(kind.count):
            yield _read_binary(stream, kind.size) if kind.binary else _read_line(stream)


def _read_binary(stream: IO[bytes], size: int) -> tuple[str, numpy.ndarray[Any, Any]]:
    word = bytearray()
    while (byte := stream.read(1)) not in (b" ", b""):
        word += byte.strip(b"\n")
    return word.decode("utf-8", "surrogateescape"), numpy.frombuffer(stream.read(4 * size), dtype="<f4")


def _read_line(stream: IO[bytes]) -> tuple[str, numpy.ndarray[Any, Any]]:
    word, *numbers = stream.readline().split()
    return word.decode("utf-8", "surrogateescape"), numpy.array(numbers, dtype="float32")
