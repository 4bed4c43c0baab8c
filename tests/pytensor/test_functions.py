"""Every function of the module against Theano 0.8.2: its recorded values, and the real one where there is one."""

import os
import subprocess

import numpy
import pytest

#: The cases of functions.py, in the groups that are computed in one process each.
GROUPS = {
    "definitions": ("maximum_tie", "minimum_tie", "iround", "scan_truncated"),
    "elementwise": (
        "sigmoid", "softplus", "relu", "relu_leaky", "elu", "hard_sigmoid", "tanh", "exp_log_sqrt_sqr", "abs", "pow",
        "maximum", "switch", "switch_scalar", "clip", "comparisons", "or_and", "isnan_isinf", "round", "cast", "elu_by_hand",
    ),
    "normalizations and losses": (
        "softmax", "softmax_vector", "logsoftmax", "binary_crossentropy", "batch_normalization", "layer_normalization", "l2norm",
        "masked_softmax", "picked_log_likelihood",
    ),
    "products": ("dot", "dot_vector", "dot_three", "batched_dot", "outer_by_dimshuffle", "tensordot"),
    "reductions": ("sums", "means", "var_std", "max_min", "argmax", "prod", "norm", "mean_of_comparison", "cumsum"),
    "shapes": (
        "reshape", "flatten", "dimshuffle", "shape_pad", "concatenate", "stack", "repeat", "alloc", "zeros", "arange", "diag",
        "fill_diagonal", "to_one_hot", "patternbroadcast",
    ),
    "indices": ("slices", "advanced", "pairs", "set_subtensor", "inc_subtensor", "assert", "ifelse", "clone"),
    "loops": (
        "scan_states", "scan_masked", "scan_two_states", "scan_backwards", "scan_no_state", "scan_one_step", "scan_taps", "map_rows",
        "reduce_and_folds",
    ),
}  # fmt: skip

#: The module's own definitions. C takes seconds for each function, so all of it is slow.
QUICK = {
    "c": set(),
    "jax": {"definitions"},
}

RUNS = [
    pytest.param(backend, group, marks=() if group in QUICK[backend] else pytest.mark.slow, id=f"{backend}-{group}")
    for backend in QUICK
    for group in GROUPS
]

#: What PyTensor cannot convert to JAX; scan says so.
MISSING = {"c": set(), "jax": {"scan_truncated"}}


@pytest.fixture(scope="module")
def compute(run_python, scripts, tmp_path_factory):
    """``compute(backend, group)`` returns the arrays of a group of cases; each is computed once."""
    computed = {}

    def compute_group(backend, group):
        if (backend, group) not in computed:
            path = tmp_path_factory.mktemp("functions") / "computed.npz"
            run_python(backend, scripts / "functions.py", path, *GROUPS[group])
            computed[backend, group] = dict(numpy.load(path))
        return computed[backend, group]

    return compute_group


def load_group(path, group):
    """The arrays in a file of the cases of one group."""
    return {name: value for name, value in numpy.load(path).items() if name.partition(":")[0] in GROUPS[group]}


def assert_same(arrays, theanos, missing):
    """All of Theano's arrays are there, with the same values, except for the cases in ``missing``, which have failed."""
    assert {name for name in arrays if name.endswith(":error")} == {
        f"{case}:error" for case in missing & {name.partition(":")[0] for name in theanos}
    }
    for name in theanos:
        if name.partition(":")[0] in missing:
            continue
        ours, theirs = arrays[name], theanos[name]
        assert ours.shape == theirs.shape, name
        if ours.dtype != theirs.dtype:  # comparisons are int8 in Theano 0.8, bool in 0.9 and here
            assert (ours.dtype, theirs.dtype) == (numpy.bool_, numpy.int8), name
        largest = numpy.abs(theirs[numpy.isfinite(theirs)]).max(initial=0)
        numpy.testing.assert_allclose(
            ours.astype(float), theirs.astype(float), rtol=1e-5, atol=2e-6 * max(largest, 1.0), err_msg=name
        )


def test_every_case_is_in_one_group(scripts):
    recorded = {name.partition(":")[0] for name in numpy.load(scripts / "recorded.npz")}
    assert sorted(case for group in GROUPS.values() for case in group) == sorted(recorded)


def test_functions_py_has_no_other_case(run_python, scripts):
    code = f"import sys; sys.path.append({str(scripts)!r}); import functions; print(*functions.CASES)"
    assert sorted(run_python("c", "-c", code).stdout.split()) == sorted(
        case for group in GROUPS.values() for case in group
    )


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize(("backend", "group"), RUNS)
def test_as_recorded(compute, scripts, backend, group):
    assert_same(compute(backend, group), load_group(scripts / "recorded.npz", group), MISSING[backend])


@pytest.mark.slow
def test_only_truncated_scans_need_the_c_backend(compute):
    assert "scan_truncated:output0" in compute("c", "definitions")
    assert "--backend c" in str(compute("jax", "definitions")["scan_truncated:error"])


@pytest.fixture(scope="module")
def real_theano(request, scripts, tmp_path_factory):
    """The file with the arrays of all cases, computed by Theano itself."""
    python = os.environ.get("LNPATCH_THEANO_PYTHON")
    if not python:
        pytest.skip("needs LNPATCH_THEANO_PYTHON, an interpreter with Theano")
    path = tmp_path_factory.mktemp("theano") / "computed.npz"
    cache = request.config.cache.mkdir("theano")
    flags = ",".join(filter(None, [os.environ.get("THEANO_FLAGS", ""), f"floatX=float32,base_compiledir={cache}"]))
    environment = {**os.environ, "THEANO_FLAGS": flags, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([python, scripts / "functions.py", path], check=True, env=environment)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("backend", QUICK)
def test_as_the_real_theano(compute, real_theano, backend, group):
    assert_same(compute(backend, group), load_group(real_theano, group), MISSING[backend])
