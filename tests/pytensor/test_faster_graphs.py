"""The forms of its own in which the module computes: the same costs and gradients, and only where they are meant."""

import json
import subprocess

import pytest

#: How many of each form a case has: cross-entropies; with JAX on the CPU, sums of broadcasts and products kept for the gradient.
FORMS = {
    "skip_thoughts": (1, 0, 0),
    "several_blocks": (1, 0, 0),
    "exactly_two_blocks": (1, 0, 0),
    "mask_first_and_mean": (1, 0, 0),
    "no_mask": (1, 0, 0),
    "no_epsilon": (1, 0, 0),
    "matrix_of_states": (1, 0, 0),
    "two_decoders": (2, 0, 0),
    "masked_out": (1, 0, 0),
    "another_stride": (0, 0, 0),
    "learnt_weights": (0, 0, 0),
    "weights_of_columns": (0, 0, 0),
    "squared_losses": (0, 0, 0),
    "softmax_used_again": (0, 0, 0),
    "no_bias": (0, 0, 0),
    "order_violations": (0, 2, 0),  # forward; both gradients in one
    "all_summed": (0, 3, 0),
    "one_is_whole": (0, 0, 0),
}
RECURRENT_FORMS = {
    "recurrent": (0, 0, 2),
    "recurrent_backwards": (0, 0, 2),
    "recurrent_twice": (0, 0, 4),
    "product_of_a_sequence": (0, 0, 0),
}
#: The C backend has the cross-entropies only.
CASES = {
    "c": ("skip_thoughts", "several_blocks", "no_mask", "no_epsilon", "masked_out", "learnt_weights"),
    "jax": (*FORMS, *RECURRENT_FORMS),
}

#: One with the form that a training of skip-thoughts takes, one without any; the others are slow.
QUICK = {
    "c": (),
    "jax": ("skip_thoughts", "no_bias"),
}

RUNS = [
    pytest.param(backend, case, marks=() if case in QUICK[backend] else pytest.mark.slow, id=f"{backend}-{case}")
    for backend, cases in CASES.items()
    for case in cases
]


@pytest.fixture(scope="module")
def measure(run_python, scripts, tmp_path_factory):
    """``measure(backend, case)`` returns what faster_graphs.py measures; the quick cases are run together, and so are the others."""
    measured = {}

    def measure_case(backend, case):
        if (backend, case) not in measured:
            together = [each for each in CASES[backend] if (each in QUICK[backend]) == (case in QUICK[backend])]
            path = tmp_path_factory.mktemp("graphs") / "measured.json"
            run_python(backend, scripts / "faster_graphs.py", path, *together)
            measured.update({(backend, name): each for name, each in json.loads(path.read_text()).items()})
        return measured[backend, case]

    return measure_case


def test_all_cases_are_listed(run_python, scripts):
    code = (
        f"import sys; sys.path.append({str(scripts)!r}); import faster_graphs as f; print(*f.CASES, *f.RECURRENT_CASES)"
    )
    assert set(run_python("c", "-c", code).stdout.split()) == set(CASES["jax"])


@pytest.mark.cases_by_default(4)
@pytest.mark.parametrize(("backend", "case"), RUNS)
def test_costs_and_gradients_are_those_of_the_graph_as_written(measure, backend, case):
    measured = measure(backend, case)
    assert measured["difference"] < 2e-6
    assert measured["cost_alone"] < 1e-5  # some costs are the small sum of large terms
    assert (measured["gradients"] > 0.1) == (case != "masked_out")


@pytest.mark.parametrize(("backend", "case"), RUNS)
def test_only_what_is_meant_is_computed_in_another_form(measure, backend, case):
    measured = measure(backend, case)
    forms = {**FORMS, **RECURRENT_FORMS}[case]
    assert measured["cross_entropies"] == forms[0]
    if backend == "jax":
        assert (measured["broadcast_sums"], measured["products_kept"]) == forms[1:]


PREFIX = """
import numpy, theano, theano.tensor as tensor
from faster_graphs import skip_thoughts
case = skip_thoughts()
"""


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize("backend", [pytest.param("c", marks=pytest.mark.slow), "jax"])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "tensor.grad((tensor.grad(case.cost, case.parameters)[0] ** 2).sum(), case.parameters)",
            "NotImplementedError: the second derivative of a softmax's cost",
        ),
        (
            "case.parameters[2].set_value(numpy.zeros(8, 'float32'))\n"
            "theano.function(case.inputs, case.cost)(*case.values)",
            "states (12, 5) by weights (5, 7) with biases (8,)",
        ),
    ],
    ids=["second derivative", "shapes"],
)
def test_what_cannot_be_computed(run_python, scripts, backend, code, words):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_python(backend, "-c", f"import sys; sys.path.append({str(scripts)!r})" + PREFIX + code)
    assert words in caught.value.stderr


BLOCKS = """
import jax, numpy
from theano._jax.cross_entropy import _compute_block, compute_cross_entropy
rng = numpy.random.default_rng(0)
h, w, b = (rng.normal(size=shape).astype("float32") for shape in ((600, 5), (5, 7), 7))
columns, weights = rng.integers(0, 7, 600), (rng.random(600) < 0.7).astype("float32")
of_cpu = compute_cross_entropy(h, w, b, columns, weights, 1e-8, True)
of_gpu = _compute_block(h, w, b, columns, weights, 1e-8, True)
print(max(float(abs(a - b).max() / abs(a).max()) for a, b in zip(of_cpu, of_gpu)))
"""


@pytest.mark.slow
def test_one_block_of_all_rows_is_the_same_as_blocks_of_some(run_python):
    assert float(run_python("jax", "-c", BLOCKS).stdout) < 2e-6
