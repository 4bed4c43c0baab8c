"""What an injected layer must do, said once for every engine that can run it, each with the figure that it yields.

An engine runs one cell of one layers module in one type: it has ``target`` (layer_target.Target), ``dtype``, ``seed``,
``quick`` and ``outputs(params, x, mask, state, memory, ...)``, which returns arrays; one that ``differentiates`` also has
``gradients(case, weights)`` and ``at(dtype)``. Theano's is in ``layer_engine.py``; the tests have one on NumPy.

For Python 2.7 and 3.
"""

import itertools
import traceback
from collections import OrderedDict

import layer_reference
import numpy
from layer_cases import described, random_case, shapes, small_case
from layer_figures import Figure

# ten times and more of the worst of 25 seeds, with Theano 0.8.2
FORWARD = {"float32": 1e-5, "float64": 1e-12}
GRADIENT = {"float32": 5e-5, "float64": 1e-6}
EXACT = {"float32": 0.0, "float64": 0.0}


class Check(object):
    """A check by the name of its row, with the tolerances of the types that it is made in.

    when: whether an engine has what the check is about
    once: whether the type that is computed in makes no difference
    """

    def __init__(self, name, run, tolerances, when, once):
        self.name, self.run, self.tolerances, self.when, self.once = name, run, tolerances, when, once

    def applies(self, engine):
        """Whether the check can be made."""
        return engine.dtype in self.tolerances and self.when(engine)

    def figure(self, engine):
        """Make the check; whatever it raises is in its figure."""
        figure = Figure(self.name, engine.dtype, self.tolerances[engine.dtype])
        try:
            self.run(engine, figure)
        except Exception:  # one check that crashes must not stop the others
            figure.fail(last_lines(traceback.format_exc()))
        return figure


CHECKS = []


def check(name, tolerances, when=lambda engine: True, once=False, to=CHECKS):
    """Add the decorated function to the checks."""

    def add(run):
        to.append(Check(name, run, tolerances, when, once))
        return run

    return add


def last_lines(text, count=6):
    """The end of a traceback, in one line; Theano's hints on debugging are left out."""
    text = text.split("\nHINT:")[0].split("\nBacktrace when")[0]
    return " | ".join(line.strip() for line in text.strip().splitlines()[-count:] if line.strip())


def has_cell_state(engine):
    """Whether the cell keeps a second state."""
    return engine.target.cell == "lnlstm"


def is_keyword(engine):
    """Whether the repository is of the family with more keyword arguments (attentive-reader)."""
    return engine.target.keyword


def differentiates(engine):
    """Whether the engine gives gradients."""
    return engine.differentiates


def rng(engine, number):
    """A source of random numbers for one check."""
    return numpy.random.RandomState(1000 * engine.seed + number)


def reference(engine, case):
    """What the layer ought to compute."""
    return layer_reference.run(engine.target.cell, **case)


@check("parameters", {"float32": 1e-5, "float64": 1e-5}, once=True)
def check_parameters(engine, figure):
    """Names, order, shapes, types and initial values, and the sizes that ``dim_proj`` stands in for."""
    cell, initialize = engine.target.cell, engine.target.initialize
    numpy.random.seed(engine.seed)
    given = OrderedDict(Wemb=numpy.zeros(1))
    returned = initialize({}, given, prefix="at", nin=6, dim=5)
    if returned is not given:
        figure.fail("the initializer does not return the dict that it is given")
    params = OrderedDict((name, value) for name, value in returned.items() if name != "Wemb")
    wanted = shapes(cell, 6, 5)
    if list(params) != ["at_" + name for name in wanted]:
        return figure.fail("names %s, not %s" % (" ".join(params), " ".join("at_" + name for name in wanted)))
    for name, shape in wanted.items():
        value = params["at_" + name]
        figure.cases += 1
        if value.shape != shape or value.dtype != "float32":
            figure.fail("%s %r, not float32 %r" % (value.dtype, value.shape, shape), name)
        elif name[0] == "U":
            for block in numpy.split(value.astype("float64"), shape[1] // 5, axis=1):
                gram = block.dot(block.T)  # orthogonal, up to the scale that the repository's initializer gives it
                scale = numpy.trace(gram) / 5
                figure.measure(abs(gram / scale - numpy.eye(5)).max() if scale > 0 else numpy.inf, name)
        elif name[0] == "W":
            if not (numpy.isfinite(value).all() and abs(value).min() > 0):
                figure.fail("zeros or no numbers", name)
        else:
            figure.measure(abs(value - (1 if name[0] == "s" else 0)).max(), name)
    again = initialize({}, OrderedDict(), prefix="at", nin=6, dim=5)
    for name in ("at_W", "at_U"):
        # each gate has a draw of its own, but where the repository's initializers give the same at every call
        if (again[name] != params[name]).any():
            columns = {column.tobytes() for column in params[name].T}
            if len(columns) != params[name].shape[1]:
                figure.fail("gates share their initial values", name)
    sizes = shapes(cell, 3, 3)
    params = initialize({"dim_proj": 3}, OrderedDict())
    found = OrderedDict((name, value.shape) for name, value in params.items())
    if found != OrderedDict((cell + "_" + name, shape) for name, shape in sizes.items()):
        figure.fail("dim_proj=3 makes %s" % ", ".join("%s %r" % pair for pair in found.items()))
    return None


def forward(engine, figure, output):
    """Every kind of call gives the reference's output of that number."""
    random = rng(engine, 0)
    kinds = itertools.product((False, True), repeat=3)
    for flat, mask, state in [(False, True, True), (True, False, False)] if engine.quick else kinds:
        for steps, samples in [(5, 1 if flat else 3), (1, 1), (2, 1)]:
            case = random_case(engine.target.cell, random, steps, samples, flat=flat, mask=mask, state=state)
            compare_output(engine, figure, case, output)
    for nin, dim in [(4, 1), (3, 17)]:
        compare_output(engine, figure, random_case(engine.target.cell, random, 4, 2, nin, dim), output)


def compare_output(engine, figure, case, output):
    """Compare one of the outputs."""
    found, wanted = engine.outputs(**case), reference(engine, case)
    if len(found) != len(wanted):
        return figure.fail("%d outputs, not %d" % (len(found), len(wanted)), described(case))
    return figure.compare([found[output]], [wanted[output]], described(case))


@check("forward", FORWARD)
def check_forward(engine, figure):
    """The states."""
    forward(engine, figure, 0)


@check("cell state", FORWARD, when=has_cell_state)
def check_cell_state(engine, figure):
    """The LSTM's cells."""
    forward(engine, figure, 1)


@check("epsilon", FORWARD)
def check_epsilon(engine, figure):
    """Where the variance is as small as epsilon, the states and cells are right: epsilon is 1e-5, inside the root."""
    random = rng(engine, 1)
    for _ in range(4):
        case = small_case(engine.target.cell, random, 2, 3)
        case["mask"] = numpy.ones((2, 3), "float32")
        figure.compare(engine.outputs(**case), reference(engine, case), described(case))


@check("one step", FORWARD)
def check_one_step(engine, figure):
    """``one_step`` is the first step of the sequence, without the time axis."""
    random = rng(engine, 2)
    for mask, state in itertools.product((True, False), repeat=2):
        case = random_case(engine.target.cell, random, 1, 4, mask=mask, state=state)
        wanted = [value[0] for value in reference(engine, case)]
        case.update(x=case["x"][0], mask=case["mask"][0] if mask else None)
        figure.compare(engine.outputs(one_step=True, **case), wanted, described(case, one_step=True))


@check("masked steps", EXACT)
def check_masked_steps(engine, figure):
    """A masked step leaves state and cell exactly as they were; another one does not."""
    case = random_case(engine.target.cell, rng(engine, 3), 6, 3)
    case["mask"] = numpy.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]], "float32")
    kept = case["mask"] == 0
    for name, values, start in zip("hc", engine.outputs(**case), [case["state"], case["memory"]]):
        before = numpy.concatenate([start[None], values[:-1]])
        figure.compare([values[kept]], [before[kept]], name)
        if (values[~kept] == before[~kept]).any():
            figure.fail("keeps its value where the mask is 1", name)


@check("samples apart", FORWARD)
def check_samples_apart(engine, figure):
    """Neither another sample's input nor what is in the padding changes a sample's output."""
    case = random_case(engine.target.cell, rng(engine, 4), 4, 3)
    first = engine.outputs(**case)
    second = dict(case, x=numpy.where(case["mask"][:, :, None] > 0, case["x"], numpy.float32(7)))
    figure.compare(engine.outputs(**second), first, "padding")
    for sample in range(3):
        others = [n for n in range(3) if n != sample]
        third = dict(case, x=case["x"].copy())
        third["x"][:, sample] += 1
        found = engine.outputs(**third)
        figure.compare([v[:, others] for v in found], [v[:, others] for v in first], "sample %d" % sample)


@check("nsteps", FORWARD, when=is_keyword)
def check_keyword_convention(engine, figure):
    """Masks with three axes and ``nsteps``, as attentive-reader passes them."""
    case = random_case(engine.target.cell, rng(engine, 5), 5, 6)
    wanted = reference(engine, case)
    case["mask"] = case["mask"].reshape((5, 2, 3))
    figure.compare(engine.outputs(**case), wanted, "mask of three axes")
    figure.compare(engine.outputs(nsteps=3, **case), [value[:3] for value in wanted], "nsteps=3")


@check("learnt state", FORWARD, when=is_keyword)
def check_learnt_state(engine, figure):
    """``options['learn_h0']`` starts at zero, takes the value that is there already, and gives way to init_state."""
    case = random_case(engine.target.cell, rng(engine, 6), 3, 2, state=False)
    options = {"learn_h0": 1}
    figure.compare(engine.outputs(options=options, **case), reference(engine, case), "at first")
    h0 = numpy.array([0.5, -1, 2, 0.25], "float32")
    wanted = reference(engine, dict(case, state=h0))
    case["params"]["h0"] = h0
    figure.compare(engine.outputs(options=options, **case), wanted, "learnt")
    case["state"] = numpy.zeros((2, 4), "float32")
    figure.compare(engine.outputs(options=options, **case), reference(engine, case), "init_state given")


def gradient_cases(engine):
    """Cases with a weight for every number that the layer puts out, so that every one of them has a gradient."""
    random = rng(engine, 7)
    kinds = [{}, {"steps": 1, "samples": 1}]
    if not engine.quick:
        # no [T, nin]: Theano 0.8.2 has no gradient of any scan over a state whose axis is known to broadcast
        kinds += [{"mask": False, "state": False}]
    for kind in kinds:
        case = random_case(engine.target.cell, random, **dict({"steps": 4, "samples": 3}, **kind))
        if case["mask"] is not None:
            case["mask"][0] = 1  # else the shortest case is masked throughout
        yield case, [random.normal(size=value.shape) for value in reference(engine, case)]


def compare_gradients(figure, found, wanted, case):
    """Compare gradients, each array relative to its largest value."""
    missing = set(wanted) - set(found)
    if missing:
        return figure.fail("no gradient of " + ", ".join(sorted(missing)), case)
    for name, right in wanted.items():
        figure.compare([found[name]], [right], "%s, by %s" % (case, name), relative=True)
    return None


@check("gradients", GRADIENT, when=differentiates)
def check_gradients(engine, figure):
    """By every parameter, the input and the initial states, against central differences of the reference."""
    for case, weights in gradient_cases(engine):
        wanted = layer_reference.gradients(engine.target.cell, case, weights)
        compare_gradients(figure, engine.gradients(case, weights), wanted, described(case))


@check("gradients against float64", {"float32": GRADIENT["float32"]}, when=differentiates)
def check_gradients_of_types(engine, figure):
    """The same graph's in float32 and in float64."""
    precise = engine.at("float64")
    for case, weights in gradient_cases(engine):
        compare_gradients(figure, engine.gradients(case, weights), precise.gradients(case, weights), described(case))


@check("optimized", {"float32": GRADIENT["float32"]}, when=lambda engine: engine.differentiates and not engine.quick)
def check_optimized(engine, figure):
    """States and gradients of the graph that training runs, optimized and compiled, against those in float64."""
    case, weights = next(gradient_cases(engine))
    figure.compare(engine.outputs(training=True, **case), reference(engine, case), described(case))
    wanted = engine.at("float64").gradients(case, weights)
    compare_gradients(figure, engine.gradients(case, weights, training=True), wanted, described(case))
