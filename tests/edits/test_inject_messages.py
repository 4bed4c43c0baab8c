"""`inject`: the lines and the words of its messages, and what a recipe may say."""

from __future__ import annotations

from typing import Any

import pytest

from lnpatch.edits import EditState
from lnpatch.edits.inject import InjectDefinitions
from tests.edits.helpers import VALUES, run

HEAD = "import theano.tensor as tensor\n\n\n"
GRU = "def gru_layer(x):\n    return x\n"
EDIT = InjectDefinitions(file="layers.py", templates=("ln",), after="{baseline}_layer")


def make_edit(**keys: Any) -> InjectDefinitions:
    return InjectDefinitions(**{"file": "layers.py", "templates": ("ln",), "after": "gru_layer", **keys})


#: (source, part of the message, the line that it names; 0 for none)
COLLISIONS = [
    ("def ln(x):\n    return x\n\n\n" + HEAD + GRU, "a different function ln is already there", 1),
    (HEAD + GRU + "\n\ndef ln(x):\n    return x\n", "a different function ln is already there", 8),
    (HEAD + "@decorated\ndef ln(x):\n    return x\n" + GRU, "a different function ln is already there", 5),
    (HEAD + "ln = 3\n" + GRU, "the file uses the name ln for something else", 0),
]


@pytest.mark.parametrize(("source", "detail", "line"), COLLISIONS)
def test_the_line_of_a_collision(source: str, detail: str, line: int) -> None:
    result = run(EDIT, source)
    assert (result.source, result.state) == (source, EditState.COLLISION)
    assert detail in result.finding.detail
    assert (result.finding.line, result.finding.name, result.finding.kind) == (line, "ln", "inject")


def test_a_module_that_is_missing() -> None:
    result = run(EDIT, "import theano.tensors as tt\n\n\n" + GRU)
    assert result.state is EditState.NOT_FOUND
    assert "import theano.tensor" in result.finding.detail
    assert result.finding.line == 0


def test_none_of_them_where_one_collides() -> None:
    """The functions need each other: a half of them would not run."""
    edit = make_edit(templates=("ln", "{cell}"), aliases={"_p": ("_p",)})
    head = (
        "import numpy\nimport theano\n"
        + HEAD
        + "def _p(a, b): pass\ndef norm_weight(n): pass\ndef ortho_weight(n): pass\n"
    )
    assert run(edit, head + GRU).state is EditState.TO_DO
    source = head + "ln = 3\n" + GRU
    result = run(edit, source)
    assert result.source == source
    states = [finding.state for finding in result.findings]
    assert states[0] is EditState.COLLISION
    assert set(states[1:]) == {EditState.TO_DO}


def test_the_place_is_where_the_recipe_says() -> None:
    other = "\n\ndef lstm_layer(x):\n    return x\n"
    behind_gru = run(EDIT, HEAD + GRU + other).source
    assert behind_gru.index("def gru_layer") < behind_gru.index("def ln(") < behind_gru.index("def lstm_layer")
    behind_lstm = run(make_edit(after="lstm_layer"), HEAD + GRU + other).source
    assert behind_lstm.index("def lstm_layer") < behind_lstm.index("def ln(")


#: (keys of the edit, where problems are)
PROBLEMS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"file": "../layers.py"}, ["file"]),
    ({"file": "/layers.py", "templates": ()}, ["file", "templates"]),
    ({"templates": ()}, ["templates"]),
    ({"templates": ("ln", "../ln")}, ["templates[1]"]),
    ({"templates": ("/ln", "ln")}, ["templates[0]"]),
    ({"aliases": {"_p": ("_p", "prfx"), "ln": ()}}, ["aliases.ln"]),
    ({"aliases": {"_p": ("_p",)}}, []),
]


@pytest.mark.parametrize(("keys", "where"), PROBLEMS)
def test_problems(keys: dict[str, Any], where: list[str]) -> None:
    assert [place for place, _ in make_edit(**keys).problems()] == where


def test_a_template_that_is_not_there() -> None:
    assert list(EDIT.problems_with(VALUES)) == []
    assert list(make_edit(templates=("state_argument/{cell}",)).problems_with(VALUES)) == []
    ((where, problem),) = make_edit(templates=("ln", "state_argument/{cell}x")).problems_with(VALUES)
    assert where == "templates[1]"
    assert problem.startswith("no template 'state_argument/lngrux'; there are ln, lngru, lnlstm, state_argument/lngru")


def test_what_it_says_of_itself() -> None:
    edit = make_edit(templates=("ln", "state_argument/{cell}"), after="{baseline}_layer")
    assert list(edit.texts()) == [
        ("after", "{baseline}_layer"),
        ("templates[0]", "ln"),
        ("templates[1]", "state_argument/{cell}"),
    ]
    assert edit.names(VALUES) == ["ln", "lngru_layer"]
    assert edit.describe(VALUES) == "add ln, lngru_layer after gru_layer"
