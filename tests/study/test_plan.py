"""What a study consists of: seeds and cells as they are typed, defaults of the paper, and what may come to a study."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from lnpatch.errors import StudyDiffersError, UnknownCellError, UsageError
from lnpatch.recipes import find_recipe
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.study.plan import (
    StudyPlan,
    StudyRequest,
    choose_patch,
    command_words,
    extend_plan,
    injected_cells,
    make_plan,
    parse_cells,
    parse_seeds,
)

DEMO = find_recipe("demo")
PAPER = find_recipe("order-embeddings")


def plan(**choices: Any) -> StudyPlan:
    return make_plan(DEMO, "demo", StudyRequest(**choices), "theano")


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        pytest.param("3", (1, 2, 3), id="a number of seeds"),
        pytest.param("1,2,5", (1, 2, 5), id="seeds"),
        pytest.param("7,", (7,), id="one seed"),
        pytest.param(" 0 , 4294967295 ", (0, 2**32 - 1), id="the least and the greatest"),
        pytest.param("2,2,1", (2, 1), id="one twice"),
    ],
)
def test_seeds(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", ",", "0", "x", "1,x", "-1", "4294967296,1", "10001", "1.5", "²", "9" * 5000])
def test_no_seeds(text: str) -> None:
    with pytest.raises(UsageError, match="seed"):
        parse_seeds(text)


def test_cells() -> None:
    assert parse_cells("gru, lngru,gru") == ("gru", "lngru")
    with pytest.raises(UsageError, match="--cells"):
        parse_cells(" , ")


def test_the_default_is_the_papers_comparison() -> None:
    ours = make_plan(PAPER, "order-embeddings", StudyRequest(settings=("dim=512",)), "theano")
    assert (ours.cells, ours.seeds) == (("gru", "lngru"), (1, 2, 3))
    assert ours.settings["margin"] == "0.05"
    assert ours.settings["dim"] == "512"
    assert make_plan(PAPER, "order-embeddings", StudyRequest(smoke=True), "theano").settings == {}


def test_the_runs_of_a_seed_are_beside_each_other() -> None:
    names = [run.name for run in plan(seeds=(1, 2)).runs]
    assert names == ["gru-1", "lngru-1", "gru-2", "lngru-2"]


def test_a_cell_that_the_recipe_does_not_have() -> None:
    with pytest.raises(UnknownCellError, match="sru"):
        plan(cells=("gru", "sru"))


@pytest.mark.parametrize(
    ("cells", "patched", "injected", "chosen"),
    [
        pytest.param(("gru", "lngru"), (), ("lngru",), {"gru": "lngru", "lngru": "lngru"}, id="one"),
        pytest.param(("gru",), (), ("lngru",), {"gru": "lngru"}, id="a plain one alone"),
        pytest.param(
            ("gru", "lngru", "lnlstm", "lstm"),
            (),
            ("lngru", "lnlstm"),
            {"gru": "lngru", "lstm": "lnlstm", "lnlstm": "lnlstm"},
            id="two patches",
        ),
        pytest.param(("gru", "lnlstm"), ("lngru",), ("lngru", "lnlstm"), {"gru": "lngru"}, id="one came later"),
    ],
)
def test_a_patch_brings_one_cell(
    cells: tuple[str, ...], patched: tuple[str, ...], injected: tuple[str, ...], chosen: dict[str, str]
) -> None:
    assert injected_cells(cells, patched, DEMO) == injected
    assert {cell: choose_patch(cell, injected, DEMO) for cell in chosen} == chosen


@pytest.mark.parametrize(
    ("request_", "cells", "seeds"),
    [
        pytest.param(StudyRequest(), ("gru", "lngru"), (1, 2, 3), id="nothing"),
        pytest.param(StudyRequest(seeds=(1, 2)), ("gru", "lngru"), (1, 2, 3), id="fewer seeds"),
        pytest.param(StudyRequest(seeds=(3, 9)), ("gru", "lngru"), (1, 2, 3, 9), id="a seed more"),
        pytest.param(StudyRequest(cells=("lnlstm",)), ("gru", "lngru", "lnlstm"), (1, 2, 3), id="a cell more"),
        pytest.param(StudyRequest(settings=("lrate=1e-2",)), ("gru", "lngru"), (1, 2, 3), id="a setting as it is"),
        pytest.param(StudyRequest(max_updates=40), ("gru", "lngru"), (1, 2, 3), id="updates as they are"),
    ],
)
def test_what_may_come_to_a_study(request_: StudyRequest, cells: tuple[str, ...], seeds: tuple[int, ...]) -> None:
    study = plan(settings=("lrate=0.01",), max_updates=40)
    assert extend_plan("S", study, request_) == replace(study, cells=cells, seeds=seeds)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        pytest.param(StudyRequest(max_updates=39), "--max-updates 39, where the study has 40", id="fewer updates"),
        pytest.param(StudyRequest(settings=("lrate=0.02",)), "--set lrate=0.02, where the study has 0.01", id="set"),
        pytest.param(StudyRequest(settings=("dim=9",)), "--set dim=9, where the study has the default", id="default"),
        pytest.param(StudyRequest(data="b.txt"), "--data b.txt, where the study has a.txt", id="data"),
        pytest.param(StudyRequest(smoke=True), "--smoke True, where the study has none", id="smoke"),
        pytest.param(StudyRequest(directory="d"), "--dir d, where the study has none", id="checkout"),
        pytest.param(StudyRequest(task_data="u"), "--task-data u, where the study has t", id="tasks"),
        pytest.param(StudyRequest(runtime=RuntimeOptions("pytensor")), "--runtime pytensor", id="runtime"),
        pytest.param(StudyRequest(runtime=RuntimeOptions(device="gpu")), "--device gpu, where", id="device"),
        pytest.param(
            StudyRequest(runtime=RuntimeOptions(precision="bfloat16")),
            "--precision bfloat16, where the study has auto",
            id="precision",
        ),
    ],
)
def test_what_may_not(request_: StudyRequest, words: str) -> None:
    study = plan(settings=("lrate=0.01",), max_updates=40, data="a.txt", task_data="t")
    with pytest.raises(StudyDiffersError) as refused:
        extend_plan("S", study, request_)
    assert words in refused.value.message
    assert refused.value.exit_code == 4


def test_updates_may_come_to_a_study_that_has_a_number_of_them() -> None:
    assert extend_plan("S", plan(max_updates=40), StudyRequest(max_updates=41)) == plan(max_updates=41)
    with pytest.raises(StudyDiffersError, match="--max-updates 41, where the study has none"):
        extend_plan("S", plan(), StudyRequest(max_updates=41))


def test_an_evaluation_may_come_to_a_study() -> None:
    assert extend_plan("S", plan(), StudyRequest(task_data="t")) == plan(task_data="t")


def test_the_command_that_asks_for_it_again() -> None:
    study = plan(seeds=(5,), settings=("lrate=0.01", "name=a b"), smoke=True)
    assert shlex.join(command_words(study)) == (
        "lnpatch reproduce demo --cells gru,lngru --seeds 5, --runtime theano --device cpu "
        "--set lrate=0.01 --set 'name=a b' --smoke"
    )
    assert parse_seeds("5,") == study.seeds
