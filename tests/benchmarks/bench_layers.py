"""Time layers against each other, in turn, in the repository's own Python: what layer normalization costs.

    PYTHON -u bench_layers.py JOB

in a folder from which the layers module can be imported, with templates/layer_checks on PYTHONPATH. JOB is a JSON file:

    layers      the importable name of the layers module: "layers", "att_reader.layers"
    cell        the cell's name in its table: "lngru" or "lnlstm"
    baseline    the name of the plain cell there, "gru" or "lstm"; may be missing
    other       the path of a layers module with another form of the cell; may be missing
    result      the JSON file to write, whole or not at all
    dim         size of the state and of the input; default 128
    steps, samples    the size of a batch; default 30 and 64
    rounds      how often each is timed, all of them in every round; default 5, after one that does not count

What is timed is one call of a compiled function: forward and the gradients of all parameters, in float32, in the mode that
training has. All get the same parameters, as far as they have the same names, and the same batch. The result is
{"cell", "dim", "steps", "samples", "rounds", "figures": [{"name", "minimum", "median", "ratio", "compile", "cost"}]}: times
in seconds; the ratio is the median, over the rounds, of the time divided by that of the first figure in the same round.
The order of the figures is baseline, cell, other.

For Python 2.7 and 3.
"""

from __future__ import print_function

import json
import os
import sys
import time
from collections import OrderedDict

import layer_functions
import numpy


class Contestant(object):
    """A layer, compiled: forward and gradients.

    name: what it is called in the result
    layer: the layer, a layer_functions.LayerFunctions
    batch: the input, the mask and the weights of the output
    """

    def __init__(self, name, layer, batch):
        import theano
        import theano.tensor as tensor

        self.name, self.batch, self.times = name, batch, []
        dim = batch[0].shape[2]
        numpy.random.seed(0)  # equal matrices: each cell draws them in the same order
        params = layer.initialize({"dim_proj": dim}, OrderedDict(), prefix="at", nin=dim, dim=dim)
        tparams = OrderedDict((name, theano.shared(value, name=name)) for name, value in params.items())
        inputs = [tensor.tensor3("x", "float32"), tensor.matrix("mask", "float32"), tensor.tensor3("weight", "float32")]
        x, mask, weight = inputs
        # attentive-reader's plain cells ask for this option
        states = layer.build_graph(tparams, x, mask, None, None, {"learn_h0": 0})[0]
        cost = (states * weight).sum()
        start = time.time()
        self.function = theano.function(inputs, [cost] + tensor.grad(cost, list(tparams.values())))
        self.compile_time = time.time() - start
        self.cost = float(self.function(*batch)[0])

    def time_call(self):
        """Call the function once, and keep the time."""
        start = time.time()
        self.function(*self.batch)
        self.times.append(time.time() - start)


def find_layers(job):
    """Yield what is to be timed: names and layers."""
    module, cell = str(job["layers"]), str(job["cell"])
    if job.get("baseline"):
        yield str(job["baseline"]), layer_functions.LayerFunctions.from_module(module, str(job["baseline"]))
    yield cell, layer_functions.LayerFunctions.from_module(module, cell)
    if job.get("other"):
        names = {"__name__": "other"}
        with open(job["other"]) as file:
            exec(compile(file.read(), str(job["other"]), "exec"), names)
        name = os.path.splitext(os.path.basename(job["other"]))[0]
        yield name, layer_functions.LayerFunctions.from_names(names, cell)


def make_batch(steps, samples, dim):
    """Draw an input [T, N, D], the mask [T, N] of sentences of all lengths, and weights of the output [T, N, D]."""
    rng = numpy.random.RandomState(0)
    lengths = rng.randint(1, steps + 1, samples)
    mask = (numpy.arange(steps)[:, None] < lengths).astype("float32")
    x = rng.normal(size=(steps, samples, dim)).astype("float32")
    return [x, mask, rng.normal(size=(steps, samples, dim)).astype("float32")]


def main(job):
    """Time, print each figure, and write the result."""
    dim, steps = job.get("dim", 128), job.get("steps", 30)
    samples, rounds = job.get("samples", 64), job.get("rounds", 5)
    batch = make_batch(steps, samples, dim)
    contestants = [Contestant(name, layer, batch) for name, layer in find_layers(job)]
    for _ in range(rounds):
        # in turn, so that what else the machine does slows all of them down alike
        for contestant in contestants:
            contestant.time_call()
    figures = []
    for contestant in contestants:
        times = numpy.array(contestant.times)
        figure = OrderedDict([("name", contestant.name), ("minimum", times.min()), ("median", numpy.median(times))])
        figure["ratio"] = numpy.median(times / numpy.array(contestants[0].times))
        figure.update([("compile", contestant.compile_time), ("cost", contestant.cost)])
        figures.append(figure)
        print(json.dumps(figure))
    result = {"cell": job["cell"], "dim": dim, "steps": steps, "samples": samples, "rounds": rounds, "figures": figures}
    partial = job["result"] + ".part"
    with open(partial, "w") as file:
        json.dump(result, file, indent=1, sort_keys=True)
    os.rename(partial, job["result"])


if __name__ == "__main__":
    # the repository's modules come from the folder that this runs in, never from the folder of this file
    sys.path[0] = os.getcwd()
    with open(sys.argv[1]) as job_file:
        main(json.load(job_file))
