"""Record what layers compute on Theano or PyTensor: outputs and all gradients of some calls. For Python 2.7 and 3.

    PYTHON record_layers.py TEMPLATES OUT.npz DTYPE CELLS [FOLDER MODULE]

FOLDER and MODULE are those of a patched checkout's layers; without them, the LN cells are those of the templates and the
plain GRU is the demo's. Arrays are named CELL/CASE/NAME; floatX has to be DTYPE.
"""
# ruff: noqa: B905, UP031

import importlib
import os
import sys
from collections import OrderedDict

import numpy

#: Steps, samples, input size, dim, mask, initial state.
CASES = OrderedDict(
    [
        ("plain", (7, 5, 4, 6, False, False)),
        ("masked", (7, 5, 4, 6, True, True)),
        ("one_step", (1, 3, 4, 6, False, True)),
        ("one_sample", (9, 1, 3, 8, True, True)),
        ("square", (5, 4, 8, 8, True, True)),
    ]
)


def make_parameters(cell, rng, nin, dim):
    """Draw parameters; gains are around 1."""
    from layer_cases import parameter_shapes

    shapes = parameter_shapes({"gru": "lngru", "lstm": "lnlstm"}.get(cell, cell), nin, dim)
    plain = cell in ("gru", "lstm")
    return OrderedDict(
        (name, (rng.normal(size=shape) * 0.3 + (name[0] == "s")).astype("float32"))
        for name, shape in shapes.items()
        if not (plain and name[0] in "bs" and name[1:].isdigit())
    )


def make_case(cell, number, steps, samples, nin, dim, mask, state):
    """Draw a call; the last sample of a masked one has no word at all."""
    rng = numpy.random.RandomState(number)
    case = {"params": make_parameters(cell, rng, nin, dim), "mask": None, "state": None, "memory": None}
    case["x"] = rng.normal(size=(steps, samples, nin)).astype("float32")
    if mask:
        lengths = rng.randint(1, steps + 1, size=samples)
        if samples > 1:
            lengths[-1] = 0
        case["mask"] = (numpy.arange(steps)[:, None] < lengths).astype("float32")
    if state:
        case["state"] = rng.normal(size=(samples, dim)).astype("float32")
        if cell.endswith("lstm"):
            case["memory"] = rng.normal(size=(samples, dim)).astype("float32")
    return case


def find_layer(cell, folder, module):
    """Find a cell in a checkout, or in the templates and the demo."""
    import layer_functions
    import template_functions

    if module:
        return layer_functions.LayerFunctions.from_module(module, cell)
    theano = importlib.import_module("theano")
    names = template_functions.make_helpers(numpy.random.RandomState(0))
    names.update(theano=theano, tensor=theano.tensor, sharedX=theano.shared)
    if cell.startswith("ln"):
        return template_functions.find_template_layer(folder, "state_keyword", cell, names)
    return template_functions.find_file_layer(os.path.join(folder, "demo", "layers.py"), cell, names)


#: What attentive-reader's own layers look up.
OPTIONS = {"learn_h0": False}


def record(cell, layer, dtype):
    """Yield names and arrays of all cases of a cell."""
    import layer_runner

    runner = layer_runner.TheanoRunner(layer, dtype)
    for number, (name, shape) in enumerate(CASES.items()):
        case = make_case(cell, number, *shape)
        arguments = [case[key] for key in ("x", "mask", "state", "memory")]
        outputs = runner.outputs(case["params"], *arguments, options=OPTIONS)
        rng = numpy.random.RandomState(number)
        # the cell's gradient is asked for as well: of both states for each cell
        weights = [rng.normal(size=output.shape).astype("float32") for output in outputs]
        gradients = runner.gradients(case, weights, options=OPTIONS)
        for key, value in case["params"].items():
            yield "%s/%s/param/%s" % (cell, name, key), value
        for key, value in zip(("x", "mask", "state", "memory"), arguments):
            if value is not None:
                yield "%s/%s/input/%s" % (cell, name, key), value
        for i, (output, weight) in enumerate(zip(outputs, weights)):
            yield "%s/%s/output/%d" % (cell, name, i), output
            yield "%s/%s/weight/%d" % (cell, name, i), weight
        for key, value in gradients.items():
            yield "%s/%s/gradient/%s" % (cell, name, key), value


def main(templates, out, dtype, cells, folder=None, module=None):
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:0] = [os.path.join(templates, "layer_checks"), os.path.join(here, "..", "templates")]
    if folder:
        sys.path.insert(0, folder)
    arrays = OrderedDict()
    for cell in cells.split(","):
        arrays.update(record(cell, find_layer(cell, templates, module), dtype))
    numpy.savez(out, **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
