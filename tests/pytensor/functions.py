"""Function by function: values and gradients on whichever Theano there is, for Python 2.7 and 3.

    python functions.py FILE.npz [CASE ...]

Every case takes named float32 inputs from ``INPUTS`` and gives a variable or a list of them. FILE.npz gets each output, and the
gradients of a weighted sum of the float outputs with respect to the inputs, as ``case:output0`` and ``case:grad_x``; of all cases
where none is named.
"""
# ruff: noqa: B905, UP031

import sys
from collections import OrderedDict

import numpy
import theano
import theano.tensor as tensor
from theano.tensor import extra_ops

RNG = numpy.random.RandomState(3)
INPUTS = {
    "x": RNG.normal(size=(3, 4)),
    "y": RNG.normal(size=(3, 4)),
    "W": RNG.normal(size=(4, 5)),
    "v": RNG.normal(size=4),
    "u": RNG.normal(size=3),
    "s": RNG.normal(size=(5, 3, 4)),
    "t": RNG.normal(size=(5, 4, 2)),
    "p": RNG.uniform(0.1, 0.9, size=(3, 4)),
    "m": (RNG.uniform(size=(5, 3)) < 0.6) * 1.0,
    "q": RNG.normal(size=(4, 4)),
    # halves, zeros and ties, where definitions differ
    "h": numpy.array([[-2.5, -1.5, -0.5, 0.0], [0.5, 1.5, 2.5, 0.0], [0.0, 1.0, -1.0, 3.0]]),
}
VECTORS, MATRICES = "uv", "xyWpmqh"
INDEX = numpy.array([2, 0, 1, 2])

CASES = OrderedDict()


def case(function):
    """Register a case; the names of its arguments choose the inputs."""
    CASES[function.__name__] = function
    return function


def one(name, function, *inputs):
    """Register a case that is a single call."""
    code = function.__code__ if inputs == () else None
    CASES[name] = (function, inputs or code.co_varnames[: code.co_argcount])


nnet = tensor.nnet

# elementwise
one("sigmoid", lambda x: nnet.sigmoid(x * 4))
one("softplus", lambda x: nnet.softplus(x * 4))
one("relu", lambda h: nnet.relu(h))
one("relu_leaky", lambda h: nnet.relu(h, alpha=0.1))
one("elu", lambda x: nnet.elu(x, alpha=0.7))
one("hard_sigmoid", lambda x: nnet.hard_sigmoid(x * 2))
one("tanh", lambda x: tensor.tanh(x))
one("exp_log_sqrt_sqr", lambda p: [tensor.exp(p), tensor.log(p), tensor.sqrt(p), tensor.sqr(p)])
one("abs", lambda h: abs(h))
one("pow", lambda p: [tensor.pow(p, 2), p**0.5, 2.0**p])
one("maximum_tie", lambda h: tensor.maximum(0, h))
one("minimum_tie", lambda h: tensor.minimum(h, 0.5))
one("maximum", lambda x, y: tensor.maximum(x, y))
one("switch", lambda x, y: tensor.switch(x > y, x * 2, y * 3))
one("switch_scalar", lambda x: tensor.switch(tensor.sqrt((x**2).sum()) > 1.0, x / tensor.sqrt((x**2).sum()), x))
one("clip", lambda x: tensor.clip(x, -0.5, 0.5))
one("comparisons", lambda x, y: [c(x, y) for c in (tensor.eq, tensor.neq, tensor.lt, tensor.le, tensor.gt, tensor.ge)])
one("or_and", lambda x, y: [tensor.or_(x > 0, y > 0), tensor.and_(x > 0, y > 0)])
one("isnan_isinf", lambda h: [tensor.isnan(tensor.sqrt(h)), tensor.isinf(1.0 / h)])
one("round", lambda h: tensor.round(h))
one("iround", lambda h: tensor.iround(h))
one("cast", lambda h: [tensor.cast(h, "int64"), tensor.cast(h, "int8")])
one("elu_by_hand", lambda x: (x >= 0) * x + (1.0 - (x >= 0)) * (tensor.exp(x) - 1.0))

# normalizations and losses
one("softmax", lambda x: nnet.softmax(x))
one("softmax_vector", lambda v: nnet.softmax(v))
one("logsoftmax", lambda x: tensor.log(nnet.softmax(x)))
one("binary_crossentropy", lambda p, y: nnet.binary_crossentropy(p, y > 0))
one("batch_normalization", lambda x, v: nnet.bn.batch_normalization(
    x, v, v * 2, tensor.shape_padleft(x.mean(axis=0)), tensor.shape_padleft(tensor.sqrt(x.var(axis=0) + 1e-5))))  # fmt: skip
one(
    "layer_normalization",
    lambda x, v: (x - x.mean(axis=-1, keepdims=True)) / tensor.sqrt(x.var(axis=-1, keepdims=True) + 1e-5) * v + v,
)
one("l2norm", lambda x: x / tensor.sqrt(tensor.sqr(x).sum(axis=1))[:, None])
one("masked_softmax", lambda s, m: m * tensor.exp(s[:, :, 0] - s[:, :, 0].max(axis=0, keepdims=True)))
one(
    "picked_log_likelihood",
    lambda x: -tensor.log(nnet.softmax(x).flatten()[tensor.arange(x.shape[0]) * 4 + INDEX[:3]] + 1e-8),
)

# products
one("dot", lambda x, W: tensor.dot(x, W))
one("dot_vector", lambda x, v: [tensor.dot(x, v), tensor.dot(v, v)])
one("dot_three", lambda s, W: tensor.dot(s, W))
one("batched_dot", lambda s, t: tensor.batched_dot(s, t))
one("outer_by_dimshuffle", lambda u, v: u.dimshuffle(0, "x") * v.dimshuffle("x", 0))
one("tensordot", lambda s, t: tensor.tensordot(s, t, axes=[[0, 2], [0, 1]]))

# reductions
one("sums", lambda s: [s.sum(), s.sum(0), s.sum(axis=(0, 1)), s.sum(axis=[0, 1]), s.sum(-1, keepdims=True)])
one("means", lambda s: [s.mean(), s.mean(axis=1), s.mean(axis=-1, keepdims=True)])
one("var_std", lambda s: [s.var(axis=0), s.std(axis=-1), s.var()])
one("max_min", lambda s: [s.max(), s.max(axis=0), s.min(axis=-1, keepdims=True), tensor.max(s, axis=1)])
one("argmax", lambda s: [tensor.argmax(s, axis=1), s.argmax(axis=-1), s.argmin(axis=0)])
one("prod", lambda p: p.prod(axis=1))
one("norm", lambda x: x.norm(2))
one("mean_of_comparison", lambda x, y: tensor.neq(tensor.argmax(x, axis=1), tensor.argmax(y, axis=1)).mean())
one("cumsum", lambda s: [extra_ops.cumsum(s, axis=0), extra_ops.cumsum(s, axis=0)[::-1]])

# shapes
one(
    "reshape",
    lambda s: [
        s.reshape((15, 4)),
        s.reshape([s.shape[0] * s.shape[1], s.shape[2]]),
        s.reshape((-1, 4)),
        tensor.reshape(s, (60,)),
    ],
)
one("flatten", lambda s: [s.flatten(), s.flatten(2), tensor.flatten(s, 2)])
one("dimshuffle", lambda x: [x.dimshuffle(1, 0), x.dimshuffle("x", 0, 1), x.dimshuffle(0, "x", 1), x.T])
one("shape_pad", lambda x: [tensor.shape_padleft(x), tensor.shape_padright(x, 2)])
one("concatenate", lambda x, y: [tensor.concatenate([x, y], axis=0), tensor.concatenate([x, y, x], axis=-1)])
one("stack", lambda x, y: tensor.stack([x, y]))
one("repeat", lambda u, x: [tensor.repeat(u, 3), extra_ops.repeat(x, 2, axis=0)])
one(
    "alloc",
    lambda v: [tensor.alloc(v, 3, 4), tensor.alloc(0.0, 2, 3) + v.sum(), tensor.zeros_like(v), tensor.ones_like(v)],
)
one("zeros", lambda v: [tensor.zeros((2, 4)) + v, tensor.ones((2, 4)) * v])
one("arange", lambda x: [tensor.arange(x.shape[1]), tensor.arange(2, 8, 2)])
one("diag", lambda q: [tensor.diag(q), q.diagonal(), tensor.diag(q[0])])
one("fill_diagonal", lambda q: extra_ops.fill_diagonal(q, 0))
one("to_one_hot", lambda x: extra_ops.to_one_hot(tensor.argmax(x, axis=1), 4))
one("patternbroadcast", lambda u, x: tensor.patternbroadcast(u.dimshuffle(0, "x"), (False, True)) * x)

# indices
one("slices", lambda s: [s[1:], s[:-1], s[::-1], s[-1], s[:, 1:3], s[:, :, None, 0]])
one("advanced", lambda x: [x[INDEX], x[INDEX].T, x.flatten()[INDEX]])
one("pairs", lambda x: x[tensor.arange(3), INDEX[:3]])
one(
    "set_subtensor",
    lambda s: [tensor.set_subtensor(tensor.zeros_like(s)[1:], s[:-1]), tensor.set_subtensor(s[0], 2 * s[1])],
)
one("inc_subtensor", lambda x, v: [tensor.inc_subtensor(x[1], v), tensor.inc_subtensor(x[INDEX], 1.0)])

# the rest
one("assert", lambda x: tensor.opt.Assert("never")(x, tensor.le(x.shape[0], 100)))
one("ifelse", lambda x, y: theano.ifelse.ifelse(tensor.gt(x.sum(), -1000.0), x * 2, y))
one("clone", lambda x, y: theano.clone(tensor.exp(x), replace={x: y}))


# loops
@case
def scan_states(s, x):
    states, updates = theano.scan(lambda a, h: tensor.tanh(a + h), sequences=[s], outputs_info=[x])
    assert len(updates) == 0
    return states


@case
def scan_masked(s, m, x, q):
    def step(mask, a, h, weights):
        new = tensor.tanh(tensor.dot(h, weights) + a)
        return mask[:, None] * new + (1.0 - mask)[:, None] * h

    return theano.scan(
        step, sequences=[m, s], outputs_info=[x], non_sequences=[q], n_steps=s.shape[0], strict=True, profile=False
    )[0]


@case
def scan_truncated(s, x):
    return theano.scan(lambda a, h: tensor.tanh(a + h), sequences=[s], outputs_info=[x], truncate_gradient=2)[0]


@case
def scan_two_states(s, x, y):
    def step(a, h, c):
        c = tensor.nnet.sigmoid(a) * c + h
        return tensor.tanh(c), c

    states, _ = theano.scan(step, sequences=s, outputs_info=[x, y], n_steps=4)
    return states


@case
def scan_backwards(s):
    return theano.scan(
        lambda a, h: a + 0.5 * h, sequences=[s], outputs_info=[tensor.zeros_like(s[0])], go_backwards=True
    )[0]


@case
def scan_no_state(s, x):
    outputs, _ = theano.scan(
        lambda a, b: [a * b, (a + b).sum(axis=0)], sequences=[s], outputs_info=[None, None], non_sequences=[x]
    )
    return outputs


@case
def scan_one_step(s, x):
    return theano.scan(lambda a, h: a * h, sequences=[s], outputs_info=[x], n_steps=1)[0]


@case
def scan_taps(u):
    return theano.scan(lambda a, b: a + 0.5 * b, outputs_info=[{"initial": u, "taps": [-3, -1]}], n_steps=6)[0]


@case
def map_rows(x, y):
    return theano.map(
        lambda i, a, b: tensor.pow(tensor.maximum(0, a[i] - b), 2).sum(axis=1),
        sequences=[tensor.arange(3)],
        non_sequences=[x, y],
    )[0]


@case
def reduce_and_folds(s):
    return [
        f(lambda a, h: a + 0.5 * h, s, tensor.zeros_like(s[0]))[0] for f in (theano.reduce, theano.foldl, theano.foldr)
    ]


def compute(name):
    """Return the arrays of one case."""
    function = CASES[name]
    if isinstance(function, tuple):
        function, names = function
    else:
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
    variables = [tensor.TensorType("float32", [False] * INPUTS[n].ndim)(n) for n in names]
    outputs = function(*variables)
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    floats = [o for o in outputs if "float" in o.dtype]
    arrays = OrderedDict()
    total = (
        sum((o * (numpy.cos(i + 1) + 1.0)).sum() + (o**2).sum() * 0.1 for i, o in enumerate(floats)) if floats else None
    )
    grads = theano.grad(total, variables, disconnected_inputs="ignore") if floats else []
    values = [INPUTS[n].astype("float32") for n in names]
    results = theano.function(variables, outputs + list(grads), on_unused_input="ignore")(*values)
    for i, value in enumerate(results[: len(outputs)]):
        arrays["%s:output%d" % (name, i)] = value
    for n, value in zip(names, results[len(outputs) :]):
        arrays["%s:grad_%s" % (name, n)] = value
    return arrays


def main(path, *names):
    """Compute the cases and save their arrays in one file; a case that fails has an array ``case:error`` with the words."""
    arrays = {}
    for name in names or CASES:
        try:
            arrays.update(compute(name))
        except Exception as error:  # noqa: BLE001, reported by the test
            arrays[name + ":error"] = numpy.array("%s: %s" % (type(error).__name__, error))
    numpy.savez(path, **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
