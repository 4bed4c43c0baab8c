"""Our LN-GRU layer, out of a patched checkout, on the Theano of this Python: Theano itself, or PyTensor with its C or JAX backend.

Run in the folder that the module ``layers`` is in, with templates/layer_checks on the path. For Python 2.7 and 3.
"""
# ruff: noqa: B905, RUF005, UP031

import os
import sys
from collections import OrderedDict

import turns


def prepare(case):
    """The update as the repositories' optimizers make it: one function, which keeps the gradients in shared variables."""
    sys.path.insert(0, os.getcwd())
    import layer_functions
    import theano
    import theano.tensor as tensor

    layer = layer_functions.LayerFunctions.from_module("layers", "lngru")
    tparams = OrderedDict(("at_" + name, theano.shared(case[name], name=name)) for name in turns.PARAMETERS)
    x, mask, weight = [theano.shared(case[name], name=name) for name in ["x", "mask", "weight"]]
    states = layer.build_graph(tparams, x, mask, None, None, {})[0]
    cost = (states * weight).sum()
    variables = list(tparams.values()) + [x]
    kept = [theano.shared(variable.get_value() * 0, name=variable.name) for variable in variables]
    update = theano.function([], cost, updates=list(zip(kept, tensor.grad(cost, variables))))

    def gradients():
        return {variable.name: variable.get_value() for variable in kept}

    name = "Theano " + theano.__version__
    if "+pytensor." in theano.__version__:
        version, backend = theano.__version__.split("+pytensor.")[1].rsplit(".", 1)
        name = "PyTensor %s, %s backend" % (version, {"c": "C", "jax": "JAX"}[backend])
    return name, update, gradients


if __name__ == "__main__":
    turns.serve(prepare)
