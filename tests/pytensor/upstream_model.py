"""Cost and all gradients of a repository's own model on a fixed batch, on whichever Theano there is: run with Python 2.7 or 3.

    python upstream_model.py REPOSITORY FOLDER CELL FILE.npz

FOLDER is the checkout (for Python 3 its ported copy); every array goes into FILE.npz.
"""
# ruff: noqa: B905, RUF005, UP031

import os
import sys

import numpy

# small, but no two sizes alike
DIM, DIM_WORD, WORDS, SAMPLES, PIXELS = 6, 5, 17, 4, 9


def batch(rng, steps, dtype="int64"):
    """Word numbers and mask, [steps, samples]; the samples end at different steps, the last one at the end."""
    words = rng.randint(0, WORDS, (steps, SAMPLES)).astype(dtype)
    mask = numpy.zeros((steps, SAMPLES), "float32")
    for sample in range(SAMPLES):
        mask[: steps - SAMPLES + 1 + sample, sample] = 1.0
    return words, mask


def skip_thoughts(folder, cell, rng):
    """The training cost; the three sentences have different lengths."""
    sys.path.insert(0, os.path.join(folder, "training"))
    import model
    import utils

    options = {"dim_word": DIM_WORD, "dim": DIM, "encoder": cell, "decoder": cell, "n_words": WORDS}
    params = randomized(model.init_params(options), rng)
    tparams = utils.init_tparams(params)
    built = model.build_model(tparams, options)
    values = batch(rng, 5) + batch(rng, 7) + batch(rng, 6)
    return tparams, list(built[1:7]), [built[-1]], values


def order_embeddings(folder, cell, rng):
    """The contrastive cost of captions and images."""
    sys.path.insert(0, folder)
    import model
    import utils

    options = {
        "dim_word": DIM_WORD, "dim": DIM, "encoder": cell, "n_words": WORDS, "dim_image": PIXELS, "margin": 0.05, "abs": True,
        "method": "order",
    }  # fmt: skip
    params = randomized(model.init_params(options), rng)
    tparams = utils.init_tparams(params)
    inputs, cost = model.build_model(tparams, options)
    values = batch(rng, 6) + (rng.uniform(size=(SAMPLES, PIXELS)).astype("float32"),)
    return tparams, inputs, [cost], values


def attentive_reader(folder, cell, rng):
    """Cost, probabilities and attention; without dropout, whose numbers differ from Theano's."""
    codes = os.path.join(folder, "codes")
    sys.path[:0] = [codes] + (
        [os.path.join(codes, "att_reader"), os.path.join(codes, "core")] if sys.version_info[0] == 2 else []
    )
    from att_reader import model, utils

    options = dict.fromkeys(
        ["use_bidir", "bn_everywhere", "bn_input_not", "bn_input_sequencewise", "use_sent_reps", "debug", "use_elu_g"],
        False,
    )
    options.update(dict.fromkeys(["use_dq_sims", "use_desc_skip_c_g", "learn_h0", "use_dropout"], True))
    options.update(dict.fromkeys(["encoder_desc", "encoder_desc_word", "encoder_q"], cell))
    options.update(dict.fromkeys(["n_words_q", "n_words_desc", "n_words_ans"], WORDS))
    options.update(dict.fromkeys(["dim", "dim_proj", "dim_word_q", "dim_word_desc", "dim_word_ans"], DIM))
    options.update(ms_nlayers=2, truncate=-1, dropout_rate=0.5, batch_size=SAMPLES)
    tparams = utils.init_tparams(randomized(model.init_params(options), rng))
    _, _, inputs, more, cost, errors, _, _, probs = model.build_model(tparams, options, None)
    document, question = batch(rng, 9, "uint32"), batch(rng, 5, "uint32")
    answers = rng.randint(0, WORDS, SAMPLES).astype("uint32")
    names = ["desc", "word_mask", "q", "q_mask", "ans", "wlen", "qlen"]
    values = document + question + (answers, 9, 5)
    return tparams, [inputs[name] for name in names], [cost, errors, probs, more["dec_alphas"]], values


def randomized(params, rng):
    """The parameters at random values: initial ones hide much (gain 1, bias 0)."""
    for name in sorted(params):
        params[name] = (rng.normal(size=params[name].shape) * 0.5).astype("float32")
    return params


def main(repository, folder, cell, path):
    """Compute and save outputs, gradients by name of their parameter, and the parameters after two updates by plain descent."""
    import theano
    import theano.tensor as tensor

    rng = numpy.random.RandomState(7)
    tparams, inputs, outputs, values = globals()[repository.replace("-", "_")](folder, cell, rng)
    names = sorted(tparams)
    for name in names:  # those that are made while the graph is built, as the learned initial state
        if name.endswith("h0"):
            tparams[name].set_value((rng.normal(size=DIM) * 0.5).astype("float32"))
    grads = tensor.grad(outputs[0], [tparams[name] for name in names])
    results = theano.function(inputs, outputs + grads)(*values)
    arrays = dict(zip(["output%d" % i for i in range(len(outputs))] + ["grad_" + name for name in names], results))
    rate = numpy.float32(0.01)
    update = theano.function(
        inputs, outputs[0], updates=[(tparams[n], tparams[n] - rate * g) for n, g in zip(names, grads)]
    )
    arrays["costs"] = numpy.array([update(*values) for _ in range(3)])
    arrays.update(("after_" + name, tparams[name].get_value()) for name in names)
    numpy.savez(path, **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
