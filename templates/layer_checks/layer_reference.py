"""LN-GRU and LN-LSTM in NumPy float64, one sample and one step at a time: what the injected layers are compared with.

Written from the paper's formulas and from nothing else (arXiv 1607.06450, supplementary material). For Python 2.7 and 3.
"""

from collections import OrderedDict

import numpy


def normalize(row, bias, gain):
    """Normalize one vector: layer normalization, with epsilon inside of the root."""
    mean = sum(row) / len(row)
    variance = sum((row - mean) ** 2) / len(row)
    return (row - mean) / (variance + 1e-5) ** 0.5 * gain + bias


def sigmoid(x):
    """Return the logistic function of an array."""
    return 1 / (1 + numpy.exp(-x))


def run_lngru(p, x, mask, state):
    """Run the LN-GRU with parameters ``p``, by their short names, over x [T, N, nin] and mask [T, N].

    ``state`` is the initial one, [N, D]; the result is a list of one array, the states [T, N, D].
    """
    p, states = as_float64(p), []
    for t in range(len(x)):
        rows = []
        for n in range(x.shape[1]):
            h = state[n]
            to_gates = normalize(x[t, n].dot(p["W"]) + p["b"], p["b1"], p["s1"])
            to_candidate = normalize(x[t, n].dot(p["Wx"]) + p["bx"], p["b2"], p["s2"])
            reset, update = numpy.split(sigmoid(normalize(h.dot(p["U"]), p["b3"], p["s3"]) + to_gates), 2)
            candidate = numpy.tanh(normalize(h.dot(p["Ux"]), p["b4"], p["s4"]) * reset + to_candidate)
            rows.append(update * h + (1 - update) * candidate if mask[t, n] else h)
        state = numpy.array(rows)
        states.append(state)
    return [numpy.array(states)]


def run_lnlstm(p, x, mask, state, memory):
    """Run the LN-LSTM with parameters ``p``, by their short names, over x [T, N, nin] and mask [T, N].

    ``state`` and ``memory`` are the initial ones, [N, D]; the result is a list of two arrays, states and cells [T, N, D].
    """
    p, states, cells = as_float64(p), [], []
    for t in range(len(x)):
        rows, memories = [], []
        for n in range(x.shape[1]):
            h, c = state[n], memory[n]
            if mask[t, n]:
                total = normalize(h.dot(p["U"]), p["b2"], p["s2"])
                # the released code adds b twice, inside of the normalization and after it
                total = total + normalize(x[t, n].dot(p["W"]) + p["b"], p["b1"], p["s1"]) + p["b"]
                enter, forget, leave, candidate = numpy.split(total, 4)
                c = sigmoid(forget) * c + sigmoid(enter) * numpy.tanh(candidate)
                h = sigmoid(leave) * numpy.tanh(normalize(c, p["b3"], p["s3"]))
            rows.append(h)
            memories.append(c)
        state, memory = numpy.array(rows), numpy.array(memories)
        states.append(state)
        cells.append(memory)
    return [numpy.array(states), numpy.array(cells)]


def run_cell(cell, params, x, mask=None, state=None, memory=None):
    """Run ``cell`` over x [T, N, nin] or [T, nin]; a mask that is None is all ones, a state or memory all zeros."""
    x = numpy.asarray(x, "float64")
    x = x[:, None, :] if x.ndim == 2 else x
    dim = params["U"].shape[0]
    mask = numpy.ones(x.shape[:2]) if mask is None else numpy.asarray(mask).reshape(x.shape[:2])
    zeros = numpy.zeros((x.shape[1], dim))
    state = zeros if state is None else zeros + state
    if cell == "lngru":
        return run_lngru(params, x, mask, state)
    return run_lnlstm(params, x, mask, state, zeros if memory is None else zeros + memory)


def numeric_gradients(cell, case, weights, step=1e-5):
    """Central differences of sum(output * weight) over all the outputs, by every number of ``case`` but the mask.

    ``case`` holds the arguments of ``run_cell``, ``weights`` an array for each output. Returns arrays by the names of the
    parameters, "x", "state" and "memory"; what is None in ``case`` is left out.
    """

    def compute_cost(changed):
        return sum((value * weight).sum() for value, weight in zip(run_cell(cell, **changed), weights))

    gradients = OrderedDict()
    case = dict(case, params=as_float64(case["params"]))
    inputs = [name for name in ("x", "state", "memory") if case.get(name) is not None]
    case.update((name, numpy.array(case[name], "float64")) for name in inputs)
    for values, names in [(case["params"], list(case["params"])), (case, inputs)]:
        for name in names:
            gradients[name] = numpy.zeros(values[name].shape)
            for index in numpy.ndindex(*values[name].shape):
                middle, costs = values[name][index], []
                # changed in place and put back, so that there is no copy of all arrays for each of their numbers
                for value in (middle + step, middle - step):
                    values[name][index] = value
                    costs.append(compute_cost(case))
                values[name][index] = middle
                gradients[name][index] = (costs[0] - costs[1]) / (2 * step)
    return gradients


def as_float64(arrays):
    """Copy a dictionary of arrays into float64."""
    return OrderedDict((name, numpy.array(value, "float64")) for name, value in arrays.items())
