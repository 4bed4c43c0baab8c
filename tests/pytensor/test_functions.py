"""Every function of the module against Theano 0.8.2: its recorded values, and the real one where there is one."""

import os
import subprocess

import numpy
import pytest

ENGINES = ("c", "jax")
#: What PyTensor cannot convert to JAX; scan says so.
NOT_IN_JAX = {"scan_truncated"}


@pytest.fixture(scope="module")
def computed(run_engine, here, tmp_path_factory):
    """The arrays of all cases with one engine."""
    found = {}

    def compute(engine):
        if engine not in found:
            path = tmp_path_factory.mktemp("functions") / f"{engine}.npz"
            run_engine(engine, here / "functions.py", path)
            found[engine] = dict(numpy.load(path))
        return found[engine]

    return compute


def assert_same(found, wanted):
    assert {n for n in found if n.endswith(":error")} <= {f"{case}:error" for case in NOT_IN_JAX}
    missing = {name for name in set(wanted) - set(found) if name.partition(":")[0] not in NOT_IN_JAX}
    assert not missing
    for name in set(wanted) & set(found):
        here, there = found[name], wanted[name]
        assert here.shape == there.shape, name
        if here.dtype != there.dtype:  # comparisons are int8 in Theano 0.8, bool in 0.9 and here
            assert (here.dtype, there.dtype) == (numpy.bool_, numpy.int8), name
        largest = numpy.abs(there[numpy.isfinite(there)]).max(initial=0)
        numpy.testing.assert_allclose(
            here.astype(float), there.astype(float), rtol=1e-5, atol=2e-6 * max(largest, 1.0), err_msg=name
        )


@pytest.mark.parametrize("engine", ENGINES)
def test_as_recorded(computed, here, engine):
    assert_same(computed(engine), dict(numpy.load(here / "recorded.npz")))


def test_only_truncated_scans_need_the_c_engine(computed):
    assert "scan_truncated:output0" in computed("c")
    assert "--engine c" in str(computed("jax")["scan_truncated:error"])


@pytest.mark.parametrize("engine", ENGINES)
def test_as_the_real_theano(computed, here, engine, tmp_path, request):
    python = os.environ.get("LNPATCH_THEANO_PYTHON")
    if not python:
        pytest.skip("needs LNPATCH_THEANO_PYTHON, an interpreter with Theano")
    cache = request.config.cache.mkdir("theano")
    flags = ",".join(filter(None, [os.environ.get("THEANO_FLAGS", ""), f"floatX=float32,base_compiledir={cache}"]))
    environment = {**os.environ, "THEANO_FLAGS": flags, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([python, here / "functions.py", tmp_path / "real.npz"], check=True, env=environment)
    assert_same(computed(engine), dict(numpy.load(tmp_path / "real.npz")))
