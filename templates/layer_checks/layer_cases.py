"""Random calls of a layer: parameters, inputs, masks, initial states. For Python 2.7 and 3."""

from collections import OrderedDict

import numpy


def shapes(cell, nin, dim):
    """Names, in order, and shapes of a cell's parameters."""
    gates = {"lngru": 2, "lnlstm": 4}[cell] * dim
    if cell == "lngru":
        found = [("W", (nin, gates)), ("b", (gates,)), ("U", (dim, gates))]
        found += [("Wx", (nin, dim)), ("Ux", (dim, dim)), ("bx", (dim,))]
        sizes = [gates, dim, gates, dim]
    else:
        found = [("W", (nin, gates)), ("U", (dim, gates)), ("b", (gates,))]
        sizes = [gates, gates, dim]
    for number, size in enumerate(sizes):
        found += [("b%d" % (number + 1), (size,)), ("s%d" % (number + 1), (size,))]
    return OrderedDict(found)


def random_parameters(cell, rng, nin, dim):
    """Parameters by their short names, none of them at a value that hides it (gain 1, bias 0)."""
    return OrderedDict(
        (name, rng.normal(size=shape).astype("float32")) for name, shape in shapes(cell, nin, dim).items()
    )


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


def small_case(cell, rng, steps, samples, nin=3, dim=4):
    """A call in which the variance of all that is normalized is about the size of epsilon, so that epsilon counts."""
    case = random_case(cell, rng, steps, samples, nin, dim, mask=False)
    params, small = case["params"], numpy.float32(1e-3)
    for name in ("x", "state", "memory"):
        if case[name] is not None:
            case[name] *= small
    for name in ("b", "bx"):
        if name in params:
            params[name] *= 0
    if cell == "lnlstm":  # a small candidate, for a small cell
        for name in ("b1", "s1", "b2", "s2"):
            params[name][3 * dim :] *= small
    return case


def described(case, **more):
    """What kind of call it is, for a message."""
    x = case["x"]
    words = ["x %s" % list(x.shape)] + [name for name in ("mask", "state", "memory") if case[name] is not None]
    return ", ".join(words + ["%s=%s" % pair for pair in sorted(more.items())])
