"""Data of the repositories' formats and of the real data's proportions: Zipf's vocabulary, sentences of 5 to 29 words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy

from tests.benchmarks.runtimes import machine

#: The number of words of skip-thoughts' sentences: those that a trainer with ``maxlen_w = 30`` takes, and a corpus is rich in.
LENGTHS = range(machine.number("SHORTEST", 5), 30)


def skip_thoughts(path: Path, words: int, batch_size: int, sweeps: int, seed: int = 2016) -> Path:
    """Write a text file of sentences, a line each: of each length as many as fill *sweeps* batches, in random order.

    A batch of the trainer has sentences of one length, and it goes from length to length: so each sweep of ``len(LENGTHS)``
    updates does the same work. The corpus has at least *words* different words.
    """
    rng = numpy.random.default_rng(seed)
    lengths = rng.permutation(numpy.repeat(LENGTHS, batch_size * sweeps)).tolist()
    lengths = [LENGTHS[0], *lengths, LENGTHS[0]]  # the first and the last sentence are only neighbours
    path.write_text("\n".join(_sentences(rng, words, lengths)) + "\n")
    return path


def order_embeddings(folder: Path, images: int, words: int, features: int = 4096, seed: int = 2016) -> Path:
    """Write a folder of images' features, non-negative and of unit norm, and five captions each, of 7 to 24 words as COCO's."""
    rng = numpy.random.default_rng(seed)
    (folder / "images" / "10crop").mkdir(parents=True)
    for split, size in (("train", images), ("val", 100), ("test", 100)):
        values = abs(rng.normal(size=(size, features)))
        values /= numpy.sqrt((values**2).sum(axis=1, keepdims=True))
        numpy.save(folder / "images" / "10crop" / f"{split}.npy", values.astype("float32"))
        lengths = numpy.clip(7 + rng.poisson(3.5, 5 * size), 7, 24).tolist()
        (folder / f"{split}.txt").write_text("\n".join(_sentences(rng, words, lengths)) + "\n")
    return folder


def _sentences(rng: numpy.random.Generator, words: int, lengths: Sequence[int]) -> Iterator[str]:
    """Yield sentences of these lengths: every word once as far as there is room, the others by Zipf's law."""
    total = sum(lengths)
    chances = 1 / (numpy.arange(words) + 2.7)
    drawn: numpy.ndarray[Any, Any] = rng.choice(words, max(0, total - words), p=chances / chances.sum())
    tokens = rng.permutation(numpy.concatenate([numpy.arange(words)[:total], drawn])).tolist()
    start = 0
    for length in lengths:
        yield " ".join(f"w{token}" for token in tokens[start : start + length])
        start += length
