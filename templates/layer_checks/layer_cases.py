"""Random calls of a layer: parameters, inputs, masks, initial states. For Python 2.7 and 3.

A case is a dictionary of the arguments of ``layer_reference.run_cell``: "params", "x" [T, N, nin] or [T, nin],
"mask" [T, N], "state" and "memory" [N, D]; the last three may be None. All arrays are float32.
"""

from collections import OrderedDict

import numpy


def parameter_shapes(cell, nin, dim):
    """Return the shapes of a cell's parameters by their short names, in the order of the released models."""
    gates = {"lngru": 2, "lnlstm": 4}[cell] * dim
    if cell == "lngru":
        shapes = [("W", (nin, gates)), ("b", (gates,)), ("U", (dim, gates))]
        shapes += [("Wx", (nin, dim)), ("Ux", (dim, dim)), ("bx", (dim,))]
        sizes = [gates, dim, gates, dim]
    else:
        shapes = [("W", (nin, gates)), ("U", (dim, gates)), ("b", (gates,))]
        sizes = [gates, gates, dim]
    for kind in ("b", "s"):
        shapes += [("%s%d" % (kind, number + 1), (size,)) for number, size in enumerate(sizes)]
    return OrderedDict(shapes)


def random_parameters(cell, rng, nin, dim):
    """Draw parameters by their short names, none of them at a value that would hide it (gain 1, bias 0)."""
    return OrderedDict(
        (name, rng.normal(size=shape).astype("float32")) for name, shape in parameter_shapes(cell, nin, dim).items()
    )


def random_case(cell, rng, steps, samples, nin=3, dim=4, flat=False, mask=True, state=True):
    """Draw a call of a layer: parameters and inputs; ``flat`` is a single sequence, [T, nin]."""
    case = {"params": random_parameters(cell, rng, nin, dim), "mask": None, "state": None, "memory": None}
    case["x"] = rng.normal(size=(steps, nin) if flat else (steps, samples, nin)).astype("float32")
    if mask:
        case["mask"] = (rng.uniform(size=(steps, samples)) < 0.6).astype("float32")
    if state:
        case["state"] = rng.normal(size=(samples, dim)).astype("float32")
        if cell == "lnlstm":
            case["memory"] = rng.normal(size=(samples, dim)).astype("float32")
    return case


def small_variance_case(cell, rng, steps, samples, nin=3, dim=4):
    """Draw a call in which the variance of all that is normalized is about the size of epsilon, so that epsilon counts."""
    case = random_case(cell, rng, steps, samples, nin, dim, mask=False)
    params, small = case["params"], numpy.float32(1e-3)  # variances become a few 1e-6, with an epsilon of 1e-5
    for name in ("x", "state", "memory"):
        if case[name] is not None:
            case[name] *= small
    for name in ("b", "bx"):
        if name in params:
            params[name] *= 0
    if cell == "lnlstm":  # the cell is normalized too, and is small only where its candidate is
        for name in ("b1", "s1", "b2", "s2"):
            params[name][3 * dim :] *= small
    return case


def describe_case(case, **options):
    """Say what kind of call it is, for a message."""
    words = ["x %s" % list(case["x"].shape)]
    words += [name for name in ("mask", "state", "memory") if case[name] is not None]
    return ", ".join(words + ["%s=%s" % pair for pair in sorted(options.items())])
