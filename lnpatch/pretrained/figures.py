"""The figures of the repositories' evaluations, computed by an exported model: no Theano and no PyTensor is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import torch

from lnpatch.errors import BadDataError
from lnpatch.pickles.load import load_pickle
from lnpatch.pretrained.modeling.attentive_reader import AttentiveReader
from lnpatch.pretrained.modeling.base import Pretrained
from lnpatch.pretrained.modeling.order_embeddings import OrderEmbeddings
from lnpatch.training.sentences import read_sentences

#: Of order-embeddings: the captions of an image, the images of a fold, and how many folds there are where there are enough.
_CAPTIONS, _FOLD, _FOLDS = 5, 1000, 5

#: What the reader's trainer adds to a probability before it takes the logarithm.
_EPSILON = 1e-8


def can_evaluate(architecture: str) -> bool:
    """Return whether there are figures of such a model."""
    return architecture in ("order_embeddings", "attentive_reader")


def evaluate_model(model: Pretrained, data: Path, split: str, batch_size: int) -> dict[str, float]:
    """Return the figures by the names that the repository's evaluation has for them.

    Args:
        data: the folder with the data.
        split: the part of it.
        batch_size: samples of a batch: the reader's repository leaves out those that make no whole one.

    Raises:
        BadDataError: the data is not what it should be.
    """
    if isinstance(model, OrderEmbeddings):
        return _rank(model, data, split)
    assert isinstance(model, AttentiveReader)
    return _read(model, data, split, batch_size)


def _rank(model: OrderEmbeddings, data: Path, split: str) -> dict[str, float]:
    """Rank images by captions (t2i) and captions by images (i2t): recall at 1, 5 and 10 in per cent, median and mean rank."""
    name = {"dev": "val"}.get(split, split)
    captions = read_sentences(data / f"{name}.txt")
    file = data / "images" / "10crop" / f"{name}.npy"
    features = numpy.load(file, mmap_mode="r", allow_pickle=False)
    if features.ndim != 2 or features.shape[1] != model.config["shapes"]["ff_image_W"][0]:
        reason = f"expected features [images, {model.config['shapes']['ff_image_W'][0]}], found {list(features.shape)}"
        raise BadDataError(str(file), reason)
    if len(captions) < _CAPTIONS * len(features):
        raise BadDataError(
            str(data / f"{name}.txt"), f"{len(captions)} captions are not five for each of {len(features)} images"
        )
    folds = _FOLDS if len(features) > 4000 else 1
    ranks: dict[str, list[dict[str, float]]] = {"t2i": [], "i2t": []}
    for fold in range(folds):
        images = numpy.array(features[fold * _FOLD : (fold + 1) * _FOLD], dtype="float32")
        texts = captions[fold * _CAPTIONS * _FOLD : (fold + 1) * _CAPTIONS * _FOLD]
        scores = model.score(model.encode_sentences(texts), model.encode_images(torch.from_numpy(images))).numpy()
        t2i = [int(numpy.argsort(row).tolist().index(i // _CAPTIONS)) for i, row in enumerate(scores)]
        i2t = [int((numpy.argsort(column) // _CAPTIONS).tolist().index(i)) for i, column in enumerate(scores.T)]
        ranks["t2i"].append(_summarize(t2i))
        ranks["i2t"].append(_summarize(i2t))
    return {
        f"{direction}_{name}": float(numpy.mean([each[name] for each in found]))
        for direction, found in ranks.items()
        for name in found[0]
    }


def _summarize(ranks: list[int]) -> dict[str, float]:
    array = numpy.array(ranks)
    recalls = {f"r{k}": 100.0 * float((array < k).mean()) for k in (1, 5, 10)}
    return {**recalls, "medr": float(numpy.floor(numpy.median(array)) + 1), "meanr": float(array.mean() + 1)}


def _read(model: AttentiveReader, data: Path, split: str, batch_size: int) -> dict[str, float]:
    """Answer the questions: the share of wrong answers, and the cost, the mean of minus the logarithm of the right one's share."""
    passages, questions, answers = (_load_numbers(data / f"{split}4_{part}.pkl") for part in ("pass", "qs", "ans"))
    whole = len(passages) - len(passages) % batch_size
    if not whole or len({len(passages), len(questions), len(answers)}) > 1:
        counts = f"{len(passages)} passages, {len(questions)} questions and {len(answers)} answers"
        raise BadDataError(str(data), f"{counts} of {split} make no batch of {batch_size}")
    wrong: list[bool] = []
    costs: list[float] = []
    for start in range(0, whole, batch_size):
        batch = slice(start, start + batch_size)
        read, asked = (
            [numbers[:-1] for numbers in part[batch]] for part in (passages, questions)
        )  # the last is the end
        with torch.inference_mode():
            probabilities = model(*model.pad(read), *model.pad(asked))
        right = torch.tensor([numbers[0] for numbers in answers[batch]])
        wrong += (probabilities.argmax(-1) != right).tolist()
        costs += (-(probabilities.gather(1, right[:, None]) + _EPSILON).log()).flatten().tolist()
    return {"error": sum(wrong) / len(wrong), "cost": sum(costs) / len(costs)}


def _load_numbers(file: Path) -> list[list[int]]:
    """Return lists of numbers of words from a pickle.

    Raises:
        BadDataError: there is something else in it.
        LnpatchError: the pickle is refused.
    """
    value: Any = load_pickle(file)
    fits = isinstance(value, list) and all(isinstance(each, list) and each for each in value)
    if not fits or not all(isinstance(number, int) for each in value for number in each):
        raise BadDataError(str(file), "expected a list of lists of word ids")
    return list(value)
