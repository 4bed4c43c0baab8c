"""The peak of the memory of a GPU, reported when a process ends; a CPU's is not counted."""

import json
import re

import pytest

DEVICES = """
import jax
class Device:
    def __init__(self, peak): self.peak = peak
    def memory_stats(self): return {"bytes_in_use": 1, "peak_bytes_in_use": self.peak}
jax.local_devices = lambda: [Device(7), Device(9)]
"""
COMPUTE = """
import numpy, theano
x = theano.tensor.vector()
double = theano.function([x], 2 * x)
for size in (1, 2):
    double(numpy.ones(size, dtype="float32"))
"""


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize(
    ("code", "peaks"),
    [
        pytest.param(DEVICES + COMPUTE, [9], id="two GPUs"),
        pytest.param(COMPUTE, [], id="CPU"),
        pytest.param(DEVICES + "import theano", [], id="nothing computed"),
    ],
)
def test_what_is_reported(run_python, code, peaks):
    events = re.findall("^lnpatch-event (.*)", run_python("jax", "-c", code).stderr, re.MULTILINE)
    assert [event["bytes"] for event in map(json.loads, events) if event["event"] == "peak_memory"] == peaks
