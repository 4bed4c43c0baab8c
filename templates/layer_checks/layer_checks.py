"""What an injected layer must do, said once for everything that can run it, each check with the row that it yields.

A runner runs one cell of one layers module in one type: it has ``layer`` (layer_functions.LayerFunctions), ``dtype``,
``seed``, ``quick`` and ``outputs(params, x, mask, state, memory, ...)``, which returns arrays; one that
``differentiates`` also has ``gradients(case, weights)`` and ``in_float64()``. Theano's is in ``layer_runner.py``; the
tests have one on NumPy.

For Python 2.7 and 3.
"""

import itertools
import traceback
from collections import OrderedDict

import layer_reference
import numpy
from layer_cases import describe_case, parameter_shapes, random_case, small_variance_case
from layer_rows import CheckRow

# ten times and more of the worst of 25 seeds, with Theano 0.8.2
FORWARD = {"float32": 1e-5, "float64": 1e-12}
GRADIENT = {"float32": 5e-5, "float64": 1e-6}
EXACT = {"float32": 0.0, "float64": 0.0}


class Check(object):
    """A check by the name of its row, with the tolerances of the types that it is made in.

    when: whether a runner has what the check is about
    once: whether the type that is computed in makes no difference
    """

    def __init__(self, name, run, tolerances, when, once):
        self.name, self.run, self.tolerances, self.when, self.once = name, run, tolerances, when, once

    def applies(self, runner):
        """Whether the check can be made."""
        return runner.dtype in self.tolerances and self.when(runner)

    def make_row(self, runner):
        """Make the check; whatever it raises is a problem in its row."""
        row = CheckRow(self.name, runner.dtype, self.tolerances[runner.dtype])
        try:
            self.run(runner, row)
        except Exception:  # one check that crashes must not stop the others
            row.fail(join_last_lines(traceback.format_exc()))
        return row


CHECKS = []


def check(name, tolerances, when=lambda runner: True, once=False, to=CHECKS):
    """Add the decorated function to the checks."""

    def add(run):
        to.append(Check(name, run, tolerances, when, once))
        return run

    return add


def join_last_lines(text, count=6):
    """Return the end of a traceback in one line; Theano's hints on debugging are left out."""
    text = text.split("\nHINT:")[0].split("\nBacktrace when")[0]
    return " | ".join(line.strip() for line in text.strip().splitlines()[-count:] if line.strip())


def has_cell_state(runner):
    """Whether the cell keeps a second state."""
    return runner.layer.cell == "lnlstm"


def is_keyword(runner):
    """Whether the repository is of the family with more keyword arguments (attentive-reader)."""
    return runner.layer.keyword


def differentiates(runner):
    """Whether the runner gives gradients."""
    return runner.differentiates


def make_rng(runner, number):
    """Make the source of random numbers of one check: each has its own, so that a new check changes no other."""
    return numpy.random.RandomState(1000 * runner.seed + number)


def run_reference(runner, case):
    """Compute what the layer ought to compute."""
    return layer_reference.run_cell(runner.layer.cell, **case)


@check("parameters", {"float32": 1e-5, "float64": 1e-5}, once=True)
def check_parameters(runner, row):
    """Names, order, shapes, types and initial values, and the sizes that ``dim_proj`` stands in for."""
    cell, initialize = runner.layer.cell, runner.layer.initialize
    numpy.random.seed(runner.seed)
    table = OrderedDict(Wemb=numpy.zeros(1))
    returned = initialize({}, table, prefix="at", nin=6, dim=5)
    if returned is not table:
        row.fail("the initializer does not return the dict that it is given")
    params = OrderedDict((name, value) for name, value in returned.items() if name != "Wemb")
    shapes = parameter_shapes(cell, 6, 5)
    if list(params) != ["at_" + name for name in shapes]:
        return row.fail("names %s, not %s" % (" ".join(params), " ".join("at_" + name for name in shapes)))
    for name, shape in shapes.items():
        compare_initial_value(row, name, params["at_" + name], shape)
    find_shared_draws(row, params, initialize({}, OrderedDict(), prefix="at", nin=6, dim=5))
    params = initialize({"dim_proj": 3}, OrderedDict())
    actual = OrderedDict((name, value.shape) for name, value in params.items())
    if actual != OrderedDict((cell + "_" + name, shape) for name, shape in parameter_shapes(cell, 3, 3).items()):
        row.fail("dim_proj=3 makes %s" % ", ".join("%s %r" % pair for pair in actual.items()))
    return None


def compare_initial_value(row, name, value, shape):
    """Compare one parameter with what its letter says: U orthogonal, W not zero, s (gains) one, b (biases) zero."""
    row.cases += 1
    if value.shape != shape or value.dtype != "float32":
        row.fail("%s %r, not float32 %r" % (value.dtype, value.shape, shape), name)
    elif name[0] == "U":
        dim = shape[0]
        for block in numpy.split(value.astype("float64"), shape[1] // dim, axis=1):
            gram = block.dot(block.T)  # orthogonal, up to the scale that the repository's initializer gives it
            scale = numpy.trace(gram) / dim
            row.measure(abs(gram / scale - numpy.eye(dim)).max() if scale > 0 else numpy.inf, name)
    elif name[0] == "W":
        if not (numpy.isfinite(value).all() and abs(value).min() > 0):
            row.fail("holds zeros, infinity or NaN", name)
    else:
        row.measure(abs(value - (1 if name[0] == "s" else 0)).max(), name)


def find_shared_draws(row, params, again):
    """Fail where the gates of a matrix have the same initial values; ``again`` is a second draw of ``params``."""
    for name in ("at_W", "at_U"):
        # where the repository's initializers give the same at every call, the gates cannot differ either
        if (again[name] != params[name]).any():
            columns = {column.tobytes() for column in params[name].T}
            if len(columns) != params[name].shape[1]:
                row.fail("gates share their initial values", name)


def check_every_kind_of_call(runner, row, output):
    """Every kind of call gives the reference's output of that number."""
    random = make_rng(runner, 0)
    kinds = itertools.product((False, True), repeat=3)
    for flat, mask, state in [(False, True, True), (True, False, False)] if runner.quick else kinds:
        for steps, samples in [(5, 1 if flat else 3), (1, 1), (2, 1)]:
            case = random_case(runner.layer.cell, random, steps, samples, flat=flat, mask=mask, state=state)
            compare_output(runner, row, case, output)
    for nin, dim in [(4, 1), (3, 17)]:
        compare_output(runner, row, random_case(runner.layer.cell, random, 4, 2, nin, dim), output)


def compare_output(runner, row, case, output):
    """Compare one of the outputs."""
    actual, expected = runner.outputs(**case), run_reference(runner, case)
    if len(actual) != len(expected):
        return row.fail("%d outputs, not %d" % (len(actual), len(expected)), describe_case(case))
    return row.compare([actual[output]], [expected[output]], describe_case(case))


@check("forward", FORWARD)
def check_forward(runner, row):
    """The states."""
    check_every_kind_of_call(runner, row, 0)


@check("cell state", FORWARD, when=has_cell_state)
def check_cell_state(runner, row):
    """The LSTM's cells."""
    check_every_kind_of_call(runner, row, 1)


@check("epsilon", FORWARD)
def check_epsilon(runner, row):
    """Where the variance is as small as epsilon, the states and cells are right: epsilon is 1e-5, inside the root."""
    random = make_rng(runner, 1)
    for _ in range(4):
        case = small_variance_case(runner.layer.cell, random, 2, 3)
        case["mask"] = numpy.ones((2, 3), "float32")
        row.compare(runner.outputs(**case), run_reference(runner, case), describe_case(case))


@check("one step", FORWARD)
def check_one_step(runner, row):
    """``one_step`` is the first step of the sequence, without the time axis."""
    random = make_rng(runner, 2)
    for mask, state in itertools.product((True, False), repeat=2):
        case = random_case(runner.layer.cell, random, 1, 4, mask=mask, state=state)
        expected = [value[0] for value in run_reference(runner, case)]
        case.update(x=case["x"][0], mask=case["mask"][0] if mask else None)
        row.compare(runner.outputs(one_step=True, **case), expected, describe_case(case, one_step=True))


@check("masked steps", EXACT)
def check_masked_steps(runner, row):
    """A masked step leaves state and cell exactly as they were; another one does not."""
    case = random_case(runner.layer.cell, make_rng(runner, 3), 6, 3)
    case["mask"] = numpy.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]], "float32")
    kept = case["mask"] == 0
    for name, values, start in zip("hc", runner.outputs(**case), [case["state"], case["memory"]]):
        before = numpy.concatenate([start[None], values[:-1]])
        row.compare([values[kept]], [before[kept]], name)
        if (values[~kept] == before[~kept]).any():
            row.fail("keeps its value where the mask is 1", name)


@check("samples apart", FORWARD)
def check_samples_apart(runner, row):
    """Neither another sample's input nor what is in the padding changes a sample's output."""
    case = random_case(runner.layer.cell, make_rng(runner, 4), 4, 3)
    first = runner.outputs(**case)
    second = dict(case, x=numpy.where(case["mask"][:, :, None] > 0, case["x"], numpy.float32(7)))
    row.compare(runner.outputs(**second), first, "padding")
    for sample in range(3):
        others = [n for n in range(3) if n != sample]
        third = dict(case, x=case["x"].copy())
        third["x"][:, sample] += 1
        outputs = runner.outputs(**third)
        row.compare([v[:, others] for v in outputs], [v[:, others] for v in first], "sample %d" % sample)


@check("nsteps", FORWARD, when=is_keyword)
def check_keyword_convention(runner, row):
    """Masks with three axes and ``nsteps``, as attentive-reader passes them."""
    case = random_case(runner.layer.cell, make_rng(runner, 5), 5, 6)
    expected = run_reference(runner, case)
    case["mask"] = case["mask"].reshape((5, 2, 3))
    row.compare(runner.outputs(**case), expected, "mask of three axes")
    row.compare(runner.outputs(nsteps=3, **case), [value[:3] for value in expected], "nsteps=3")


@check("learnt state", FORWARD, when=is_keyword)
def check_learnt_state(runner, row):
    """``options['learn_h0']`` starts at zero, takes the value that is there already, and gives way to init_state."""
    case = random_case(runner.layer.cell, make_rng(runner, 6), 3, 2, state=False)
    options = {"learn_h0": 1}
    row.compare(runner.outputs(options=options, **case), run_reference(runner, case), "at first")
    h0 = numpy.array([0.5, -1, 2, 0.25], "float32")
    expected = run_reference(runner, dict(case, state=h0))
    case["params"]["h0"] = h0
    row.compare(runner.outputs(options=options, **case), expected, "learnt")
    case["state"] = numpy.zeros((2, 4), "float32")
    row.compare(runner.outputs(options=options, **case), run_reference(runner, case), "init_state given")


def gradient_cases(runner):
    """Yield cases with a weight for every number that the layer puts out, so that every one of them has a gradient."""
    random = make_rng(runner, 7)
    kinds = [{}, {"steps": 1, "samples": 1}]
    if not runner.quick:
        # no [T, nin]: Theano 0.8.2 has no gradient of any scan over a state whose axis is known to broadcast
        kinds += [{"mask": False, "state": False}]
    for kind in kinds:
        case = random_case(runner.layer.cell, random, **dict({"steps": 4, "samples": 3}, **kind))
        if case["mask"] is not None:
            case["mask"][0] = 1  # else the shortest case is masked throughout
        yield case, [random.normal(size=value.shape) for value in run_reference(runner, case)]


def compare_gradients(row, actual, expected, case):
    """Compare gradients, each array relative to its largest value."""
    missing = set(expected) - set(actual)
    if missing:
        return row.fail("no gradient of " + ", ".join(sorted(missing)), case)
    for name, right in expected.items():
        row.compare([actual[name]], [right], "%s, by %s" % (case, name), relative=True)
    return None


@check("gradients", GRADIENT, when=differentiates)
def check_gradients(runner, row):
    """By every parameter, the input and the initial states, against central differences of the reference."""
    for case, weights in gradient_cases(runner):
        expected = layer_reference.numeric_gradients(runner.layer.cell, case, weights)
        compare_gradients(row, runner.gradients(case, weights), expected, describe_case(case))


@check("gradients against float64", {"float32": GRADIENT["float32"]}, when=differentiates)
def check_gradients_of_types(runner, row):
    """The gradients in float32 are those of the same graph in float64."""
    precise = runner.in_float64()
    for case, weights in gradient_cases(runner):
        expected = precise.gradients(case, weights)
        compare_gradients(row, runner.gradients(case, weights), expected, describe_case(case))


@check("optimized", {"float32": GRADIENT["float32"]}, when=lambda runner: runner.differentiates and not runner.quick)
def check_optimized(runner, row):
    """States and gradients of the graph that training runs, optimized and compiled, against those in float64."""
    case, weights = next(gradient_cases(runner))
    row.compare(runner.outputs(training=True, **case), run_reference(runner, case), describe_case(case))
    expected = runner.in_float64().gradients(case, weights)
    compare_gradients(row, runner.gradients(case, weights, training=True), expected, describe_case(case))
