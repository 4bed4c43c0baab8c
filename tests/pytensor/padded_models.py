"""Small models, three of them in the manner of the three repositories, trained with and without padding on the JAX backend.

    python padded_models.py LAYERS FILE.json MODEL ...

LAYERS is the folder of the layer templates, a MODEL bag_of_words, sentences, ranking or reading. FILE.json gets, for each of them, the largest difference between the padded and the
unpadded run relative to the largest value of the array, and the number of compiled shapes with the bound.
"""

import ast
import json
import sys
from collections import OrderedDict
from pathlib import Path

import numpy
import theano
import theano.tensor as tensor
from theano import _padding

DIM, WORDS, PIXELS = 6, 17, 9
RATE = numpy.float32(0.001)


def layers(folder):
    """The namespace with the LN-GRU and the LN-LSTM of the templates."""
    rng = numpy.random.RandomState(1)
    names = {
        "numpy": numpy,
        "theano": theano,
        "tensor": tensor,
        "_p": lambda prefix, name: f"{prefix}_{name}",
        "norm_weight": lambda nin, nout=None, **_: rng.normal(size=(nin, nout or nin)).astype("float32") * 0.3,
        "ortho_weight": lambda n, **_: numpy.linalg.svd(rng.normal(size=(n, n)))[0].astype("float32"),
    }
    for path in ("ln", "lngru", "lnlstm", "state_argument/lngru", "state_argument/lnlstm"):
        tree = ast.parse((Path(folder) / f"{path}.py").read_text())
        tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        exec(compile(tree, path, "exec"), names)
    return names


class Model:
    """Parameters by name, and the recurrent layer over embedded words."""

    def __init__(self, folder, cell):
        self.names, self.cell, self.rng = layers(folder), cell, numpy.random.RandomState(2)
        self.params = OrderedDict(W=self.random(WORDS, DIM), out=self.random(DIM, WORDS))
        self.tparams = OrderedDict()

    def random(self, *shape):
        return self.rng.normal(size=shape).astype("float32")

    def share(self, *prefixes):
        for prefix in prefixes:
            self.names[f"param_init_{self.cell}"]({}, self.params, prefix=prefix, nin=DIM, dim=DIM)
        self.tparams = OrderedDict((name, theano.shared(value, name=name)) for name, value in self.params.items())

    def states(self, prefix, words, mask, start=None, shifted=False):
        emb = self.tparams["W"][words.flatten()].reshape([words.shape[0], words.shape[1], DIM])
        if shifted:
            emb = tensor.set_subtensor(tensor.zeros_like(emb)[1:], emb[:-1])
        return self.names[f"{self.cell}_layer"](self.tparams, emb, start, {}, prefix=prefix, mask=mask)[0]

    def likelihood(self, probs, right):
        return -tensor.log(probs.flatten()[tensor.arange(right.shape[0]) * WORDS + right] + 1e-8)


def words_and_mask(name):
    return tensor.matrix(name, dtype="int64"), tensor.matrix(f"{name}_mask", dtype="float32")


def batch(rng, steps, samples):
    words = rng.randint(0, WORDS, (steps, samples))
    mask = (numpy.arange(steps)[:, None] < rng.randint(1, steps + 1, samples)).astype("float32")
    mask[:, 0] = 1.0
    return words, mask


def bag_of_words(folder):
    """The sum of a sentence's words predicts a word: no loop, which would compile for a minute; all that may be padded is."""
    model = Model(folder, "lngru")
    model.share()
    x, x_mask = words_and_mask("x")
    answers = tensor.vector("answers", dtype="int64")
    length = tensor.scalar("length", dtype="uint32")
    steps = tensor.cast(length, "int64")
    emb = model.tparams["W"][x.flatten()].reshape([x.shape[0], x.shape[1], DIM])
    masked = (emb * x_mask[:, :, None])[:steps]
    bag = tensor.tanh(masked.sum(axis=0))
    probs = tensor.nnet.softmax(tensor.dot(bag, model.tparams["out"]))
    cost = (model.likelihood(probs, answers) * x_mask[0]).sum()
    inputs = {"x": ["T", "N"], "x_mask": ["T", "N"], "answers": ["N"], "length": "T"}
    padding = {
        "buckets": {"T": [4, 8], "N": [3, 5]},
        "functions": [
            {"inputs": inputs, "masks": {"x": "x_mask"}, "outputs": outputs}
            for outputs in ([[]], [["N", None], ["T", "N", None]])
        ],
    }
    rng = numpy.random.RandomState(6)
    batches = [(*batch(rng, t, n), rng.randint(0, WORDS, n), t) for t, n in [(3, 5), (4, 5), (7, 5), (8, 2), (1, 1)]]
    return model, [x, x_mask, answers, length], cost, [bag, masked], padding, batches


def sentences(folder):
    """A sentence predicts its neighbour, cost summed: time and samples may be padded."""
    model = Model(folder, "lngru")
    model.share("encoder", "decoder")
    x, x_mask = words_and_mask("x")
    y, y_mask = words_and_mask("y")
    context = model.states("encoder", x, x_mask)[-1]
    decoded = model.states("decoder", y, y_mask, context, shifted=True)
    probs = tensor.nnet.softmax(tensor.dot(decoded, model.tparams["out"]).reshape([y.shape[0] * y.shape[1], WORDS]))
    cost = (model.likelihood(probs, y.flatten()).reshape([y.shape[0], y.shape[1]]) * y_mask).sum()
    padding = {
        "buckets": {"Tx": [4, 8], "Ty": [9], "N": [5]},
        "functions": [
            {
                "inputs": {"x": ["Tx", "N"], "x_mask": ["Tx", "N"], "y": ["Ty", "N"], "y_mask": ["Ty", "N"]},
                "masks": {"x": "x_mask", "y": "y_mask"},
                "outputs": outputs,
            }
            for outputs in ([[]], [["N", None], ["Ty", "N", None]])
        ],
    }
    rng = numpy.random.RandomState(3)
    batches = [
        batch(rng, tx, n) + batch(rng, ty, n) for tx, ty, n in [(3, 7, 5), (4, 9, 5), (7, 5, 5), (8, 8, 2), (1, 1, 1)]
    ]
    return model, [x, x_mask, y, y_mask], cost, [context, decoded], padding, batches


def ranking(folder):
    """Captions against images: the cost depends on who is in the batch, so only time is padded; the encoder's samples are, too."""
    model = Model(folder, "lnlstm")
    model.params["image"] = model.random(PIXELS, DIM)
    model.share("encoder")
    x, x_mask = words_and_mask("x")
    im = tensor.matrix("im", dtype="float32")
    caption = abs(model.states("encoder", x, x_mask)[-1])
    caption = caption / tensor.sqrt((caption**2).sum(axis=1))[:, None]
    image = abs(tensor.dot(im, model.tparams["image"]))
    errors = tensor.maximum(0, caption.dimshuffle(0, "x", 1) - image.dimshuffle("x", 0, 1)) ** 2
    errors = errors.sum(axis=2)
    cost = tensor.extra_ops.fill_diagonal(tensor.maximum(0, 0.1 - errors + errors.diagonal()), 0).sum()
    padding = {
        "buckets": {"T": [4, 8], "N": [6]},
        "functions": [
            {
                "inputs": {"x": ["T", None], "x_mask": ["T", None], "im": [None, None]},
                "masks": {"x": "x_mask"},
                "outputs": [[]],
            },
            {"inputs": {"x": ["T", "N"], "x_mask": ["T", "N"]}, "outputs": [["N", None]]},
        ],
    }
    rng = numpy.random.RandomState(4)
    batches = [(*batch(rng, t, 5), rng.uniform(size=(5, PIXELS)).astype("float32")) for t in (3, 4, 6, 8)]
    return model, [x, x_mask, im], cost, [caption], padding, batches


def reading(folder):
    """Attention over a document whose length is an input; the cost is a mean over samples, so only time is padded."""
    model = Model(folder, "lnlstm")
    model.share("document")
    x, x_mask = words_and_mask("x")
    answers = tensor.vector("answers", dtype="uint32")
    length = tensor.scalar("length", dtype="uint32")
    steps = tensor.cast(length, "int64")
    states = model.states("document", x[:steps], x_mask[:steps])
    scores = states.sum(axis=2)
    weights = x_mask * tensor.exp(scores - scores.max(axis=0, keepdims=True))
    alphas = (weights / weights.sum(axis=0, keepdims=True)).dimshuffle(0, 1, "x")
    probs = tensor.nnet.softmax(tensor.dot((states * alphas).sum(0), model.tparams["out"]))
    cost = model.likelihood(probs, answers).mean()
    inputs = {"x": ["T", None], "x_mask": ["T", None], "answers": [None], "length": "T"}
    padding = {
        "buckets": {"T": [5, 10]},
        "functions": [
            {"inputs": inputs, "outputs": [[]]},
            {"inputs": inputs, "outputs": [[None, None], ["T", None, None]]},
        ],
    }
    rng = numpy.random.RandomState(5)
    batches = [(*batch(rng, t, 4), rng.randint(0, WORDS, 4).astype("uint32"), t) for t in (2, 5, 6, 10)]
    return model, [x, x_mask, answers, length], cost, [probs, alphas], padding, batches


def run(build, folder, padded):
    """All arrays that a training run gives, by name, and the compiled shapes with their bound."""
    model, inputs, cost, more, padding, batches = build(folder)
    _padding.declare_padding(json.dumps(padding) if padded else "")
    params = list(model.tparams.values())
    kept = [theano.shared(p.get_value() * 0) for p in params]
    f_grad = theano.function(
        inputs, cost, updates=list(zip(kept, tensor.grad(cost, params, disconnected_inputs="ignore"), strict=True))
    )
    f_update = theano.function([], [], updates=[(p, p - RATE * g) for p, g in zip(params, kept, strict=True)])
    rest = inputs[:2] if build is ranking else inputs
    f_more = theano.function(rest, more, on_unused_input="ignore")
    arrays = {}
    for number, values in enumerate(batches):
        arrays[f"cost {number}"] = f_grad(*values)
        arrays.update((f"gradient {p.name} {number}", g.get_value()) for p, g in zip(params, kept, strict=True))
        f_update()
        arrays.update((f"output {i} {number}", value) for i, value in enumerate(f_more(*values[: len(rest)])))
    arrays.update((f"parameter {p.name}", p.get_value()) for p in params)
    bound = f_grad.padding.bound if padded else None
    return arrays, {
        "compiled": len(f_grad.compiled),
        "bound": bound,
        "costs": [float(arrays[f"cost {i}"]) for i in range(len(batches))],
    }


def main(folder, path, *models):
    """Train the models with and without padding, and save the comparisons."""
    comparisons = {}
    for build in (globals()[model] for model in models):
        plain, _ = run(build, folder, False)
        padded, figures = run(build, folder, True)
        assert {name: value.shape for name, value in plain.items()} == {
            name: value.shape for name, value in padded.items()
        }
        distance = {
            name: float(abs(plain[name] - padded[name]).max() / (abs(plain[name]).max() or 1.0)) for name in plain
        }
        worst = max(distance, key=distance.get)
        moved = max(abs(padded[f"parameter {name}"] - value).max() for name, value in build(folder)[0].params.items())
        comparisons[build.__name__] = {"worst": worst, "difference": distance[worst], "moved": float(moved), **figures}
    Path(path).write_text(json.dumps(comparisons))


if __name__ == "__main__":
    main(*sys.argv[1:])
