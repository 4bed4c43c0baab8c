"""Run the templates on Theano: lnpatch's own checks, and those of types and options that the repositories do not use.

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
import layer_runner
import template_functions
from layer_cases import random_case
from layer_checks import FORWARD, check, is_keyword, make_rng, run_reference

EXTRA = []


def compile_and_call(runner, inputs, outputs, values):
    """Compile and call a function of the inputs that are not None."""
    arguments = [numpy.asarray(value, i.dtype) for value, i in zip(values, inputs) if i is not None]
    return runner.compile_function(inputs, outputs)(*arguments)


def build_graph(runner, params, x, mask=None, state=None, memory=None, options=None, **kwargs):
    """Build the outputs of the layer, symbolic, and its shared variables."""
    tparams = runner.make_parameters(params)
    return runner.layer.build_graph(tparams, x, mask, state, memory, options or {}, **kwargs), tparams


@check("types", FORWARD, to=EXTRA)
def check_types(runner, row):
    """Scan takes arguments of every type that means the same, of which any axis may be known to broadcast."""
    tensor = runner.tensor
    case = random_case(runner.layer.cell, make_rng(runner, 20), 3, 1)
    case["mask"][...] = 1
    expected = run_reference(runner, case)
    flat, any_matrix, one_column, one_row = (False, False), (False, False), (False, True), (True, False)
    known, unknown = (False, True, False), (False, False, False)
    for x_type, mask_type, mask_dtype, state_type in [
        (unknown, any_matrix, "float32", any_matrix),
        (unknown, any_matrix, "int64", one_row),
        (unknown, one_column, "int8", one_row),
        (unknown, None, None, one_row),
        (known, any_matrix, "float32", any_matrix),
        (known, any_matrix, "float64", one_row),
        (known, one_column, "float32", any_matrix),
        (known, None, None, one_row),
        (flat, any_matrix, "float32", any_matrix),
        (flat, any_matrix, "float32", one_row),
        (flat, one_column, "float32", one_row),
        (flat, None, None, any_matrix),
        (flat, None, None, one_row),
    ]:
        x = tensor.TensorType(runner.dtype, x_type)("x")
        mask = mask_type and tensor.TensorType(mask_dtype, mask_type)("mask")
        state = tensor.TensorType("float32", state_type)("state")
        memory = None if case["memory"] is None else tensor.TensorType("float32", state_type)("memory")
        inputs = [x, mask, state, memory]
        values = [case["x"].reshape((3, 3) if x.ndim == 2 else (3, 1, 3)), case["mask"], case["state"], case["memory"]]
        outputs, _ = build_graph(runner, case["params"], *inputs)
        row.compare(
            compile_and_call(runner, inputs, outputs, values),
            expected,
            repr((x_type, mask_type, mask_dtype, state_type)),
        )


@check("one state for all", FORWARD, to=EXTRA)
def check_one_state_for_all(runner, row):
    """A column mask, a row or a vector as the initial state serve all the samples."""
    tensor = runner.tensor
    case = random_case(runner.layer.cell, make_rng(runner, 21), 3, 4)
    case["mask"][:] = case["mask"][:, :1]
    case["state"][:] = case["state"][:1]
    expected = run_reference(runner, case)
    memory = None if case["memory"] is None else tensor.matrix()
    for state, value in [(tensor.row(), case["state"][:1]), (tensor.vector(), case["state"][0])]:
        inputs = [tensor.tensor3(), tensor.col(dtype="float32"), state, memory]
        outputs, _ = build_graph(runner, case["params"], *inputs)
        values = [case["x"], case["mask"][:, :1], value, case["memory"]]
        row.compare(compile_and_call(runner, inputs, outputs, values), expected, repr(state.type))


@check("float32 parameters", {"float32": 2e-5, "float64": 2e-5}, to=EXTRA)
def check_float32_parameters(runner, row):
    """The repositories' own types (float32 whatever floatX is) make one graph without a type error."""
    case = random_case(runner.layer.cell, make_rng(runner, 22), 3, 2, state=False)
    tparams = OrderedDict(("at_" + name, runner.theano.shared(value)) for name, value in case["params"].items())
    inputs = [runner.tensor.tensor3(dtype="float32"), runner.tensor.matrix(dtype="float32")]
    outputs = runner.layer.build_graph(tparams, *inputs, state=None, memory=None, options={})
    row.compare(compile_and_call(runner, inputs, outputs, [case["x"], case["mask"]]), run_reference(runner, case))


@check("symbolic nsteps", FORWARD, when=is_keyword, to=EXTRA)
def check_symbolic_nsteps(runner, row):
    """``nsteps`` as attentive-reader gives it, an unsigned scalar input."""
    case = random_case(runner.layer.cell, make_rng(runner, 23), 5, 2, mask=False, state=False)
    inputs = [runner.tensor.tensor3(), runner.tensor.scalar(dtype="uint32")]
    outputs, _ = build_graph(runner, case["params"], inputs[0], nsteps=inputs[1])
    row.compare(
        compile_and_call(runner, inputs, outputs, [case["x"], 3]), [value[:3] for value in run_reference(runner, case)]
    )


@check("truncated gradients", {"float32": 0.0, "float64": 0.0}, when=is_keyword, to=EXTRA)
def check_truncated_gradients(runner, row):
    """``truncate`` stops the gradient that many steps back; -1 and None let it through."""
    case = random_case(runner.layer.cell, make_rng(runner, 24), 6, 2, mask=False, state=False)
    for truncate, steps in [(None, 6), (-1, 6), (2, 2)]:
        x = runner.tensor.tensor3()
        outputs, _ = build_graph(runner, case["params"], x, truncate=truncate)
        gradient = compile_and_call(runner, [x], runner.tensor.grad(outputs[0][-1].sum(), x), [case["x"]])
        reach = abs(gradient).sum(axis=(1, 2)) > 0
        row.compare([reach], [numpy.arange(6) >= 6 - steps], "truncate=%s" % truncate)


@check("learnt state trains", {"float32": 0.0, "float64": 0.0}, when=is_keyword, to=EXTRA)
def check_learnt_state_trains(runner, row):
    """The learnt state is one shared variable of tparams, named, of type floatX, and has a gradient."""
    case = random_case(runner.layer.cell, make_rng(runner, 25), 3, 2, state=False)
    x = runner.tensor.tensor3()
    outputs, tparams = build_graph(runner, case["params"], x, options={"learn_h0": 1})
    h0 = tparams["at_h0"]
    if (h0.name, h0.dtype) != ("at_h0", runner.dtype):
        row.fail("%s of %s" % (h0.name, h0.dtype))
    row.compare([h0.get_value()], [numpy.zeros(4)])
    runner.layer.build_graph(tparams, x, None, None, None, {"learn_h0": 1})
    if tparams["at_h0"] is not h0:
        row.fail("a second call makes another")
    gradient = compile_and_call(runner, [x], runner.tensor.grad(outputs[0].sum(), h0), [case["x"]])
    if gradient.shape != (4,) or not abs(gradient).min() > 0:
        row.fail("its gradient is %r" % gradient)


CHECKS = layer_checks.CHECKS + EXTRA


def make_rows(folder, dtype):
    """Make all the checks on the templates in ``folder``; return their rows by check, convention and cell."""
    theano = __import__("theano")
    names = template_functions.make_helpers(numpy.random.RandomState(0))

    def shared(value, name=None):
        return theano.shared(numpy.asarray(value, theano.config.floatX), name=name)

    names.update(theano=theano, tensor=theano.tensor, sharedX=shared)
    rows = OrderedDict()
    for convention in template_functions.CONVENTIONS:
        for cell in template_functions.CELLS:
            layer = template_functions.find_template_layer(folder, convention, cell, names)
            runner = layer_runner.TheanoRunner(layer, dtype)
            for each in CHECKS:
                if each.applies(runner):
                    rows["%s-%s-%s" % (each.name, convention, cell)] = each.make_row(runner).as_json()
    return rows


if __name__ == "__main__":
    json.dump(make_rows(*sys.argv[1:]), sys.stdout)
