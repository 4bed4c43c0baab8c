"""A checkout's layer run on Theano, in either type: states and gradients, computed. For Python 2.7 and 3.

floatX is set to the engine's type while a graph is made and compiled: a constant as epsilon is rounded to float32 where
floatX is float32, so a float64 graph under that flag would not be precise. One process can so compare both types.
"""

import contextlib
from collections import OrderedDict

import numpy

INPUTS = ("x", "mask", "state", "memory")


class TheanoEngine(object):
    """Runs one cell on Theano.

    target: the cell, a layer_target.Target
    dtype: float32 or float64, of the parameters and inputs; the mask is float32, as all the repositories declare it
    seed: of the checks' random numbers
    quick: whether the checks make fewer cases
    mode: Theano's, of all but what is compiled as for training; the default needs no C compiler but for scan itself
    """

    differentiates = True

    def __init__(self, target, dtype, seed=0, quick=False, mode="FAST_COMPILE"):
        import theano
        import theano.tensor as tensor

        self.theano, self.tensor = theano, tensor
        self.target, self.dtype, self.seed, self.quick, self.mode = target, dtype, seed, quick, mode
        self.precise = self if dtype == "float64" else None
        self.compiled = {}

    def at(self, dtype):
        """The same cell in float64; what that engine has compiled is kept."""
        if self.precise is None and dtype == "float64":
            self.precise = TheanoEngine(self.target, dtype, self.seed, self.quick, self.mode)
        return self.precise if dtype == "float64" else self

    @contextlib.contextmanager
    def floatX(self):
        """The engine's type is Theano's default."""
        before = self.theano.config.floatX
        self.theano.config.floatX = self.dtype
        try:
            yield
        finally:
            self.theano.config.floatX = before

    def parameters(self, params):
        """Shared variables of the layer with the prefix ``at``."""
        return OrderedDict(
            ("at_" + name, self.theano.shared(numpy.asarray(value, self.dtype), name="at_" + name))
            for name, value in params.items()
        )

    def symbol(self, name, value):
        """An input of the value's rank; None for None."""
        if value is None:
            return None
        kinds = [self.tensor.scalar, self.tensor.vector, self.tensor.matrix, self.tensor.tensor3]
        return kinds[value.ndim](name, dtype="float32" if name == "mask" else self.dtype)

    def function(self, inputs, outputs, training=False):
        """A compiled function of the inputs that are not None; ``training``: in the mode that training has."""
        inputs = [variable for variable in inputs if variable is not None]
        mode = None if training else self.mode
        return self.theano.function(inputs, outputs, mode=mode, on_unused_input="ignore")

    def outputs(self, params, x, mask=None, state=None, memory=None, options=None, training=False, **kwargs):
        """The outputs of the layer."""
        values = [x, mask, state, memory]

        def build(tparams, inputs):
            return inputs, self.target.graph(tparams, *inputs, options=options or {}, **kwargs)

        key = ("outputs", training, repr(options), repr(sorted(kwargs.items())))
        return self.computed(key, params, values, build, training)

    def gradients(self, case, weights, training=False):
        """The gradients of sum(output * weight), by every parameter's name, "x", "state" and "memory"."""
        values = [case[name] for name in INPUTS]
        by = [name for name in INPUTS if name != "mask" and case[name] is not None]

        def build(tparams, inputs):
            outputs = self.target.graph(tparams, *inputs, options={})
            symbols = [self.symbol("weight%d" % i, weight) for i, weight in enumerate(weights)]
            cost = sum((value * weight).sum() for value, weight in zip(outputs, symbols))
            wanted = list(tparams.values()) + [inputs[INPUTS.index(name)] for name in by]
            return inputs + symbols, self.tensor.grad(cost, wanted)

        found = self.computed(("gradients", training), case["params"], values + weights, build, training)
        return OrderedDict(zip(list(case["params"]) + by, found))

    def computed(self, key, params, values, build, training):
        """What ``build`` makes of shared parameters and inputs, computed.

        Calls with one key that differ in sizes and values only share a compiled function, but where the engine knows
        the parameters' sizes at compile time (Theano does not, PyTensor may).
        """
        with self.floatX():
            tparams = self.parameters(params)
            types = tuple(getattr(variable.type, "shape", None) for variable in tparams.values())
            key += (tuple(params), types, tuple(None if value is None else value.ndim for value in values))
            if key not in self.compiled:
                inputs, outputs = build(tparams, [self.symbol(*pair) for pair in zip(INPUTS, values)])
                self.compiled[key] = inputs, tparams, self.function(inputs, outputs, training)
            inputs, tparams, function = self.compiled[key]
            for name, value in params.items():
                tparams["at_" + name].set_value(numpy.asarray(value, self.dtype))
            pairs = [(variable, value) for variable, value in zip(inputs, values) if variable is not None]
            found = function(*[numpy.asarray(value, variable.dtype) for variable, value in pairs])
            return [numpy.asarray(array) for array in found]
