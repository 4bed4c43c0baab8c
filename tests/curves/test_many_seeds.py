"""`lnpatch curves` over seeds and unlike runs: mean and band, marks of what cannot be compared, the table for programs."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from lnpatch.curves.panels import make_panels
from lnpatch.curves.read import read_run_series
from lnpatch.curves.summary import summarise_runs
from lnpatch.training.run_folder import UPDATES
from tests.curves.runs import Cli, errors, fall, write_run

SVG = "{http://www.w3.org/2000/svg}"


def seeds(cell: str, *numbers: int, **info: Any) -> list[str]:
    """Runs that differ in their seeds alone."""
    return [
        str(write_run(f"{cell}{seed}", cell, fall(floor=seed), errors(0.5 + seed / 10), seed=seed, **info))
        for seed in numbers
    ]


@pytest.mark.usefixtures("matplotlib")
def test_runs_that_differ_in_their_seeds_are_one_curve(lnpatch: Cli) -> None:
    folders = [*seeds("gru", 1, 2, 3), *seeds("lngru", 1, 2, 3)]
    assert lnpatch("curves", *folders, "-o", "a.svg").code == 0
    words = [element.text for element in ElementTree.parse("a.svg").iter(f"{SVG}text")]
    for word in ("GRU (3 seeds)", "LN-GRU (3 seeds)", "mean, least to greatest", "best validation"):
        assert words.count(word) == 1
    assert "order-embeddings, 40 updates" in words
    panel = make_panels(summarise_runs([read_run_series(folder) for folder in folders], window=1))[0]
    x, low, high = panel.curves[0].band or ([], [], [])
    middle = panel.curves[0].points[1]
    assert x == list(range(1, 41))
    assert low == pytest.approx(fall(floor=1))
    assert middle == pytest.approx(fall(floor=2))
    assert high == pytest.approx(fall(floor=3))


@pytest.mark.parametrize(
    ("other", "labels"),
    [
        ({"seed": 2}, ["GRU (2 seeds)"]),
        ({"seed": 1}, ["GRU (a)", "GRU (b)"]),
        ({"seed": None}, ["GRU (a)", "GRU (b)"]),
        ({"seed": 2, "device": "gpu"}, ["GRU (a)", "GRU (b)"]),
        ({"seed": 2, "settings": {"dim": 7}}, ["GRU (a)", "GRU (b)"]),
        ({"seed": 2, "data_sha256": "1"}, ["GRU (a)", "GRU (b)"]),
        ({"seed": 2, "settings": {"encoder": "gru", "dim": 512, "seed": 2}}, ["GRU (2 seeds)"]),
    ],
)
def test_which_runs_are_one_curve(lnpatch: Cli, other: dict[str, Any], labels: list[str]) -> None:
    write_run("a", "gru", fall(), seed=1, data_sha256="0")
    write_run("b", "gru", fall(), **({"data_sha256": "0"} | other))
    summary = summarise_runs([read_run_series("a"), read_run_series("b")])
    assert [group.label for group in summary.shown] == labels


@pytest.mark.parametrize(
    ("info", "updates", "marks"),
    [
        ({}, 40, []),
        ({"smoke": True}, 40, ["smoke"]),
        ({}, 20, ["20 of 40 updates"]),
        ({"smoke": True}, 20, ["smoke", "20 of 40 updates"]),
    ],
)
def test_what_cannot_be_compared_is_marked(lnpatch: Cli, info: dict[str, Any], updates: int, marks: list[str]) -> None:
    write_run("base", "gru", fall())
    write_run("ln", "lngru", fall(updates), **info)
    shown = lnpatch("curves", "base", "ln", "--format", "json").json
    assert [run["marks"] for run in shown["runs"]] == [[], marks]
    text = lnpatch("curves", "base", "ln").text
    assert all(mark in text for mark in marks)
    assert ("smoke" in text.casefold()) == ("smoke" in marks)
    summary = summarise_runs([read_run_series("base"), read_run_series("ln")])
    caption = f" [{', '.join(marks)}]" if marks else ""
    assert [group.caption for group in summary.shown] == ["GRU", f"LN-GRU{caption}"]


def test_all_axes_begin_at_zero_and_end_with_the_last_update(lnpatch: Cli) -> None:
    write_run("base", "gru", fall(30), errors(0.5))
    write_run("ln", "lngru", fall(40), errors(0.5))
    panels = make_panels(summarise_runs([read_run_series("base"), read_run_series("ln")]))
    assert [panel.end for panel in panels if panel.x_label == "updates"] == [40.0, 40.0]


def test_the_table_has_every_value(lnpatch: Cli) -> None:
    folder = write_run("run", "lngru", fall(3), {2: {"error": 0.5}}, seed=7)
    lines = [json.loads(line) for line in (folder / UPDATES).read_text().splitlines()]
    for line in lines:
        line.update({"words": 4.0} if "cost" in line else {})
    lines[-1]["cost"] = None  # as a NaN is written
    (folder / UPDATES).write_text("".join(json.dumps(line) + "\n" for line in lines))
    shown = lnpatch("curves", "run", "-o", "runs.csv")
    assert (shown.code, shown.err.splitlines()[-1]) == (0, "Written: runs.csv")
    rows = list(csv.DictReader(Path("runs.csv").read_text().splitlines()))
    assert list(rows[0]) == ["run", "cell", "seed", "update", "elapsed", "series", "value"]
    assert {(row["run"], row["cell"], row["seed"]) for row in rows} == {("run", "lngru", "7")}
    values = {(row["series"], int(row["update"])): row["value"] for row in rows}
    assert float(values["cost", 1]) == fall()[0]
    assert float(values["cost_per_word", 1]) == pytest.approx(fall()[0] / 4)
    assert values["validation_error", 2] == "0.5"
    assert values.get("cost", "") == "" or values["cost", 3] == ""


def test_costs_are_per_word_where_all_runs_know_their_words(lnpatch: Cli) -> None:
    for name, cell in (("base", "gru"), ("ln", "lngru")):
        folder = write_run(name, cell, [8.0, 4.0])
        lines = [json.loads(line) | {"words": 2.0} for line in (folder / UPDATES).read_text().splitlines()]
        (folder / UPDATES).write_text("".join(json.dumps(line) + "\n" for line in lines))
    shown = lnpatch("curves", "base", "ln", "--format", "json").json
    assert (shown["cost_per_word"], shown["runs"][0]["final_cost"]) == (True, 2.0)
    assert "final cost per word" in lnpatch("curves", "base", "ln").text
    write_run("third", "gru", [8.0, 4.0])
    mixed = lnpatch("curves", "base", "ln", "third", "--format", "json").json
    assert (mixed["cost_per_word"], mixed["runs"][0]["final_cost"]) == (False, 4.0)
