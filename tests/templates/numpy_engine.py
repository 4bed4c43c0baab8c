"""The templates run on NumPy: as much of ``theano`` and ``theano.tensor`` as they use, for arrays, and a scan that is a loop."""

from types import SimpleNamespace

import layer_checks
import numpy


class Array(numpy.ndarray):
    """An array with the methods of a Theano variable that arrays lack."""

    def dimshuffle(self, *pattern):
        """Permute the axes; 'x' is a new one."""
        kept = self.transpose([axis for axis in pattern if axis != "x"])
        return kept[tuple(None if axis == "x" else slice(None) for axis in pattern)]

    def get_value(self, borrow=False):
        """The value of a shared variable."""
        return self


def variable(value, name=None):
    """What stands for a Theano variable."""
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
    alloc=lambda value, *shape: variable(numpy.full(shape, value)),
    cast=lambda value, dtype: value.astype(dtype),
    dot=numpy.dot,
    nnet=SimpleNamespace(sigmoid=lambda x: 1 / (1 + numpy.exp(-x))),
    sqrt=numpy.sqrt,
    tanh=numpy.tanh,
)


class NumpyEngine:
    """Runs the layers of the templates in ``folder`` on arrays."""

    precise = True

    def __init__(self, folder):
        names = layer_checks.helpers(numpy.random.RandomState(0))
        names.update(theano=SimpleNamespace(scan=scan), tensor=tensor, sharedX=variable)
        self.targets = {name: layer_checks.target(folder, name, names) for name in layer_checks.CONVENTIONS}

    def layer(self, convention, cell, params, x, mask, state, memory, options=None, **kwargs):
        """The outputs of a layer."""
        layer = self.targets[convention][cell + "_layer"]
        tparams = {"at_" + name: variable(value) for name, value in params.items()}
        x, mask, state, memory = (None if value is None else variable(value) for value in (x, mask, state, memory))
        if cell == "lnlstm":
            kwargs["init_memory"] = memory
        if convention == "state_argument":
            return layer(tparams, x, state, options or {}, prefix="at", mask=mask, **kwargs)
        return layer(tparams, x, options or {}, prefix="at", mask=mask, init_state=state, **kwargs)
