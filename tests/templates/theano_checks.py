"""The templates run on Theano: lnpatch's own checks, and those of types and options that the repositories do not use.

Run by the tests under the interpreter that has Theano (Python 2.7 or 3):

    PYTHON theano_checks.py TEMPLATES DTYPE

prints one JSON object, the name of a check, a convention and a cell to the check's row. floatX has to be DTYPE.
"""
# ruff: noqa: B905, UP031

import json
import os
import sys
from collections import OrderedDict

import numpy

if __name__ == "__main__":
    sys.path.insert(0, os.path.join(sys.argv[1], "layer_checks"))

import layer_checks
import layer_engine
import template_targets
from layer_cases import random_case
from layer_checks import FORWARD, check, is_keyword, reference, rng

EXTRA = []


def call(engine, inputs, outputs, values):
    """Compile and call a function of the inputs that are not None."""
    arguments = [numpy.asarray(value, i.dtype) for value, i in zip(values, inputs) if i is not None]
    return engine.function(inputs, outputs)(*arguments)


def graph(engine, params, x, mask=None, state=None, memory=None, options=None, **kwargs):
    """The outputs of the layer, symbolic, and its shared variables."""
    tparams = engine.parameters(params)
    return engine.target.graph(tparams, x, mask, state, memory, options or {}, **kwargs), tparams


@check("types", FORWARD, to=EXTRA)
def check_types(engine, figure):
    """Scan takes arguments of every type that means the same, of which any axis may be known to broadcast."""
    tensor = engine.tensor
    case = random_case(engine.target.cell, rng(engine, 20), 3, 1)
    case["mask"][...] = 1
    wanted = reference(engine, case)
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
        x = tensor.TensorType(engine.dtype, x_type)("x")
        mask = mask_type and tensor.TensorType(mask_dtype, mask_type)("mask")
        state = tensor.TensorType("float32", state_type)("state")
        memory = None if case["memory"] is None else tensor.TensorType("float32", state_type)("memory")
        inputs = [x, mask, state, memory]
        values = [case["x"].reshape((3, 3) if x.ndim == 2 else (3, 1, 3)), case["mask"], case["state"], case["memory"]]
        outputs, _ = graph(engine, case["params"], *inputs)
        figure.compare(call(engine, inputs, outputs, values), wanted, repr((x_type, mask_type, mask_dtype, state_type)))


@check("one state for all", FORWARD, to=EXTRA)
def check_one_state_for_all(engine, figure):
    """A column mask, a row or a vector as the initial state serve all the samples."""
    tensor = engine.tensor
    case = random_case(engine.target.cell, rng(engine, 21), 3, 4)
    case["mask"][:] = case["mask"][:, :1]
    case["state"][:] = case["state"][:1]
    wanted = reference(engine, case)
    memory = None if case["memory"] is None else tensor.matrix()
    for state, value in [(tensor.row(), case["state"][:1]), (tensor.vector(), case["state"][0])]:
        inputs = [tensor.tensor3(), tensor.col(dtype="float32"), state, memory]
        outputs, _ = graph(engine, case["params"], *inputs)
        values = [case["x"], case["mask"][:, :1], value, case["memory"]]
        figure.compare(call(engine, inputs, outputs, values), wanted, repr(state.type))


@check("float32 parameters", {"float32": 2e-5, "float64": 2e-5}, to=EXTRA)
def check_float32_parameters(engine, figure):
    """The repositories' own types (float32 whatever floatX is) make one graph without a type error."""
    case = random_case(engine.target.cell, rng(engine, 22), 3, 2, state=False)
    tparams = OrderedDict(("at_" + name, engine.theano.shared(value)) for name, value in case["params"].items())
    inputs = [engine.tensor.tensor3(dtype="float32"), engine.tensor.matrix(dtype="float32")]
    outputs = engine.target.graph(tparams, *inputs, state=None, memory=None, options={})
    figure.compare(call(engine, inputs, outputs, [case["x"], case["mask"]]), reference(engine, case))


@check("symbolic nsteps", FORWARD, when=is_keyword, to=EXTRA)
def check_symbolic_nsteps(engine, figure):
    """``nsteps`` as attentive-reader gives it, an unsigned scalar input."""
    case = random_case(engine.target.cell, rng(engine, 23), 5, 2, mask=False, state=False)
    inputs = [engine.tensor.tensor3(), engine.tensor.scalar(dtype="uint32")]
    outputs, _ = graph(engine, case["params"], inputs[0], nsteps=inputs[1])
    figure.compare(call(engine, inputs, outputs, [case["x"], 3]), [value[:3] for value in reference(engine, case)])


@check("truncated gradients", {"float32": 0.0, "float64": 0.0}, when=is_keyword, to=EXTRA)
def check_truncated_gradients(engine, figure):
    """``truncate`` stops the gradient that many steps back; -1 and None let it through."""
    case = random_case(engine.target.cell, rng(engine, 24), 6, 2, mask=False, state=False)
    for truncate, steps in [(None, 6), (-1, 6), (2, 2)]:
        x = engine.tensor.tensor3()
        outputs, _ = graph(engine, case["params"], x, truncate=truncate)
        gradient = call(engine, [x], engine.tensor.grad(outputs[0][-1].sum(), x), [case["x"]])
        reach = abs(gradient).sum(axis=(1, 2)) > 0
        figure.compare([reach], [numpy.arange(6) >= 6 - steps], "truncate=%s" % truncate)


@check("learnt state trains", {"float32": 0.0, "float64": 0.0}, when=is_keyword, to=EXTRA)
def check_learnt_state_trains(engine, figure):
    """The learnt state is one shared variable of tparams, named, of type floatX, and has a gradient."""
    case = random_case(engine.target.cell, rng(engine, 25), 3, 2, state=False)
    x = engine.tensor.tensor3()
    outputs, tparams = graph(engine, case["params"], x, options={"learn_h0": 1})
    h0 = tparams["at_h0"]
    if (h0.name, h0.dtype) != ("at_h0", engine.dtype):
        figure.fail("%s of %s" % (h0.name, h0.dtype))
    figure.compare([h0.get_value()], [numpy.zeros(4)])
    engine.target.graph(tparams, x, None, None, None, {"learn_h0": 1})
    if tparams["at_h0"] is not h0:
        figure.fail("a second call makes another")
    gradient = call(engine, [x], engine.tensor.grad(outputs[0].sum(), h0), [case["x"]])
    if gradient.shape != (4,) or not abs(gradient).min() > 0:
        figure.fail("its gradient is %r" % gradient)


CHECKS = layer_checks.CHECKS + EXTRA


def rows(folder, dtype):
    """The rows of all the checks."""
    theano = __import__("theano")
    names = template_targets.helpers(numpy.random.RandomState(0))

    def shared(value, name=None):
        return theano.shared(numpy.asarray(value, theano.config.floatX), name=name)

    names.update(theano=theano, tensor=theano.tensor, sharedX=shared)
    found = OrderedDict()
    for convention in template_targets.CONVENTIONS:
        for cell in template_targets.CELLS:
            target = template_targets.template_target(folder, convention, cell, names)
            engine = layer_engine.TheanoEngine(target, dtype)
            for each in CHECKS:
                if each.applies(engine):
                    found["%s-%s-%s" % (each.name, convention, cell)] = each.figure(engine).row()
    return found


if __name__ == "__main__":
    json.dump(rows(*sys.argv[1:]), sys.stdout)
