"""An index out of range raises with both backends, wherever it is used; JAX alone would take the last row."""

import pytest

KINDS = """
import numpy, theano, theano.tensor as tensor
W = theano.shared(numpy.arange(6, dtype="float32").reshape(3, 2), name="W")
W_new = theano.shared(numpy.arange(6, dtype="float32").reshape(3, 2), name="W_new")
i, m, k, u = tensor.lvector("i"), tensor.lmatrix("m"), tensor.lscalar("k"), tensor.vector("u", dtype="uint32")
rows, _ = theano.scan(lambda j, W: W[j], sequences=[i], non_sequences=[W])
state, _ = theano.scan(lambda j, s, W: s + W[j].sum(), sequences=[i], outputs_info=[tensor.zeros(())], non_sequences=[W])
total = state[-1]
kinds = {
    "rows": (i, W[i]),
    "embedding": (m, W[m.flatten()].reshape([m.shape[0], m.shape[1], 2])),
    "matrix": (m, W[m]),
    "small": (u, W[u]),
    "number": (k, W[k]),
    "element": (i, W[i[0]] + W[i[1]]),
    "pairs": (i, W[i, i * 0]),
    "columns": (i, W.T[:, i]),
    "take": (i, W.take(i, axis=0)),
    "scan": (i, rows),
    "recurrence": (i, total),
    "gradient": (i, tensor.grad((W[i] ** 2).sum(), W)),
    "gradient-of-a-scan": (i, tensor.grad(total, W)),
    "set": (i, tensor.set_subtensor(W[i], 1.0)),
    "add": (i, tensor.inc_subtensor(W[i], 1.0)),
    "set-one": (k, tensor.set_subtensor(W[k], 1.0)),
    "cost": (i, W.flatten()[tensor.arange(i.shape[0]) * 0 + 2 * i]),
    "update": (i, None),
}
for name, (index, output) in kinds.items():
    if output is None:
        f = theano.function([index], [], updates=[(W_new, tensor.inc_subtensor(W_new[index], 1.0))], name=name)
    else:
        f = theano.function([index], output, name=name)
    for good in ([0, 2], [2, 2]) if name == "small" else ([0, 2], [-3, -1]):
        f(good[0] if index is k else [good] if index is m else good)
    for bad in ([0, 3], [7, 0]) if name == "small" else ([3, 3], [0, 3], [-4, 0], [3000, 1]):
        if index is k and bad[0] == 0:
            continue
        try:
            result = f(bad[0] if index is k else [bad] if index is m else bad)
        except IndexError as error:
            if BACKEND == "jax":
                wrong = next(j for j in bad if not -3 <= j < 3) * (2 if name == "cost" else 1)
                assert name in str(error) and ("index %d is out of bounds" % wrong) in str(error), (name, bad, str(error))
        else:
            raise AssertionError((name, bad, result))
    f(good[0] if index is k else [good] if index is m else good)  # and works again
print("ok")
"""

WIDE = """
import numpy, theano, theano.tensor as tensor
W = theano.shared(numpy.arange(6, dtype="float32").reshape(3, 2), name="W")
i, u = tensor.lvector("i"), tensor.vector("u", dtype="uint64")
f, g = theano.function([i], W[i]), theano.function([u], W[u])
for call, value in ((f, [2**32 + 1]), (f, [-(2**32)]), (f, [0, 2**31]), (g, numpy.array([2**32], "uint64"))):
    try:
        print(call(numpy.asarray(value)).tolist())
    except (IndexError, OverflowError) as error:
        assert str(abs(value[-1])) in str(error) or BACKEND == "c", error
    else:
        raise AssertionError(value)
assert f(numpy.zeros(0, "int64")).shape == (0, 2)
print("ok")
"""


@pytest.mark.parametrize(
    "script", [pytest.param(KINDS, id="kinds", marks=pytest.mark.slow), pytest.param(WIDE, id="wide")]
)
@pytest.mark.parametrize("backend", ["jax", pytest.param("c", marks=pytest.mark.slow)])
def test_an_index_out_of_range(run_python, backend, script):
    done = run_python(backend, "-c", f"BACKEND = {backend!r}\n{script}", check=False)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr[-2000:]
