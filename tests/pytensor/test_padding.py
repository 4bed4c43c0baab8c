"""Padding to a few shapes: nothing changes but the number of compilations; a declaration that is wrong says where."""

import json
import subprocess

import pytest

from lnpatch.folders import templates


@pytest.fixture(scope="module")
def trained(run_engine, here, tmp_path_factory):
    """What padded_models.py found for its three models."""
    path = tmp_path_factory.mktemp("padding") / "found.json"
    log = run_engine("jax", here / "padded_models.py", templates() / "layers", path).stderr
    return json.loads(path.read_text()), log


@pytest.mark.parametrize("model", ["sentences", "ranking", "reading"])
def test_costs_gradients_parameters_and_outputs_are_those_without_padding(trained, model):
    found = trained[0][model]
    assert found["difference"] < 1e-5, found
    assert found["moved"] > 1e-4  # the parameters did change


@pytest.mark.parametrize(("model", "bound"), [("sentences", 2), ("ranking", 2), ("reading", 2)])
def test_the_number_of_shapes_is_bounded(trained, model, bound):
    found = trained[0][model]
    assert found["compiled"] <= found["bound"] == bound


def test_the_bound_is_shown(trained):
    assert "compiled shape 1 of at most 2: x, x_mask 4x5; y, y_mask 9x5 in " in trained[1]


GOOD = {"sizes": {"T": {"most": 8}}, "functions": [{"inputs": {"x": ["T", None]}, "outputs": [[]]}]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sizes": {}}, "sizes lacks T"),
        ({"sizes": {"T": {"most": 0}}}, "lengths are 1 or more"),
        ({"sizes": {"T": {}}}, "KeyError 'most'"),
        ({"functions": [{"inputs": {"x": [None]}, "outputs": [["T"]]}]}, "no input has the axis T"),
        (
            {"functions": [{"inputs": {"x": ["T"]}, "masks": {"x": "m"}, "outputs": [[]]}]},
            "masks names m, which is no input",
        ),
        ({"functions": 3}, "TypeError"),
    ],
)
def test_a_wrong_declaration_is_refused(run_engine, change, words):
    code = f"import theano; from theano import _padding; _padding.parse({json.dumps({**GOOD, **change})!r})"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_engine("c", "-c", code)
    assert "ValueError: LNPATCH_PADDING: " in caught.value.stderr
    assert words in caught.value.stderr


def test_lengths(run_engine):
    code = (
        "import theano; from theano._padding import Ladder; l = Ladder(30, (24, 8, 16, 40)); "
        "print(l.steps, [l.fit(n) for n in (1, 8, 9, 24, 25, 30, 31, 61)])"
    )
    assert run_engine("c", "-c", code).stdout == "(8, 16, 24, 30) [8, 8, 16, 24, 30, 30, 60, 90]\n"


def test_an_input_that_contradicts_its_mask_is_refused(run_engine):
    code = """
import json, numpy, theano, theano.tensor as tensor
from theano import _padding
_padding.declare(json.dumps({"sizes": {"T": {"most": 8}}, "functions": [{"inputs": {"x": ["T"], "m": ["T"]}, "masks": {"x": "m"}, "outputs": [[]]}]}))
x, m = tensor.vectors("x", "m")
theano.function([x, m], (x * m).sum())(numpy.ones(3, "float32"), numpy.ones(4, "float32"))
"""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_engine("jax", "-c", code)
    assert "x is (3,), but its mask m is (4,)" in caught.value.stderr
