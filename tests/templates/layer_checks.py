"""What the injected layers must do, said once for every engine that can run them.

An engine has ``precise`` (computes in float64) and ``layer(convention, cell, params, x, ...)``, which returns arrays. NumPy's is in
``numpy_engine.py`` and runs everywhere, Theano's in ``theano_engine.py``. For Python 2.7 and 3.
"""
# ruff: noqa: B905, UP031

import ast
import os
from collections import OrderedDict

import layer_reference
import numpy

CONVENTIONS = ("state_argument", "state_keyword")
CELLS = ("lngru", "lnlstm")


def target(folder, convention, names):
    """The namespace of a layers module with all the templates of one convention injected, over the helpers ``names``."""
    namespace = dict(names)
    for name in ("ln", "lngru", "lnlstm", convention + "/lngru", convention + "/lnlstm"):
        path = os.path.join(folder, "layers", name + ".py")
        with open(path) as file:
            tree = ast.parse(file.read(), path)
        tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        exec(compile(tree, path, "exec"), namespace)
    return namespace


def helpers(rng):
    """The helpers that the parameter initializers take from their repository, drawing from ``rng``."""

    def norm_weight(nin, nout=None, scale=0.1, ortho=True):
        return rng.uniform(-scale, scale, (nin, nout or nin)).astype("float32")

    def ortho_weight(ndim):
        return numpy.linalg.svd(rng.normal(size=(ndim, ndim)))[0].astype("float32")

    return {
        "numpy": numpy,
        "_p": lambda prefix, name: "%s_%s" % (prefix, name),
        "norm_weight": norm_weight,
        "ortho_weight": ortho_weight,
    }


def random_parameters(cell, rng, nin, dim):
    """Parameters by their short names, none of them at a value that hides it (gain 1, bias 0)."""
    gates = {"lngru": 2, "lnlstm": 4}[cell] * dim
    shapes = [("W", (nin, gates)), ("b", (gates,)), ("U", (dim, gates))]
    if cell == "lngru":
        shapes += [("Wx", (nin, dim)), ("bx", (dim,)), ("Ux", (dim, dim))]
        sizes = [gates, dim, gates, dim]
    else:
        sizes = [gates, gates, dim]
    for number, size in enumerate(sizes):
        shapes += [("b%d" % (number + 1), (size,)), ("s%d" % (number + 1), (size,))]
    return OrderedDict((name, rng.normal(size=shape).astype("float32")) for name, shape in shapes)


def random_case(cell, rng, steps, samples, nin=3, dim=4, flat=False, mask=True, state=True):
    """A call of a layer: parameters and inputs; ``flat`` is a single sequence, [T, nin]."""
    case = {"params": random_parameters(cell, rng, nin, dim), "mask": None, "state": None, "memory": None}
    case["x"] = rng.normal(size=(steps, nin) if flat else (steps, samples, nin)).astype("float32")
    if mask:
        case["mask"] = (rng.uniform(size=(steps, samples)) < 0.6).astype("float32")
    if state:
        case["state"] = rng.normal(size=(samples, dim)).astype("float32")
        if cell == "lnlstm":
            case["memory"] = rng.normal(size=(samples, dim)).astype("float32")
    return case


def close(engine, found, wanted):
    """Require equal shapes and, to the engine's precision, equal values."""
    assert len(found) == len(wanted), "%d outputs, not %d" % (len(found), len(wanted))
    tolerance = 1e-9 if engine.precise else 2e-5
    for ours, reference in zip(found, wanted):
        assert ours.shape == reference.shape, "shape %r, not %r" % (ours.shape, reference.shape)
        assert ours.size == 0 or abs(ours - reference).max() < tolerance, "off by %g" % abs(ours - reference).max()


def check_parameters(engine, convention, cell):
    """Names, order, shapes, types and initial values, and the sizes that ``dim_proj`` stands in for."""
    initialize = engine.targets[convention]["param_init_" + cell]
    given = OrderedDict(Wemb=numpy.zeros(1))
    params = initialize({}, given, prefix="at", nin=6, dim=5)
    assert params is given
    wanted = {
        "lngru": "W[6,10] b[10] U[5,10] Wx[6,5] Ux[5,5] bx[5] b1[10] s1[10] b2[5] s2[5] b3[10] s3[10] b4[5] s4[5]",
        "lnlstm": "W[6,20] U[5,20] b[20] b1[20] s1[20] b2[20] s2[20] b3[5] s3[5]",
    }[cell]
    found = ["%s[%s]" % (name[3:], ",".join(map(str, value.shape))) for name, value in list(params.items())[1:]]
    assert " ".join(found) == wanted
    del params["Wemb"]
    for name, value in params.items():
        kind = name[3]
        assert name.startswith("at_")
        assert value.dtype == "float32", name
        if kind == "U":
            for block in numpy.split(value, value.shape[1] // 5, axis=1):
                assert abs(block.dot(block.T) - numpy.eye(5)).max() < 1e-5, name
        elif kind == "W":
            assert 0.05 < abs(value).max() <= 0.1, name
        else:
            assert (value == (1 if kind == "s" else 0)).all(), name
    for block in ("at_W", "at_U"):  # each gate has its own draw
        columns = {column.tobytes() for column in params[block].T}
        assert len(columns) == params[block].shape[1], block
    params = initialize({"dim_proj": 3}, OrderedDict())
    assert params[cell + "_W"].shape[0] == params[cell + "_U"].shape[0] == 3


def check_forward(engine, convention, cell):
    """Every kind of call gives the reference's states."""
    rng = numpy.random.RandomState(0)
    for flat in (False, True):
        for mask in (False, True):
            for state in (False, True):
                options = {"flat": flat, "mask": mask, "state": state}
                for steps, samples, nin, dim in [(5, 1 if flat else 3, 3, 4), (1, 1, 2, 5), (2, 1, 4, 1)]:
                    case = random_case(cell, rng, steps, samples, nin, dim, **options)
                    close(engine, engine.layer(convention, cell, **case), layer_reference.run(cell, **case))


def check_one_step(engine, convention, cell):
    """``one_step`` is the first step of the sequence, without the time axis."""
    rng = numpy.random.RandomState(1)
    for mask in (False, True):
        for state in (False, True):
            case = random_case(cell, rng, 1, 4, mask=mask, state=state)
            wanted = [value[0] for value in layer_reference.run(cell, **case)]
            case.update(x=case["x"][0], mask=case["mask"][0] if mask else None)
            close(engine, engine.layer(convention, cell, one_step=True, **case), wanted)


def check_masked_steps(engine, convention, cell):
    """A masked step leaves state and cell exactly as they were, and what is in the padding does not matter."""
    case = random_case(cell, numpy.random.RandomState(2), 6, 3)
    case["mask"] = numpy.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]], "float32")
    first = engine.layer(convention, cell, **case)
    for values, start in zip(first, [case["state"], case["memory"]]):
        before = numpy.concatenate([start[None], values[:-1]])
        kept = case["mask"] == 0
        assert (values[kept] == before[kept]).all()
        assert (values[~kept] != before[~kept]).all()
    case["x"] = numpy.where(case["mask"][:, :, None] > 0, case["x"], numpy.float32(7))
    close(engine, engine.layer(convention, cell, **case), first)


def check_samples_apart(engine, convention, cell):
    """No sample's input changes another sample's output."""
    case = random_case(cell, numpy.random.RandomState(3), 4, 3)
    first = engine.layer(convention, cell, **case)
    case["x"] = case["x"].copy()
    case["x"][:, 1] += 1
    second = engine.layer(convention, cell, **case)
    close(engine, [value[:, [0, 2]] for value in second], [value[:, [0, 2]] for value in first])


def check_keyword_convention(engine, convention, cell):
    """Masks with three axes and ``nsteps``, as attentive-reader passes them."""
    if convention == "state_keyword":
        case = random_case(cell, numpy.random.RandomState(4), 5, 6)
        wanted = layer_reference.run(cell, **case)
        case["mask"] = case["mask"].reshape((5, 2, 3))
        close(engine, engine.layer(convention, cell, **case), wanted)
        close(engine, engine.layer(convention, cell, nsteps=3, **case), [value[:3] for value in wanted])


def check_learnt_state(engine, convention, cell):
    """``options['learn_h0']`` starts at zero, takes the value that is there already, and gives way to init_state."""
    if convention == "state_keyword":
        case = random_case(cell, numpy.random.RandomState(5), 3, 2, state=False)
        options = {"learn_h0": 1}
        close(engine, engine.layer(convention, cell, options=options, **case), layer_reference.run(cell, **case))
        h0 = numpy.array([0.5, -1, 2, 0.25], "float32")
        wanted = layer_reference.run(cell, **dict(case, state=h0))
        case["params"]["h0"] = h0
        close(engine, engine.layer(convention, cell, options=options, **case), wanted)
        case["state"] = numpy.zeros((2, 4), "float32")
        close(engine, engine.layer(convention, cell, options=options, **case), layer_reference.run(cell, **case))


CHECKS = (
    check_parameters,
    check_forward,
    check_one_step,
    check_masked_steps,
    check_samples_apart,
    check_keyword_convention,
    check_learnt_state,
)
