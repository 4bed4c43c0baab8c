"""`lnpatch runs`: what is below a folder, and how it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lnpatch.recipes import find_recipe
from lnpatch.study.plan import StudyRequest, make_plan
from lnpatch.study.study_folder import Study, StudyCheckout, write_study
from lnpatch.training.update_log import read_last_entries, read_validations
from tests.curves.runs import Cli, errors, fall, write_run
from tests.test_visible import in_terminal


@pytest.fixture
def tree(lnpatch: Cli) -> None:
    """Two runs, a study with one of two runs, a checkout, and folders of others."""
    write_run("runs/a/gru-1", "gru", fall(40), errors(0.9, 0.4, 0.6), target="order-embeddings", seed=1)
    write_run("runs/b/lngru", "lngru", fall(25), target="demo", state="stopped", max_updates=100, reason="stopped")
    request = StudyRequest(seeds=(1,), max_updates=10)
    plan = make_plan(find_recipe("demo"), "demo", request, "pytensor")
    write_run("studies/S/runs/gru-1", "gru", fall(10), target="demo", seed=1, max_updates=10)
    write_study(Path("studies/S"), Study(plan, (StudyCheckout("checkout", "lngru", "0" * 40, "1" * 64),), {}))
    for folder in ("repository/.git", "repository/runs/x", ".cache/x", "notes/deep"):
        Path(folder).mkdir(parents=True)
    for hidden in ("repository/runs/x", ".cache/x"):
        (Path(hidden) / "run.json").write_text("{}")
    (Path("notes") / "loop").symlink_to("..")


def listed(lnpatch: Cli, *arguments: str) -> Any:
    shown = lnpatch("runs", *arguments, "--format", "json")
    assert shown.code == 0, shown.err
    return shown.json


def paths(document: Any) -> list[str]:
    return [run["path"] for run in document["runs"]]


def test_all_of_them(lnpatch: Cli, tree: None) -> None:
    document = listed(lnpatch)
    assert paths(document) == ["runs/a/gru-1", "runs/b/lngru", "studies/S/runs/gru-1", "studies/S/runs/lngru-1"]
    first, second, third, fourth = document["runs"]
    assert (first["target"], first["cell"], first["seed"], first["state"]) == ("order-embeddings", "gru", 1, "done")
    assert (first["updates"], first["study"], first["reason"]) == (40, None, None)
    assert first["cost"] == pytest.approx(sum(fall(40)[-4:]) / 4)
    assert first["best"] == {"name": "error", "value": 0.4, "update": 20}
    assert (second["state"], second["updates"], second["max_updates"], second["reason"]) == (
        "stopped",
        25,
        100,
        "stopped",
    )
    assert third["study"] == fourth["study"] == "studies/S"
    assert (fourth["state"], fourth["updates"], fourth["age"]) == ("to-do", 0, None)
    assert document["studies"] == [
        {"path": "studies/S", "target": "demo", "cells": ["gru", "lngru"], "seeds": [1], "runs": 2, "done": 1}
    ]
    assert document["notes"] == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["runs"], ["runs/a/gru-1", "runs/b/lngru"], id="a folder"),
        pytest.param(["runs/a/gru-1"], ["runs/a/gru-1"], id="a run"),
        pytest.param(["studies/S"], ["studies/S/runs/gru-1", "studies/S/runs/lngru-1"], id="a study"),
        pytest.param(["--cell", "lngru"], ["runs/b/lngru", "studies/S/runs/lngru-1"], id="a cell"),
        pytest.param(["--target", "oe"], ["runs/a/gru-1"], id="a target by its alias"),
        pytest.param(["--target", "oe", "--target", "mine"], ["runs/a/gru-1"], id="a target that is not known"),
        pytest.param(
            ["--state", "stopped", "--state", "to-do"], ["runs/b/lngru", "studies/S/runs/lngru-1"], id="states"
        ),
        pytest.param(["--state", "failed"], [], id="none"),
        pytest.param(["notes"], [], id="a folder without runs"),
    ],
)
def test_some_of_them(lnpatch: Cli, tree: None, arguments: list[str], expected: list[str]) -> None:
    assert paths(listed(lnpatch, *arguments)) == expected


def test_for_people(lnpatch: Cli, tree: None) -> None:
    shown = lnpatch("runs")
    assert shown.code == 0
    assert "study studies/S: demo, 2 cells x 1 seed, 1 of 2 runs done" in shown.text
    (line,) = [line for line in shown.text.splitlines() if line.startswith("runs/a/gru-1")]
    assert "error 0.4 at 20" in line
    assert "No runs are in" in lnpatch("runs", "notes").err
    assert lnpatch("runs", "nowhere").code == 3


def test_runs_that_cannot_be_read_are_named(lnpatch: Cli, tree: None) -> None:
    for text in ("{}", "", "[" * 100_000):
        Path("runs/a/gru-1/run.json").write_text(text)
        document = listed(lnpatch, "runs")
        assert paths(document) == ["runs/b/lngru"]
        assert len(document["notes"]) == 1
        assert "runs/a/gru-1" in document["notes"][0]


UPDATE = '{"epoch": 0, "update": %d, "cost": 1.0, "seconds": 0.5, "elapsed": 1.0}\n'
VALIDATION = '{"update": %d, "elapsed": 1.0, "validation": {"error": 0.5}}\n'


@pytest.mark.parametrize(
    ("text", "last", "validations"),
    [
        pytest.param("", None, [], id="empty"),
        pytest.param(UPDATE % 1, 1, [], id="one"),
        pytest.param(UPDATE % 1 + '{"epoch": 0, "upd', 1, [], id="being written"),
        pytest.param("".join(UPDATE % n for n in range(1, 5000)), 4999, [], id="many"),
        pytest.param(UPDATE % 1 + VALIDATION % 1 + UPDATE % 2 + VALIDATION % 2, 2, [1, 2], id="validations"),
        pytest.param(VALIDATION % 1 + (VALIDATION % 2)[:-1], 1, [1], id="a validation that is being written"),
        pytest.param('"validation"\n' + VALIDATION % 3 + '{"validation": 3}\n', 3, [3], id="noise"),
        pytest.param(UPDATE % 1 + "x" * 300_000 + "\n" + UPDATE % 2, 2, [], id="an endless line"),
    ],
)
def test_the_end_of_a_file(tmp_path: Path, text: str, last: int | None, validations: list[int]) -> None:
    file = tmp_path / "updates.jsonl"
    assert read_last_entries(file) == list(read_validations(file)) == []
    file.write_text(text)
    entries = read_last_entries(file)
    assert (entries[-1]["update"] if entries else None) == last
    assert [entry["update"] for entry in read_validations(file)] == validations


def test_the_end_of_a_file_is_all_that_is_read(tmp_path: Path) -> None:
    file = tmp_path / "updates.jsonl"
    file.write_text("".join(UPDATE % n for n in range(1, 10_000)))
    entries = read_last_entries(file, size=1000)
    assert [entry["update"] for entry in entries] == list(range(9_999 - len(entries) + 1, 10_000))
    assert 5 <= len(entries) < 20
    assert json.loads(file.read_text().splitlines()[-1]) == entries[-1]


def test_a_narrow_terminal_keeps_the_names_of_the_runs_whole(tree: None, tmp_path: Path) -> None:
    for columns, left_out in (("60", True), ("200", False)):
        code, shown, _ = in_terminal("runs", cwd=tmp_path, COLUMNS=columns)
        assert code == 0
        for name in ("runs/b/lngru ", "studies/S/runs/lngru-1 "):
            assert name in shown
        assert ("Left out, as the terminal is narrow: " in shown) is left_out


def test_a_state_that_there_is_not(lnpatch: Cli, tree: None) -> None:
    refused = lnpatch("runs", "--state", "finished")
    assert refused.code == 2
    assert "'done', 'running', 'stopped'" in refused.err
