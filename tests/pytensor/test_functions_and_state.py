"""theano.function, shared variables and random streams: what a trainer relies on, with both backends."""

import pytest

BACKENDS = (pytest.param("c", marks=pytest.mark.slow), "jax")  # C takes seconds for each function

SHARED = """
import numpy, theano, theano.tensor as tensor
a = theano.shared(numpy.arange(3, dtype="float32"), name="a")
b = theano.shared(numpy.zeros(3, "float32"))
before = a.get_value()
f = theano.function([], a.sum(), updates=[(a, a + 1), (b, a)])
assert float(f()) == 3.0 and float(f()) == 6.0  # outputs see the old values
assert before.tolist() == [0, 1, 2]  # a copy
assert a.get_value().tolist() == [2, 3, 4] and b.get_value().tolist() == [1, 2, 3]
g = theano.function([], [], updates=[(a, b), (b, b)])  # both have one value now, and are given away apart
g(); g(); f()
assert a.get_value().tolist() == [2, 3, 4] and b.get_value().tolist() == [1, 2, 3]
a.set_value(numpy.ones(5, "float32")); b.set_value(numpy.ones(5, "float32"))  # another shape
assert float(f()) == 5.0
s = theano.shared(numpy.float32(0.0))
s.set_value(1.0)
assert float(theano.function([], s * 2)()) == 2.0 and s.get_value().dtype == "float32"
try:
    a.set_value(numpy.ones((2, 2), "float32"))
except TypeError:
    print("ok")
"""

GLOBAL_GENERATORS = """
import random, numpy, theano, theano.tensor as tensor
random.seed(1); numpy.random.seed(1)
x = tensor.matrix("x")
theano.function([x], x + 1)(numpy.ones((2, 2), "float32"))  # imports the backend, of which JAX draws from both
drawn = [random.random(), numpy.random.rand()]
random.seed(1); numpy.random.seed(1)
assert drawn == [random.random(), numpy.random.rand()]
print("ok")
"""

CALLS = """
import numpy, theano, theano.tensor as tensor
x, n, r = tensor.matrix("x"), tensor.scalar("n", dtype="uint32"), tensor.scalar("r")
f = theano.function([x, n, r], [x[: tensor.cast(n, "int64")] * r, x.sum()], name="f")
one, two = f(numpy.ones((4, 2), "float32"), numpy.int64(3), 0.5)  # a Python float for a float32
assert one.shape == (3, 2) and one.dtype == "float32" and two.ndim == 0
one += 1  # results may be written to
assert f(numpy.ones((4, 2), "float32"), n=2, r=2.0)[0].shape == (2, 2)
v = tensor.vector("v", dtype="uint32")
assert theano.function([v], v.sum())([1, 2, 3]) == 6  # a list, as attentive-reader gives
y = tensor.vector("y")
for wrong in (lambda: theano.function([x, y], x.sum()), lambda: theano.function([y], x.sum()), lambda: f(1)):
    try:
        wrong()
    except (TypeError, ValueError) as error:
        print(error)
theano.function([x, y], x.sum(), on_unused_input="ignore")
assert float(theano.function([y], (2 * x).sum(), givens={x: y.dimshuffle("x", 0)})(numpy.ones(3, "float32"))) == 6.0
theano.printing.debugprint(f, file=open("/dev/null", "w"))
"""

RANDOM = """
import numpy, theano, theano.tensor as tensor
from theano.sandbox.rng_mrg import MRG_RandomStreams
rng = MRG_RandomStreams(1234)
x = tensor.tensor3("x")
f = theano.function([x], [rng.binomial(x.shape, p=0.3, n=1, dtype=x.dtype), rng.uniform((400, 500)), rng.normal((400, 500), avg=1.0, std=2.0)])
first, second = f(numpy.zeros((40, 50, 100), "float32")), f(numpy.zeros((40, 50, 100), "float32"))
b, u, n = first
assert b.dtype == u.dtype == "float32" and set(numpy.unique(b)) == {0, 1}
assert abs(b.mean() - 0.3) < 0.004 and abs(u.mean() - 0.5) < 0.003 and abs(u.var() - 1 / 12) < 0.002
assert 0 < u.min() and u.max() < 1 and abs(n.mean() - 1) < 0.02 and abs(n.std() - 2) < 0.02
flat = b.ravel() - b.mean()
for lag in (1, 2, 50, 5000):  # neighbours do not know of each other
    assert abs((flat[lag:] * flat[:-lag]).mean()) < 0.002
assert abs((flat * (second[0].ravel() - 0.3)).mean()) < 0.002 and (second[1] != u).mean() > 0.99  # nor one call of the next
counts = numpy.histogram(u, 64, (0, 1))[0]
assert (((counts - u.size / 64) ** 2) / (u.size / 64)).sum() < 120  # chi squared, 63 degrees
print(repr(float(u.sum(dtype="float64"))), int(b.sum()), rng.binomial(3).ndim)
"""


DOUBLE = """
import numpy, theano, theano.tensor as tensor
one = 1.0 + 2.0**-40  # the same as 1 in float32
a, x = theano.shared(numpy.full(3, one)), tensor.dvector("x")
f = theano.function([x], (x - 1.0).sum(), updates=[(a, a * a)])
assert float(f(numpy.full(4, one))) == 2.0**-38
assert a.get_value().dtype == "float64" and (a.get_value() == one * one).all()
b = theano.shared(numpy.ones(3, "float32"))
assert theano.function([], b * 2)().dtype == "float32"
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_double_precision(run_python, backend):
    run_python(backend, "-c", DOUBLE)


@pytest.mark.parametrize("backend", BACKENDS)
def test_shared_variables(run_python, backend):
    assert run_python(backend, "-c", SHARED).stdout == "ok\n"


@pytest.mark.parametrize("backend", BACKENDS)
def test_global_generators_stay_as_they_are(run_python, backend):
    assert run_python(backend, "-c", GLOBAL_GENERATORS).stdout.splitlines()[-1] == "ok"


@pytest.mark.parametrize("backend", BACKENDS)
def test_calls(run_python, backend):
    words = run_python(backend, "-c", CALLS).stdout.splitlines()
    assert "inputs that are not part of the graph: y" in words[0]
    assert "lacks the inputs x" in words[1]
    assert "takes (x, n, r)" in words[2]


@pytest.mark.slow
def test_random_numbers_are_good_and_the_same_with_both_backends(run_python):
    assert run_python("c", "-c", RANDOM).stdout == run_python("jax", "-c", RANDOM).stdout


def test_ctrl_c_leaves_the_parameters(run_python):
    code = """
import os, signal, threading, time, numpy, theano
p = theano.shared(numpy.zeros(1000, "float32"))
f = theano.function([], [], updates=[(p, p + 1)])
f()
inside, done, stopped = False, False, 0

def stop(*_):
    if inside:
        raise KeyboardInterrupt

def press():
    while not done:
        time.sleep(0.002)
        os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, stop)
presses = threading.Thread(target=press)
presses.start()
while stopped < 100:
    try:
        inside = True
        f()
        inside = False
    except KeyboardInterrupt:
        inside = False
        stopped += 1
done = True
presses.join()
value = p.get_value()
assert (value == value[0]).all() and value[0] > 1, value
"""
    run_python("jax", "-c", code)
