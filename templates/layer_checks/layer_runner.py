"""A checkout's layer run on Theano, in either type: states and gradients, computed. For Python 2.7 and 3.

floatX is set to the runner's type while a graph is made and compiled: a constant as epsilon is rounded to float32 where
floatX is float32, so a float64 graph under that flag would not be precise. One process can so compare both types.
"""

import contextlib
from collections import OrderedDict

import numpy

INPUTS = ("x", "mask", "state", "memory")


class TheanoRunner(object):
    """Runs one cell on Theano.

    layer: the cell, a layer_functions.LayerFunctions
    dtype: float32 or float64, of the parameters and inputs; the mask is float32, as all the repositories declare it
    seed: of the checks' random numbers
    quick: whether the checks make fewer cases
    mode: Theano's, of all but what is compiled as for training; the default needs no C compiler but for scan itself
    """

    differentiates = True

    def __init__(self, layer, dtype, seed=0, quick=False, mode="FAST_COMPILE"):
        import theano
        import theano.tensor as tensor

        self.theano, self.tensor = theano, tensor
        self.layer, self.dtype, self.seed, self.quick, self.mode = layer, dtype, seed, quick, mode
        self.precise = self if dtype == "float64" else None
        self.compiled = {}

    def in_float64(self):
        """Return the runner of the same cell in float64; it is made once, so that what it has compiled is kept."""
        if self.precise is None:
            self.precise = TheanoRunner(self.layer, "float64", self.seed, self.quick, self.mode)
        return self.precise

    @contextlib.contextmanager
    def own_floatX(self):
        """Make the runner's type Theano's default for a while."""
        before = self.theano.config.floatX
        self.theano.config.floatX = self.dtype
        try:
            yield
        finally:
            self.theano.config.floatX = before

    def make_parameters(self, params):
        """Make shared variables of the layer with the prefix ``at``."""
        return OrderedDict(
            ("at_" + name, self.theano.shared(numpy.asarray(value, self.dtype), name="at_" + name))
            for name, value in params.items()
        )

    def make_symbol(self, name, value):
        """Make an input of the value's rank; None for None."""
        if value is None:
            return None
        kinds = [self.tensor.scalar, self.tensor.vector, self.tensor.matrix, self.tensor.tensor3]
        return kinds[value.ndim](name, dtype="float32" if name == "mask" else self.dtype)

    def compile_function(self, inputs, outputs, training=False):
        """Compile a function of the inputs that are not None; ``training``: in the mode that training has."""
        inputs = [variable for variable in inputs if variable is not None]
        mode = None if training else self.mode
        # a layer that ignores its mask is to fail a check, not the compilation
        return self.theano.function(inputs, outputs, mode=mode, on_unused_input="ignore")

    def outputs(self, params, x, mask=None, state=None, memory=None, options=None, training=False, **kwargs):
        """Compute the outputs of the layer, arrays [T, N, D]."""
        values = [x, mask, state, memory]

        def build(tparams, inputs):
            return inputs, self.layer.build_graph(tparams, *inputs, options=options or {}, **kwargs)

        key = ("outputs", training, repr(options), repr(sorted(kwargs.items())))
        return self.compute(key, params, values, build, training)

    def gradients(self, case, weights, options=None, training=False):
        """Compute the gradients of sum(output * weight), by every parameter's name, "x", "state" and "memory"."""
        values = [case[name] for name in INPUTS]
        by = [name for name in INPUTS if name != "mask" and case[name] is not None]

        def build(tparams, inputs):
            outputs = self.layer.build_graph(tparams, *inputs, options=options or {})
            symbols = [self.make_symbol("weight%d" % i, weight) for i, weight in enumerate(weights)]
            cost = sum((value * weight).sum() for value, weight in zip(outputs, symbols))
            variables = list(tparams.values()) + [inputs[INPUTS.index(name)] for name in by]
            return inputs + symbols, self.tensor.grad(cost, variables)

        arrays = self.compute(("gradients", training, repr(options)), case["params"], values + weights, build, training)
        return OrderedDict(zip(list(case["params"]) + by, arrays))

    def compute(self, key, params, values, build, training):
        """Compute what ``build`` makes of shared parameters and inputs.

        Calls with one key that differ in sizes and values only share a compiled function, unless the runtime knows the
        parameters' sizes at compile time (Theano does not, PyTensor may).
        """
        with self.own_floatX():
            tparams = self.make_parameters(params)
            types = tuple(getattr(variable.type, "shape", None) for variable in tparams.values())
            key += (tuple(params), types, tuple(None if value is None else value.ndim for value in values))
            if key not in self.compiled:
                inputs, outputs = build(tparams, [self.make_symbol(*pair) for pair in zip(INPUTS, values)])
                self.compiled[key] = inputs, tparams, self.compile_function(inputs, outputs, training)
            # the compiled function reads the shared variables that it was built with, not those made above
            inputs, tparams, function = self.compiled[key]
            for name, value in params.items():
                tparams["at_" + name].set_value(numpy.asarray(value, self.dtype))
            pairs = [(variable, value) for variable, value in zip(inputs, values) if variable is not None]
            results = function(*[numpy.asarray(value, variable.dtype) for variable, value in pairs])
            return [numpy.asarray(array) for array in results]
