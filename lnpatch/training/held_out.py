"""Sentences that are kept out of training, so that their cost tells what a model has learnt: a file, or a share of the corpus."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lnpatch.errors import BadDataError, FileError, UsageError
from lnpatch.recipes.job import Corpus, HeldOut, Job, Smoke
from lnpatch.recipes.recipe import Recipe
from lnpatch.training.corpus import check_corpus, split_corpus, write_plain_corpus
from lnpatch.training.jobs import HeldOutText

#: The names of the two texts in a run's folder: what is trained on, where a share is taken out of it, and what is not.
_TRAINING, _HELD_OUT = "corpus.txt", "held_out.txt"

_SHARE = re.compile(r"(\d{1,2}(?:\.\d{1,6})?)%")

#: More of a corpus than this is not held out, in per cent.
_LARGEST_SHARE = 50


@dataclass(frozen=True)
class HeldOutPlan:
    """What is kept out of a training, and when its cost is computed; made by :func:`plan_held_out`."""

    #: The share of the corpus; None where there is a file.
    share: float | None
    #: The path of the file; empty where there is a share.
    file: str
    #: The updates from one computation to the next.
    every: int
    corpus: Corpus
    declared: HeldOut

    @property
    def described(self) -> str:
        """What ``run.json`` says of it: a share in per cent, or a path; :func:`plan_held_out` reads it again."""
        return self.file if self.share is None else f"{self.share * 100:.6g}%"

    def check(self, sentences: int, settings: Mapping[str, Any]) -> None:
        """Refuse a share of so many sentences in which there is no sample, or a file that is none; call it before anything is made.

        Args:
            settings: the hyperparameters that the trainer will have.

        Raises:
            UsageError: the share is too small.
            BadDataError: the file is no text that a cost can be computed of.
            FileError: it cannot be read.
        """
        if self.share is None:
            self._check_text(Path(self.file), settings)
            return
        width, taken = 2 * self.corpus.neighbours + 1, round(sentences * self.share)
        if taken < width:
            reason = f"{self.described} of {sentences} sentences are {taken}, and a sample is a sentence with its neighbours, {width} in all"
            raise UsageError(f"--held-out {self.described}: {reason}.", "Take a larger share, or a file.")

    def place(
        self, folder: Path, corpus: str, settings: Mapping[str, Any], sentences: int = 0
    ) -> tuple[str, HeldOutText]:
        """Write what is held out to a run's folder; return the path of the text to train on, and what the launcher takes.

        The file of a run that is resumed is the one that it has a copy of.

        Args:
            corpus: the path of the corpus, of which a share is taken.
            settings: the hyperparameters that the trainer will have.
            sentences: how many sentences the corpus has; 0 for one that was not checked, as tiny data.

        Raises:
            BadDataError: no sample of it is short enough, or the corpus has changed since it was checked.
            FileError: a file cannot be written.
        """
        held_out, training = folder / _HELD_OUT, folder / _TRAINING
        try:
            if self.share is not None:
                sentences = sentences or check_corpus(Path(corpus), self.corpus, settings).sentences
                split_corpus(Path(corpus), sentences, self.share, training, held_out)
                corpus = os.fspath(training)
            elif not held_out.exists():
                write_plain_corpus(Path(self.file), held_out)
        except OSError as error:
            raise FileError(str(error.filename or folder), error.strerror or str(error)) from error
        self._check_text(held_out, settings)
        return corpus, HeldOutText(held_out, self.every, self.declared)

    def _check_text(self, path: Path, settings: Mapping[str, Any]) -> None:
        try:
            check_corpus(path, self.corpus, settings)
        except OSError as error:
            raise FileError(str(path), error.strerror or str(error)) from error
        except BadDataError as error:
            raise BadDataError(error.file, f"the cost of held-out sentences: {error.reason}", error.line) from error


def plan_held_out(
    recipe: Recipe, job: Job, chosen: str | None, every: int | None, smoke: Smoke | None
) -> HeldOutPlan | None:
    """Return what a user keeps out of training; None where that is nothing.

    Args:
        chosen: a share, such as ``5%``, or the path of a text.
        every: the updates from one computation of the cost to the next; None for the recipe's.
        smoke: what the recipe says of tiny data, where that is trained on.

    Raises:
        UsageError: the trainer has no function for it, or the share is none.
    """
    if chosen is None:
        if every is not None:
            raise UsageError("--held-out-every goes with --held-out.", "--held-out 5% keeps a part of the corpus out.")
        return None
    if job.held_out is None or job.corpus is None:
        raise UsageError(f"The trainer of {recipe.name} has no cost of held-out sentences.", "Leave --held-out out.")
    every = every or (smoke.held_out_every if smoke else 0) or job.held_out.every
    chosen = normalise_choice(chosen)
    if not chosen.endswith("%"):
        return HeldOutPlan(None, chosen, every, job.corpus, job.held_out)
    match = _SHARE.fullmatch(chosen)
    share = float(match[1]) if match else 0.0
    if not 0 < share <= _LARGEST_SHARE:
        raise UsageError(f"--held-out {chosen}: expected a share from 0 to {_LARGEST_SHARE}%, such as 5%, or a file.")
    return HeldOutPlan(share / 100, "", every, job.corpus, job.held_out)


def normalise_choice(chosen: str) -> str:
    """Return what a user keeps out of training as ``run.json`` says it: a share without blanks, or an absolute path."""
    if chosen.rstrip().endswith("%"):
        return "".join(chosen.split())
    return os.path.abspath(os.path.expanduser(chosen))
