"""A model that is used in PyTorch: ``encode`` and ``evaluate`` with ``--runtime torch``; no checkout is needed."""

from __future__ import annotations

import secrets
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy
import torch

from lnpatch.errors import PackageMissingError, TextError, UsageError
from lnpatch.pretrained.build import build_model
from lnpatch.pretrained.figures import can_evaluate, evaluate_model
from lnpatch.pretrained.modeling.order_embeddings import OrderEmbeddings
from lnpatch.pretrained.modeling.skip_thoughts import SkipThoughts
from lnpatch.recipes.job import Job
from lnpatch.recipes.recipe import Recipe
from lnpatch.training.models import Model

#: What needs NLTK, in messages.
_OPTION = "--runtime torch without --tokenized"


def encode_sentences(
    job: Job,
    model: Model,
    files: Mapping[str, str],
    text: Path,
    sentences: Sequence[str],
    tokenized: bool,
    output: Path,
) -> tuple[int, ...]:
    """Write the vectors of sentences to an .npy file, float32 [sentences, D]; return their shape.

    Args:
        job: the recipe's job ``export``.
        files: further files that the model takes, by name.
        text: the file that the sentences come from, for messages.

    Raises:
        PackageMissingError: NLTK or its data is needed to split them into tokens.
        TextError: one of them has no vector.
        LnpatchError: the model cannot be built.
    """
    built = build_model(job.architecture, model, files)
    if isinstance(built, OrderEmbeddings):
        vectors = built.encode_sentences(list(sentences))
    else:
        assert isinstance(built, SkipThoughts)
        vectors = built.encode(sentences if tokenized else tokenize(sentences))
    finite = torch.isfinite(vectors).all(1)
    if not finite.all():
        lines = (1 + (~finite).nonzero().flatten()).tolist()
        raise TextError(str(text), f"no finite vector for line {', '.join(map(str, lines[:10]))}")
    partial = output.with_name(f".lnpatch-{secrets.token_hex(6)}.npy")
    try:
        numpy.save(partial, vectors.numpy())
        partial.rename(output)
    finally:
        partial.unlink(missing_ok=True)
    return tuple(vectors.shape)


def tokenize(sentences: Sequence[str]) -> list[list[str]]:
    """Split sentences into tokens as skip-thoughts does: by NLTK, sentence by sentence.

    Raises:
        PackageMissingError: NLTK or its data is not installed.
    """
    try:
        from nltk.tokenize import sent_tokenize, word_tokenize
    except ImportError as error:
        raise PackageMissingError(_OPTION, "nltk", f"{shlex.quote(sys.executable)} -m pip install nltk") from error
    try:
        return [[token for part in sent_tokenize(text) for token in word_tokenize(part)] for text in sentences]
    except LookupError as error:  # as NLTK says it
        raise PackageMissingError(
            _OPTION, "punkt_tab of NLTK", f"{shlex.quote(sys.executable)} -m nltk.downloader punkt_tab"
        ) from error


def require_figures(recipe: Recipe) -> None:
    """Refuse a target whose evaluation is more than running its model.

    Raises:
        UsageError: it is.
    """
    if not can_evaluate(recipe.jobs["export"].architecture):
        reason = (
            f"The evaluation of {recipe.name} trains classifiers by the repository's own code, which PyTorch has not."
        )
        raise UsageError(
            reason, "--runtime pytensor or --runtime theano runs it; lnpatch encode --runtime torch gives vectors."
        )


def evaluate_split(
    job: Job, model: Model, files: Mapping[str, str], data: Path, split: str
) -> tuple[dict[str, float], float]:
    """Return the figures of a model on a part of the data, and the seconds that it took.

    Args:
        job: the recipe's job ``export``.
        files: further files that the model takes, by name.

    Raises:
        LnpatchError: the model cannot be built, or the data is not what it should be.
    """
    built = build_model(job.architecture, model, files)
    start = time.perf_counter()
    batch_size = model.options.get("valid_batch_size", model.options.get("batch_size"))
    figures = evaluate_model(built, data, split, batch_size if isinstance(batch_size, int) and batch_size > 0 else 1)
    return figures, time.perf_counter() - start
