"""
The eight tasks of skip-thoughts: what its README has people type around eval_*.py, and the figures. For Python 2.7 and 3.

The figures are those that the repository prints or returns. Accuracies and F1 are in per cent here, as in the papers.
"""
from __future__ import print_function

import codecs
import os
import random
import re
import shutil
import sys
import tempfile

import numpy

import launch_keras
from launch import read_lines
from launch_checks import RefusedFile

#: What draws the classifiers' and the ranking's initial weights is not seeded by the repository; it is here, before each task.
SEED = 1234

#: The binary classification benchmarks, by the names that eval_classification.py has for them.
BENCHMARKS = {"mr": "MR", "cr": "CR", "subj": "SUBJ", "mpqa": "MPQA"}

RANKS = [
    r"Image to text: (?P<i2t_r1>[^,]+), (?P<i2t_r5>[^,]+), (?P<i2t_r10>[^,]+), (?P<i2t_medr>\S+)",
    r"Text to image: (?P<t2i_r1>[^,]+), (?P<t2i_r5>[^,]+), (?P<t2i_r10>[^,]+), (?P<t2i_medr>\S+)",
]

#: What the evaluations print, with the figures as named groups; the last of each counts.
PRINTED = {
    "sick": [
        r"Dev Pearson: (?P<dev_pearson>\S+)",
        r"Test Pearson: (?P<pearson>\S+)",
        r"Test Spearman: (?P<spearman>\S+)",
        r"Test MSE: (?P<mse>\S+)",
    ],
    "msrp": [r"Test accuracy: (?P<accuracy>\S+)", r"Test F1: (?P<f1>\S+)"],
    "trec": [r"Test accuracy: (?P<accuracy>\S+)"],
    "rank": RANKS,
}
IN_PER_CENT = ["accuracy", "f1"]


class Encoder(object):
    """What the evaluations take for an encoder: tools.encode with a model."""

    def __init__(self, tools, model):
        self.tools = tools
        self.model = model

    def encode(self, X, **kwargs):
        """Return the vectors of sentences, [sentences, dim]."""
        return self.tools.encode(self.model, X, **kwargs)


def open_tasks(job, tools, model):
    """Return a function that evaluates the model in a task, by name, and returns its figures, {str: float}."""
    use_libraries()
    tools.preprocess = in_text(tools.preprocess)
    encoder = Encoder(tools, model)

    def evaluate(task):
        random.seed(SEED)
        numpy.random.seed(SEED)
        if task in BENCHMARKS:
            return evaluate_benchmark(job, encoder, BENCHMARKS[task])
        with Transcript() as transcript:
            TASKS[task](job, encoder)
        return read_figures(transcript.text(), PRINTED[task])

    return evaluate


def use_libraries():
    """Put what the evaluations import in its place, where the libraries of today do not have it any more."""
    launch_keras.install()
    if sys.version_info[0] > 2:
        import launch_sklearn

        launch_sklearn.install()


def evaluate_sick(job, encoder):
    """Semantic relatedness: a regression that stops early by the correlation on the trial pairs."""
    import eval_sick

    eval_sick.evaluate(encoder, evaltest=True, loc=job["data"])


def evaluate_msrp(job, encoder):
    """Paraphrases: a logistic regression, its regularization chosen by cross-validation."""
    import eval_msrp

    eval_msrp.word_tokenize = in_text(split_words if job["tokenized"] else eval_msrp.word_tokenize)
    eval_msrp.evaluate(encoder, evalcv=True, evaltest=True, loc=job["data"])


def evaluate_trec(job, encoder):
    """Types of questions: a logistic regression, its regularization chosen by cross-validation."""
    import eval_trec

    eval_trec.evaluate(encoder, evalcv=True, evaltest=True, loc=job["data"])


def evaluate_benchmark(job, encoder, name):
    """Binary classification: the mean accuracy of nested cross-validation."""
    import eval_classification

    scores = eval_classification.eval_nested_kfold(encoder, name, loc=os.path.join(job["data"], ""))
    return {"accuracy": 100 * float(numpy.mean(scores))}


def evaluate_rank(job, encoder):
    """Images and sentences: the ranking model is trained, and the test images are ranked with its best."""
    import eval_rank

    train, dev, test = [load_captions(job, encoder, split) for split in ("train", "dev", "test")]
    settings = dict(job["settings"], dim_im=dev[1].shape[1], dim_s=dev[2].shape[1])
    batches = len(train[0]) // settings.get("batch_size", 100)
    if not batches:
        path = os.path.join(job["data"], "coco_train_caps.txt")
        raise RefusedFile("text", path, ["%d captions make no batch" % len(train[0])])
    # it saves where a validation is better, so one has to come before it ends
    settings.setdefault("validFreq", min(500, batches))
    folder = tempfile.mkdtemp(prefix="lnpatch-rank-")
    try:
        settings["saveto"] = os.path.join(folder, "rank.npz")
        eval_rank.trainer(train, dev, **settings)
        eval_rank.evaluate(test, settings["saveto"], evaluate=True)
    finally:
        shutil.rmtree(folder)


TASKS = {"sick": evaluate_sick, "msrp": evaluate_msrp, "trec": evaluate_trec, "rank": evaluate_rank}


# Images and their captions

CAPTIONS = 5


class RowForEachCaption(object):
    """The features of images for arrays of captions' numbers, without a copy for each of the captions."""

    def __init__(self, features):
        self.features = features

    def __getitem__(self, captions):
        return self.features[captions // CAPTIONS]


def load_captions(job, encoder, split):
    """
    Return what eval_rank.py takes of one part of the data: captions, features of their images, and vectors.

    The captions of an image are five lines in a row. The features have a row for each caption, as eval_rank.py has them,
    or one for each image.
    """
    texts, features = [os.path.join(job["data"], "coco_%s_%s" % (split, end)) for end in ("caps.txt", "ims.npy")]
    captions = read_lines(texts)
    rows = numpy.load(features, mmap_mode="r")
    if len(captions) % CAPTIONS:
        raise RefusedFile("text", texts, ["%d lines are not %d captions for each image" % (len(captions), CAPTIONS)])
    if rows.ndim != 2 or rows.dtype.kind != "f" or len(rows) not in (len(captions), len(captions) // CAPTIONS):
        found = "an array of %s, %s" % (rows.dtype, " x ".join(map(str, rows.shape)))
        wanted = "a row of numbers for each of the %d captions, or of their %d images" % (
            len(captions),
            len(captions) // CAPTIONS,
        )
        raise RefusedFile("text", features, ["expected %s, found %s" % (wanted, found)])
    if not all(numpy.isfinite(rows[start : start + 4096]).all() for start in range(0, len(rows), 4096)):
        raise RefusedFile("text", features, ["it has numbers that are not finite (NaN)"])
    rows = rows.astype("float32", copy=False)
    if len(rows) < len(captions):
        rows = RowForEachCaption(rows) if split == "train" else numpy.repeat(rows, CAPTIONS, axis=0)
    return captions, rows, encoder.encode(captions, verbose=False)


# Text


def decode_latin1(error):
    """Handle an error of decoding: return the bytes in question as Latin-1, and where to go on."""
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("lnpatch-latin-1", decode_latin1)


def to_text(value):
    """Return bytes of Python 2 as text: UTF-8, and Latin-1 where they are not, as a Python 3 copy reads files."""
    return value.decode("utf-8", "lnpatch-latin-1") if isinstance(value, bytes) else value


def to_native(value):
    """Return text as the dictionary has its words: bytes under Python 2."""
    return value.encode("utf-8") if sys.version_info[0] == 2 and not isinstance(value, bytes) else value


def in_text(function):
    """
    Have a function of the repository or of NLTK take and give text.

    Under Python 2, some of the data comes as bytes, on which NLTK fails where they are not ASCII, and some as text, whose
    words the dictionary does not know.
    """

    def call(value):
        texts = [to_text(item) for item in value] if isinstance(value, list) else to_text(value)
        return [to_native(item) for item in function(texts)]

    return call


def split_words(text):
    """Return the words of a sentence of tokens."""
    return text.split()


# Figures


class Transcript(object):
    """Stands in for sys.stdout: passes on all that is printed, and keeps it."""

    def __init__(self):
        self.stream = sys.stdout
        self.pieces = []

    def write(self, text):
        """Write and keep text."""
        self.pieces.append(text)
        self.stream.write(text)

    def flush(self):
        """Flush what was passed on."""
        self.stream.flush()

    def text(self):
        """Return all that was printed."""
        return "".join(self.pieces)

    def __enter__(self):
        sys.stdout = self
        return self

    def __exit__(self, kind, error, traceback):
        sys.stdout = self.stream


def read_figures(text, patterns):
    """Return the figures in what an evaluation has printed."""
    figures = {}
    for pattern in patterns:
        matches = list(re.finditer(pattern, text))
        if not matches:
            raise ValueError("the evaluation has printed no line like %r" % pattern)
        figures.update(matches[-1].groupdict())
    return {name: float(value) * (100 if name in IN_PER_CENT else 1) for name, value in figures.items()}
