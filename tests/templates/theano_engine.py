"""The templates run on Theano, and the checks that only Theano can make: types, gradients, compiled code.

Run by the tests under the interpreter that has Theano (Python 2.7 or 3):

    PYTHON theano_engine.py TEMPLATES

prints one JSON object, a check's name to "" or to its traceback.
"""
# ruff: noqa: B905, RUF005, UP004

import json
import sys
import traceback
from collections import OrderedDict

import layer_checks
import layer_reference
import numpy

MODE = "FAST_COMPILE"  # no C compiler but for scan itself; check_compiled is the one that compiles


class TheanoEngine(object):
    """Runs the layers of the templates in ``folder`` on Theano."""

    def __init__(self, folder):
        import theano
        import theano.tensor as tensor

        self.theano, self.tensor = theano, tensor
        self.floatX = theano.config.floatX
        self.precise = self.floatX == "float64"
        names = layer_checks.helpers(numpy.random.RandomState(0))
        names.update(theano=theano, tensor=tensor, sharedX=self.shared)
        self.targets = {name: layer_checks.target(folder, name, names) for name in layer_checks.CONVENTIONS}
        self.compiled = {}

    def shared(self, value, name=None):
        """A shared variable of type floatX."""
        return self.theano.shared(numpy.asarray(value, self.floatX), name=name)

    def shared_parameters(self, params):
        """The shared variables of the layer with the prefix ``at``."""
        return OrderedDict(("at_" + name, self.shared(value, "at_" + name)) for name, value in params.items())

    def symbol(self, name, value):
        """An input of the value's rank, no axis of which is known to broadcast; None for None."""
        if value is None:
            return None
        # a float32 mask and float32 inputs are what the repositories declare, also with floatX=float64
        dtype = "float32" if name == "mask" else self.floatX
        return self.tensor.TensorType(dtype, (False,) * value.ndim)(name)

    def graph(self, convention, cell, tparams, x, mask=None, state=None, memory=None, options=None, **kwargs):
        """The outputs of a layer, symbolic."""
        layer = self.targets[convention][cell + "_layer"]
        if cell == "lnlstm":
            kwargs["init_memory"] = memory
        if convention == "state_argument":
            return layer(tparams, x, state, options or {}, prefix="at", mask=mask, **kwargs)
        return layer(tparams, x, options or {}, prefix="at", mask=mask, init_state=state, **kwargs)

    def function(self, inputs, outputs, mode=MODE):
        """A compiled function of the inputs that are not None."""
        return self.theano.function([v for v in inputs if v is not None], outputs, mode=mode, on_unused_input="ignore")

    def layer(self, convention, cell, params, x, mask, state, memory, options=None, **kwargs):
        """The outputs of a layer, computed; calls that differ in sizes and values only share a compiled function."""
        values = [x, mask, state, memory]
        ranks = tuple(None if value is None else value.ndim for value in values)
        key = (convention, cell, tuple(params), ranks, repr(options), repr(sorted(kwargs.items())))
        if key not in self.compiled:
            inputs = [self.symbol(*pair) for pair in zip(["x", "mask", "state", "memory"], values)]
            tparams = self.shared_parameters(params)
            outputs = self.graph(convention, cell, tparams, *inputs, options=options, **kwargs)
            self.compiled[key] = inputs, tparams, self.function(inputs, outputs)
        inputs, tparams, function = self.compiled[key]
        for name, value in params.items():
            tparams["at_" + name].set_value(numpy.asarray(value, self.floatX))
        arguments = [numpy.asarray(v, i.dtype) for v, i in zip(values, inputs) if i is not None]
        return [numpy.asarray(value) for value in function(*arguments)]


def check_types(engine, convention, cell):
    """Scan takes arguments of every type that means the same, of which any axis may be known to broadcast."""
    tensor = engine.tensor
    case = layer_checks.random_case(cell, numpy.random.RandomState(6), 3, 1)
    case["mask"][...] = 1
    wanted = layer_reference.run(cell, **case)
    flat, matrix, column, row = (False, False), (False, False), (False, True), (True, False)
    known, unknown = (False, True, False), (False, False, False)
    for x_type, mask_type, mask_dtype, state_type in [
        (unknown, matrix, "float32", matrix),
        (unknown, matrix, "int64", row),
        (unknown, column, "int8", row),
        (unknown, None, None, row),
        (known, matrix, "float32", matrix),
        (known, matrix, "float64", row),
        (known, column, "float32", matrix),
        (known, None, None, row),
        (flat, matrix, "float32", matrix),
        (flat, matrix, "float32", row),
        (flat, column, "float32", row),
        (flat, None, None, matrix),
        (flat, None, None, row),
    ]:
        x = tensor.TensorType(engine.floatX, x_type)("x")
        mask = mask_type and tensor.TensorType(mask_dtype, mask_type)("mask")
        state = tensor.TensorType("float32", state_type)("state")
        memory = tensor.TensorType("float32", state_type)("memory") if cell == "lnlstm" else None
        outputs = engine.graph(convention, cell, engine.shared_parameters(case["params"]), x, mask, state, memory)
        inputs = [x, mask, state, memory]
        values = [case["x"].reshape((3, 3) if x.ndim == 2 else (3, 1, 3)), case["mask"], case["state"], case["memory"]]
        arguments = [numpy.asarray(v, i.dtype) for v, i in zip(values, inputs) if i is not None]
        layer_checks.close(engine, engine.function(inputs, outputs)(*arguments), wanted)


def check_one_state_for_all(engine, convention, cell):
    """A column mask, a row or a vector as the initial state serve all the samples."""
    tensor = engine.tensor
    case = layer_checks.random_case(cell, numpy.random.RandomState(7), 3, 4)
    case["mask"][:] = case["mask"][:, :1]
    case["state"][:] = case["state"][:1]
    wanted = layer_reference.run(cell, **case)
    x, mask, row, vector = tensor.tensor3(), tensor.col(dtype="float32"), tensor.row(), tensor.vector()
    memory = None if case["memory"] is None else tensor.matrix()
    for state, value in [(row, case["state"][:1]), (vector, case["state"][0])]:
        tparams = engine.shared_parameters(case["params"])
        outputs = engine.graph(convention, cell, tparams, x, mask, state, memory)
        values = [case["x"], case["mask"][:, :1], value, case["memory"]]
        arguments = [numpy.asarray(v, i.dtype) for v, i in zip(values, [x, mask, state, memory]) if i is not None]
        layer_checks.close(engine, engine.function([x, mask, state, memory], outputs)(*arguments), wanted)


def check_float32_parameters(engine, convention, cell):
    """The repositories' own types (float32 whatever floatX is) make one graph without a type error."""
    case = layer_checks.random_case(cell, numpy.random.RandomState(8), 3, 2, state=False)
    tparams = OrderedDict(("at_" + name, engine.theano.shared(value)) for name, value in case["params"].items())
    x, mask = engine.tensor.tensor3(dtype="float32"), engine.tensor.matrix(dtype="float32")
    found = engine.function([x, mask], engine.graph(convention, cell, tparams, x, mask))(case["x"], case["mask"])
    for ours, reference in zip(found, layer_reference.run(cell, **case)):
        assert abs(ours - reference).max() < 2e-5


def check_gradients(engine, convention, cell):
    """Every parameter's and input's gradient, against central differences of the reference (with floatX=float64)."""
    if not engine.precise:
        return
    rng = numpy.random.RandomState(9)
    case = layer_checks.random_case(cell, rng, 4, 3)
    weights = [rng.normal(size=value.shape) for value in layer_reference.run(cell, **case)]

    def cost(changed):
        outputs = layer_reference.run(cell, **changed)
        return sum((value * weight).sum() for value, weight in zip(outputs, weights))

    x, mask, state = engine.tensor.tensor3(), engine.tensor.matrix(), engine.tensor.matrix()
    memory = engine.tensor.matrix() if cell == "lnlstm" else None
    tparams = engine.shared_parameters(case["params"])
    outputs = engine.graph(convention, cell, tparams, x, mask, state, memory)
    total = sum((value * weight).sum() for value, weight in zip(outputs, weights))
    inputs = [v for v in [x, mask, state, memory] if v is not None]
    wanted = list(tparams.values()) + [v for v in inputs if v is not mask]
    gradients = engine.function(inputs, engine.tensor.grad(total, wanted))
    values = [case[name].astype("float64") for name in ["x", "mask", "state", "memory"] if case[name] is not None]
    found = gradients(*values)

    names = list(case["params"]) + [name for name in ["x", "state", "memory"] if case[name] is not None]
    for name, gradient in zip(names, found):

        def shifted(by, name=name):
            if name in case["params"]:
                return dict(case, params=dict(case["params"], **{name: case["params"][name] + by}))
            return dict(case, **{name: case[name] + by})

        for index in numpy.ndindex(*gradient.shape):
            by = numpy.zeros(gradient.shape)
            by[index] = 1e-5
            difference = (cost(shifted(by)) - cost(shifted(-by))) / 2e-5
            assert abs(gradient[index] - difference) < 1e-6 * max(1, abs(difference)), (name, index)


def check_symbolic_nsteps(engine, convention, cell):
    """``nsteps`` as attentive-reader gives it, an unsigned scalar input."""
    if convention != "state_keyword":
        return
    case = layer_checks.random_case(cell, numpy.random.RandomState(13), 5, 2, mask=False, state=False)
    x, nsteps = engine.tensor.tensor3(), engine.tensor.scalar(dtype="uint32")
    outputs = engine.graph(convention, cell, engine.shared_parameters(case["params"]), x, nsteps=nsteps)
    found = engine.function([x, nsteps], outputs)(case["x"].astype(engine.floatX), 3)
    layer_checks.close(engine, found, [value[:3] for value in layer_reference.run(cell, **case)])


def check_truncated_gradients(engine, convention, cell):
    """``truncate`` stops the gradient that many steps back; -1 and None let it through."""
    if convention != "state_keyword":
        return
    case = layer_checks.random_case(cell, numpy.random.RandomState(10), 6, 2, mask=False, state=False)
    x = engine.tensor.tensor3()
    tparams = engine.shared_parameters(case["params"])
    reach = {}
    for truncate in (None, -1, 2):
        outputs = engine.graph(convention, cell, tparams, x, truncate=truncate)
        gradient = engine.function([x], engine.tensor.grad(outputs[0][-1].sum(), x))(case["x"].astype(engine.floatX))
        reach[truncate] = int((abs(gradient).sum(axis=(1, 2)) > 0).sum())
    assert reach == {None: 6, -1: 6, 2: 2}, reach


def check_learnt_state_trains(engine, convention, cell):
    """The learnt state is one shared variable of tparams, named, of type floatX, and has a gradient."""
    if convention != "state_keyword":
        return
    case = layer_checks.random_case(cell, numpy.random.RandomState(11), 3, 2, state=False)
    x = engine.tensor.tensor3()
    tparams = engine.shared_parameters(case["params"])
    outputs = engine.graph(convention, cell, tparams, x, options={"learn_h0": 1})
    h0 = tparams["at_h0"]
    assert (h0.name, h0.dtype, h0.get_value().shape) == ("at_h0", engine.floatX, (4,))
    engine.graph(convention, cell, tparams, x, options={"learn_h0": 1})
    assert tparams["at_h0"] is h0
    gradient = engine.function([x], engine.tensor.grad(outputs[0].sum(), h0))(case["x"].astype(engine.floatX))
    assert gradient.shape == (4,)
    assert abs(gradient).min() > 0


def check_compiled(engine, convention, cell):
    """In Theano's default mode, compiled and optimized: the reference's states, finite gradients (with floatX=float32)."""
    if engine.precise:
        return  # a minute, and nobody trains in float64
    case = layer_checks.random_case(cell, numpy.random.RandomState(12), 5, 3, state=False)
    x, mask = engine.tensor.tensor3(), engine.tensor.matrix()
    tparams = engine.shared_parameters(case["params"])
    outputs = engine.graph(convention, cell, tparams, x, mask)
    gradients = engine.tensor.grad((outputs[0][-1] ** 2).sum(), list(tparams.values()))
    values = [case[name].astype(engine.floatX) for name in ["x", "mask"]]
    found = engine.function([x, mask], outputs + gradients, mode=None)(*values)
    layer_checks.close(engine, found[: len(outputs)], layer_reference.run(cell, **case))
    assert all(numpy.isfinite(gradient).all() and abs(gradient).max() > 0 for gradient in found[len(outputs) :])


CHECKS = layer_checks.CHECKS + (
    check_types,
    check_one_state_for_all,
    check_float32_parameters,
    check_gradients,
    check_symbolic_nsteps,
    check_truncated_gradients,
    check_learnt_state_trains,
    check_compiled,
)


def results(folder):
    """Run every check; name to "" or to the traceback."""
    engine, found = TheanoEngine(folder), OrderedDict()
    for check in CHECKS:
        for convention in layer_checks.CONVENTIONS:
            for cell in layer_checks.CELLS:
                name = "-".join([check.__name__, convention, cell])
                try:
                    check(engine, convention, cell)
                    found[name] = ""
                except Exception:  # noqa: BLE001 - every failure is reported, none stops the others
                    found[name] = traceback.format_exc()
    return found


if __name__ == "__main__":
    json.dump(results(sys.argv[1]), sys.stdout)
