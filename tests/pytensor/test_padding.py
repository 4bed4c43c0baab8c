"""Padding to a few shapes: nothing changes but the number of compilations; a declaration that is wrong says where."""

import json
import re
import subprocess

import pytest

from lnpatch.folders import templates
from lnpatch.recipes.job import PaddedFunction, Padding
from lnpatch.runtimes.padding import declare_padding


@pytest.fixture(scope="module")
def train(run_python, scripts, tmp_path_factory):
    """``train(model)`` returns what padded_models.py measures, and what it writes to standard error; each model is trained once."""
    trained = {}

    def train_model(model):
        if model not in trained:
            path = tmp_path_factory.mktemp("padding") / "model.json"
            log = run_python("jax", scripts / "padded_models.py", templates() / "layers", path, model).stderr
            trained[model] = json.loads(path.read_text())[model], log
        return trained[model]

    return train_model


MODELS = [
    pytest.param("bag_of_words", marks=pytest.mark.slow),
    # in the manner of the three repositories, with recurrences: a minute each
    pytest.param("sentences", marks=pytest.mark.slow),
    pytest.param("ranking", marks=pytest.mark.slow),
    pytest.param("reading", marks=pytest.mark.slow),
]
BOUNDS = {"bag_of_words": 4, "sentences": 2, "ranking": 2, "reading": 2}


@pytest.mark.parametrize("model", MODELS)
def test_costs_gradients_parameters_and_outputs_are_those_without_padding(train, model):
    measured, _ = train(model)
    assert measured["difference"] < 1e-5, measured
    assert measured["moved"] > 1e-4  # the parameters did change


@pytest.mark.parametrize("model", MODELS)
def test_the_number_of_shapes_is_bounded(train, model):
    measured, _ = train(model)
    assert measured["compiled"] <= measured["bound"] == BOUNDS[model]


@pytest.mark.slow
def test_every_compiled_shape_is_reported(train):
    lines = re.findall("^lnpatch-event (.*)", train("bag_of_words")[1], re.MULTILINE)
    events = [json.loads(line) for line in lines]
    assert {event["event"] for event in events} == {"compiled"}
    assert all(event["seconds"] > 0 for event in events)
    plain = {"shapes": {"3x5": ["x", "x_mask"], "5": ["answers"]}, "compiled": 1, "bound": None}
    padded = {"shapes": {"4x5": ["x", "x_mask"], "5": ["answers"]}, "compiled": 1, "bound": 4}
    for expected in (plain, padded):
        assert any(expected.items() <= event.items() for event in events), expected


GOOD = {"buckets": {"T": [8]}, "functions": [{"inputs": {"x": ["T", None]}, "outputs": [[]]}]}


@pytest.mark.cases_by_default(3)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"buckets": {}}, "buckets lacks T"),
        ({"buckets": {"T": [0]}}, "lengths are 1 or more"),
        ({"buckets": {"T": []}}, "an axis has no buckets"),
        ({"buckets": {"T": [8, 4]}}, "lengths are in ascending order, not 8, 4"),
        ({"buckets": {"T": 8}}, "TypeError 'int' object is not iterable"),
        ({"functions": [{"inputs": {"x": [None]}, "outputs": [["T"]]}]}, "no input has the axis T"),
        (
            {"functions": [{"inputs": {"x": ["T"]}, "masks": {"x": "m"}, "outputs": [[]]}]},
            "masks names m, which is not an input",
        ),
        ({"functions": 3}, "TypeError"),
    ],
)
def test_a_wrong_declaration_is_refused(run_python, change, words):
    code = f"import theano; from theano import _padding; _padding.parse_padding({json.dumps({**GOOD, **change})!r})"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_python("c", "-c", code)
    assert "ValueError: LNPATCH_PADDING: " in caught.value.stderr
    assert words in caught.value.stderr


def test_lengths(run_python):
    code = (
        "import theano; from theano._padding import Buckets; buckets = Buckets((8, 16, 24, 30)); "
        "print([buckets.round_up(length) for length in (1, 8, 9, 24, 25, 30, 31, 61)])"
    )
    assert run_python("c", "-c", code).stdout == "[8, 8, 16, 24, 30, 30, 60, 90]\n"


@pytest.mark.parametrize(
    ("buckets", "settings", "declared"),
    [
        pytest.param((8, 16, 30), {}, [8, 16, 30], id="numbers"),
        pytest.param((8, 16, "maxlen"), {"maxlen": 30}, [8, 16, 30], id="hyperparameter"),
        pytest.param((8, 16, "maxlen"), {"maxlen": 10}, [8, 10], id="smaller hyperparameter"),
        pytest.param((8, 16, "maxlen"), {"maxlen": 16}, [8, 16], id="hyperparameter at a bucket"),
        pytest.param(("maxlen",), {"maxlen": 30}, [30], id="hyperparameter alone"),
        pytest.param((8, "maxlen"), {}, None, id="unknown hyperparameter"),
        pytest.param((8, "maxlen"), {"maxlen": 0}, None, id="no length"),
    ],
)
def test_buckets_of_a_recipe(buckets, settings, declared):
    function = PaddedFunction(inputs={"x": ("T", "")}, outputs=((),), lengths={}, masks={})
    padding = Padding({"T": buckets}, (function,))
    assert list(padding.problems()) == []
    axis = "T" if declared else None
    assert declare_padding(padding, settings) == {
        "buckets": {"T": declared} if declared else {},
        "functions": [{"inputs": {"x": [axis, None]}, "masks": {}, "outputs": [[]]}],
    }


def test_a_function_whose_length_is_not_known_is_not_padded():
    function = PaddedFunction(inputs={"x": ("T",)}, outputs=((),), lengths={"n": "T"})
    assert declare_padding(Padding({"T": ("maxlen",)}, (function,)), {})["functions"] == []
    known = declare_padding(Padding({"T": (8,)}, (function,)), {})["functions"]
    assert [each["inputs"] for each in known] == [{"x": ["T"], "n": "T"}]


@pytest.mark.parametrize("buckets", [(), (16, 8), (8, 8), (0, 8), ("maxlen", 8), (8, True), (8.5,)])
def test_buckets_that_are_not_ascending_lengths(buckets):
    problems = list(Padding({"T": buckets}).problems())
    assert [key for key, _ in problems] == ["buckets.T"]
    assert "expected lengths in ascending order" in problems[0][1]


def test_an_input_that_contradicts_its_mask_is_refused(run_python):
    code = """
import json, numpy, theano, theano.tensor as tensor
from theano import _padding
_padding.declare_padding(json.dumps({"buckets": {"T": [8]}, "functions": [{"inputs": {"x": ["T"], "m": ["T"]}, "masks": {"x": "m"}, "outputs": [[]]}]}))
x, m = tensor.vectors("x", "m")
theano.function([x, m], (x * m).sum())(numpy.ones(3, "float32"), numpy.ones(4, "float32"))
"""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_python("jax", "-c", code)
    assert "x is (3,), but its mask m is (4,)" in caught.value.stderr
