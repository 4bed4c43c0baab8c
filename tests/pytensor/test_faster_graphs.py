"""The forms of its own in which the module computes: the same costs and gradients, and only where they are meant."""

import json
import subprocess

import pytest

# what of each form a case has: cross-entropies; then, with JAX on the CPU, sums of broadcasts, and products kept for the gradient
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
#: The C engine has the cross-entropies only, and compiles for seconds each.
C_CASES = ("skip_thoughts", "several_blocks", "no_mask", "no_epsilon", "masked_out", "learnt_weights")
CASES = [("c", name) for name in C_CASES] + [("jax", name) for name in (*FORMS, *RECURRENT_FORMS)]


@pytest.fixture(scope="module")
def computed(run_engine, here, tmp_path_factory):
    """What faster_graphs.py found with an engine."""
    found = {}

    def compute(engine):
        if engine not in found:
            path = tmp_path_factory.mktemp("graphs") / "found.json"
            run_engine(engine, here / "faster_graphs.py", path)
            found[engine] = json.loads(path.read_text())
        return found[engine]

    return compute


def test_all_cases_are_listed(computed):
    assert set(computed("c")) == set(C_CASES)
    assert set(computed("jax")) == {*FORMS, *RECURRENT_FORMS}


@pytest.mark.parametrize(("engine", "case"), CASES)
def test_costs_and_gradients_are_those_of_the_graph_as_written(computed, engine, case):
    found = computed(engine)[case]
    assert found["difference"] < 2e-6
    assert found["cost_alone"] < 1e-5  # some costs are the small sum of large terms
    assert (found["gradients"] > 0.1) == (case != "masked_out")


@pytest.mark.parametrize(("engine", "case"), CASES)
def test_only_what_is_meant_is_computed_in_another_form(computed, engine, case):
    found = computed(engine)[case]
    forms = {**FORMS, **RECURRENT_FORMS}[case]
    assert found["cross_entropies"] == forms[0]
    if engine == "jax":
        assert (found["broadcast_sums"], found["products_kept"]) == forms[1:]


PREFIX = """
import numpy, theano, theano.tensor as tensor
from faster_graphs import skip_thoughts
case = skip_thoughts()
"""


@pytest.mark.parametrize("engine", ["c", "jax"])
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
def test_what_cannot_be_computed(run_engine, here, engine, code, words):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_engine(engine, "-c", f"import sys; sys.path.append({str(here)!r})" + PREFIX + code)
    assert words in caught.value.stderr
