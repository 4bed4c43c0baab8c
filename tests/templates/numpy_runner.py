"""Run layers on NumPy: as much of ``theano`` and ``theano.tensor`` as they use, for arrays, and a scan that is a loop."""

from types import SimpleNamespace

import numpy
import template_functions


class Array(numpy.ndarray):
    """An array with the methods of a Theano variable that arrays lack."""

    def dimshuffle(self, *pattern):
        """Permute the axes; 'x' is a new one."""
        kept = self.transpose([axis for axis in pattern if axis != "x"])
        return kept[tuple(None if axis == "x" else slice(None) for axis in pattern)]

    def get_value(self, borrow=False):
        """Return the value of a shared variable: the array itself."""
        return self


def make_variable(value, name=None):
    """Make the array that stands for a Theano variable."""
    return numpy.asarray(value, "float64").view(Array)


def scan(fn, sequences, outputs_info, non_sequences, n_steps, strict, name, profile, truncate_gradient=-1):
    """Call ``fn`` for one step after the other."""
    assert strict, "every parameter has to be a non_sequence"
    states, history = list(outputs_info), []
    for t in range(n_steps):
        result = fn(*[values[t] for values in sequences], *states, *non_sequences)
        states = list(result) if isinstance(result, tuple) else [result]
        history.append(states)
    outputs = [numpy.array(values) for values in zip(*history, strict=True)]
    return (outputs if len(outputs) > 1 else outputs[0]), {}


tensor = SimpleNamespace(
    alloc=lambda value, *shape: make_variable(numpy.full(shape, value)),
    cast=lambda value, dtype: value.astype(dtype),
    dot=numpy.dot,
    nnet=SimpleNamespace(sigmoid=lambda x: 1 / (1 + numpy.exp(-x))),
    sqrt=numpy.sqrt,
    tanh=numpy.tanh,
)


def module_names():
    """Return the names that a layers module has from its repository and from Theano, on NumPy."""
    helpers = template_functions.make_helpers(numpy.random.RandomState(0))
    return dict(helpers, theano=SimpleNamespace(scan=scan), tensor=tensor, sharedX=make_variable)


class NumpyRunner:
    """Runs a cell on arrays, in float64; it has no gradients."""

    differentiates = False
    dtype = "float64"
    seed = 0
    quick = False

    def __init__(self, layer):
        self.layer = layer

    def outputs(self, params, x, mask=None, state=None, memory=None, options=None, **kwargs):
        """Compute the outputs of the layer."""
        tparams = {"at_" + name: make_variable(value) for name, value in params.items()}
        inputs = [None if value is None else make_variable(value) for value in (x, mask, state, memory)]
        return self.layer.build_graph(tparams, *inputs, options=options or {}, **kwargs)
