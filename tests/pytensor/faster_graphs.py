"""What the module over PyTensor computes in a form of its own, next to PyTensor's Python code for the graph as it was written.

    python faster_graphs.py FILE.json CASE ...

FILE.json gets, for each case, the largest difference of the cost and of the gradients from PyTensor's, relative to the largest value
of the array, and how many of the forms there are: cross-entropies, broadcast sums, and products
that are not done twice.
"""

import json
import sys

import numpy
import pytensor
import theano
import theano.tensor as tensor
from pytensor.compile.mode import Mode
from pytensor.scan.op import Scan
from pytensor.tensor.math import Dot
from theano._rewrites.cross_entropy import BLOCK, LinearCrossEntropy

STEPS = 5


class Case:
    """Inputs and parameters with their values, and the cost."""

    def __init__(self, unrolled=False):
        self.unrolled = unrolled
        self.rng = numpy.random.RandomState(5)
        self.inputs, self.values, self.parameters = [], [], []
        self.cost = None

    def parameter(self, *shape):
        self.parameters.append(theano.shared(self.rng.normal(size=shape).astype("float32") * 0.5))
        return self.parameters[-1]

    def input(self, value):
        value = numpy.asarray(value)
        kind = "int64" if value.dtype.kind == "i" else "float32"
        self.inputs.append(tensor.TensorType(kind, (None,) * value.ndim)(f"input{len(self.inputs)}"))
        self.values.append(value.astype(kind))
        return self.inputs[-1]

    def normal(self, *shape):
        return self.input(self.rng.normal(size=shape).astype("float32"))


def language_model(steps=4, samples=3, dim=5, words=7, share=0.6):
    """A case with logits [steps, samples, words], the right words and a mask, as skip-thoughts has them."""
    case = Case()
    states = tensor.tanh(tensor.dot(case.normal(steps, samples, 2), case.parameter(2, dim)))
    logits = tensor.dot(states, case.parameter(dim, words)) + case.parameter(words)
    shape = logits.shape
    rows = logits.reshape([shape[0] * shape[1], shape[2]])
    right = case.input(case.rng.randint(0, words, (steps, samples)))
    mask = case.input((case.rng.uniform(size=(steps, samples)) < share).astype("float32"))
    return case, rows, right, mask


def losses(rows, right, words=7, stride=None, epsilon=1e-8):
    return losses_of(tensor.nnet.softmax(rows), right, stride or words, epsilon)


def losses_of(probabilities, right, stride=7, epsilon=1e-8):
    flat = right.flatten()
    probability = probabilities.flatten()[tensor.arange(flat.shape[0]) * stride + flat]
    return -tensor.log(probability + epsilon if epsilon else probability)


def skip_thoughts(**sizes):
    case, rows, right, mask = language_model(**sizes)
    case.cost = (losses(rows, right).reshape([right.shape[0], right.shape[1]]) * mask).sum(0).sum()
    return case


def mask_first_and_mean():
    case, rows, right, mask = language_model()
    case.cost = (mask * losses(rows, right).reshape(mask.shape)).sum(0).mean()
    return case


def no_mask():
    case, rows, right, mask = language_model()
    case.cost = losses(rows, right).sum() + mask.sum()
    return case


def no_epsilon():
    case, rows, right, mask = language_model()
    case.cost = (losses(rows, right, epsilon=0) * mask.flatten()).sum()
    return case


def matrix_of_states():
    """States of rank 2 already, and a product that is used again."""
    case = Case()
    states = tensor.tanh(tensor.dot(case.normal(6, 2), case.parameter(2, 5)))
    rows = tensor.dot(states, case.parameter(5, 7)) + case.parameter(7)
    case.cost = losses(rows, case.input(case.rng.randint(0, 7, 6))).sum() + (states**2).sum()
    return case


def two_decoders():
    """Two costs with the same output layer."""
    case, rows, right, mask = language_model()
    other = tensor.tanh(rows)[:, :5]
    again = tensor.dot(other, case.parameters[1]) + case.parameters[2]
    both = [(losses(each, right) * mask.flatten()).sum() for each in (rows, again)]
    case.cost = both[0] + 0.5 * both[1]
    return case


def masked_out():
    """No row has any weight."""
    return skip_thoughts(share=0.0)


def another_stride():
    """Not the columns: every row is looked up in another one."""
    case, rows, right, mask = language_model(words=8)
    case.cost = (losses(rows, right, stride=7) * mask.flatten()).sum()
    return case


def learnt_weights():
    """Not only the weights' product: their gradient is needed."""
    case, rows, right, mask = language_model()
    case.cost = (losses(rows, right).reshape(mask.shape) * case.parameter(4, 3)).sum()
    return case


def weights_of_columns():
    """Weights that are the same for all steps."""
    case, rows, right, mask = language_model()
    case.cost = (losses(rows, right).reshape(mask.shape) * mask[0].dimshuffle("x", 0)).sum()
    return case


def squared_losses():
    """Not a sum of losses."""
    case, rows, right, _mask = language_model()
    case.cost = (losses(rows, right) ** 2).sum()
    return case


def softmax_used_again():
    """The probabilities are used, too."""
    case, rows, right, mask = language_model()
    probabilities = tensor.nnet.softmax(rows)
    case.cost = (losses_of(probabilities, right) * mask.flatten()).sum() + (probabilities**2).sum()
    return case


def no_bias():
    """Not h W + b."""
    case, _, right, mask = language_model()
    rows = tensor.dot(tensor.tanh(case.inputs[0].reshape([12, 2])), case.parameter(2, 7))
    case.parameters = case.parameters[3:]
    case.cost = (losses(rows, right) * mask.flatten()).sum()
    return case


def order_violations():
    """As order-embeddings compares all captions with all images."""
    case = Case()
    captions, images = (
        tensor.dot(case.normal(4, 3), case.parameter(3, 6)),
        tensor.dot(case.normal(5, 2), case.parameter(2, 6)),
    )
    errors = tensor.pow(tensor.maximum(0, captions.dimshuffle(0, "x", 1) - images.dimshuffle("x", 0, 1)), 2).sum(axis=2)
    case.cost = tensor.tanh(errors).sum()
    return case


def all_summed():
    case = Case()
    left, right = case.parameter(4, 6), case.parameter(5, 6)
    case.cost = tensor.exp(-abs(left.dimshuffle("x", 0, 1) * right.dimshuffle(0, "x", 1))).sum()
    return case


def one_is_whole():
    """An addend of full size is there in memory anyhow."""
    case = Case()
    left, whole = case.parameter(4, 6), case.parameter(5, 4, 6)
    case.cost = (tensor.tanh(left.dimshuffle("x", 0, 1) + whole).sum(axis=2) ** 2).sum()
    return case


def states_of(step, case, below, start, matrices, backwards=False):
    """The states of a recurrence, [steps, samples, dim]: of a scan, or for the reference of as many steps in a row."""
    if not case.unrolled:
        return theano.scan(
            step, sequences=[below], outputs_info=[start], non_sequences=matrices, go_backwards=backwards, strict=True
        )[0]
    states = [start]
    for number in reversed(range(STEPS)) if backwards else range(STEPS):
        states.append(step(below[number], states[-1], *matrices))
    return tensor.stack(states[1:])


def recurrent(unrolled, backwards=False, layers=1):
    """A gated layer with two products of its state, or several on top of each other."""
    case = Case(unrolled)
    below = case.normal(STEPS, 3, 4)
    for _ in range(layers):

        def step(x, h, gates, candidate):
            gate = tensor.nnet.sigmoid(tensor.dot(h, gates) + tensor.concatenate([x, x], axis=1))
            new = tensor.tanh(gate[:, :4] * tensor.dot(h, candidate) + x)
            return gate[:, 4:] * h + (1.0 - gate[:, 4:]) * new

        matrices = [case.parameter(4, 8), case.parameter(4, 4)]
        states = states_of(step, case, below, tensor.tanh(below[0]), matrices, backwards)
        below = states[::-1] if backwards else states
    case.cost = (below**2).sum() + below[-1].sum()
    return case


def product_of_a_sequence(unrolled):
    """One product is of the input, another one of the input times the state."""
    case = Case(unrolled)

    def step(x, h, u, w):
        return tensor.tanh(tensor.dot(x, w) + tensor.tanh(h + tensor.dot(h * x, u)))

    below = case.normal(STEPS, 3, 4)
    states = states_of(step, case, below, tensor.zeros((3, 4)), [case.parameter(4, 4), case.parameter(4, 4)])
    case.cost = (states**2).sum()
    return case


CASES = {
    "skip_thoughts": skip_thoughts,
    "several_blocks": lambda: skip_thoughts(steps=7, samples=100),
    "exactly_two_blocks": lambda: skip_thoughts(steps=2, samples=BLOCK, share=1.1),
    "mask_first_and_mean": mask_first_and_mean,
    "no_mask": no_mask,
    "no_epsilon": no_epsilon,
    "matrix_of_states": matrix_of_states,
    "two_decoders": two_decoders,
    "masked_out": masked_out,
    "another_stride": another_stride,
    "learnt_weights": learnt_weights,
    "weights_of_columns": weights_of_columns,
    "squared_losses": squared_losses,
    "softmax_used_again": softmax_used_again,
    "no_bias": no_bias,
    "order_violations": order_violations,
    "all_summed": all_summed,
    "one_is_whole": one_is_whole,
}
RECURRENT_CASES = {
    "recurrent": recurrent,
    "recurrent_backwards": lambda unrolled: recurrent(unrolled, backwards=True),
    "recurrent_twice": lambda unrolled: recurrent(unrolled, layers=2),
    "product_of_a_sequence": product_of_a_sequence,
}


def count_forms(function):
    """Return how many nodes of each form the function has as the backend runs it."""
    if not theano._backend.JAX:
        nodes = function.compiled.maker.fgraph.toposort()
        return {"cross_entropies": sum(isinstance(node.op, LinearCrossEntropy) for node in nodes)}
    from theano._jax import convert  # needs JAX
    from theano._rewrites.broadcast_sums import BroadcastSums

    def optimized_nodes():
        inputs = [*function.graph.inputs, *function.graph.shared]
        return convert.optimize_graph(inputs, function.graph.results).toposort()

    def count_products(nodes):
        return sum(
            isinstance(node.op, Dot)
            for scan in nodes
            if isinstance(scan.op, Scan)
            for node in scan.op.fgraph.toposort()
        )

    nodes = optimized_nodes()
    keep, convert.keep_products = convert.keep_products, lambda fgraph: None
    repeated = count_products(optimized_nodes()) - count_products(nodes)
    convert.keep_products = keep
    return {
        "cross_entropies": sum(isinstance(node.op, LinearCrossEntropy) for node in nodes),
        "broadcast_sums": sum(isinstance(node.op, BroadcastSums) for node in nodes),
        "products_kept": repeated,
    }


def compare(case, reference):
    """Return how far the module's figures for ``case`` are from PyTensor's for ``reference``, made of the same numbers."""
    ours = theano.function(case.inputs, [case.cost, *tensor.grad(case.cost, case.parameters)], on_unused_input="ignore")
    cost = theano.function(case.inputs, case.cost, on_unused_input="ignore")
    results, alone = ours(*case.values), cost(*case.values)
    expected = pytensor.function(
        reference.inputs,
        [reference.cost, *pytensor.grad(reference.cost, reference.parameters)],
        mode=Mode("py", "fast_compile"),
        on_unused_input="ignore",
    )(*reference.values)
    differences = [abs(a - b).max() / max(abs(b).max(), 1e-6) for a, b in zip(results, expected, strict=True)]
    return {
        "difference": float(max(differences)),
        "cost_alone": float(abs(alone - expected[0]) / max(abs(expected[0]), 1e-6)),
        "gradients": float(max(abs(b).max() for b in expected[1:])),
        **count_forms(ours),
    }


def main(path, *names):
    """Compare the cases, and save the figures."""
    figures = {name: compare(CASES[name](), CASES[name]()) for name in names if name in CASES}
    figures |= {
        name: compare(RECURRENT_CASES[name](False), RECURRENT_CASES[name](True))
        for name in names
        if name in RECURRENT_CASES
    }
    with open(path, "w") as file:
        json.dump(figures, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
