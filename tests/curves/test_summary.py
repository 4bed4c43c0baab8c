"""`lnpatch curves`: what the table, the sentences, the notes and the JSON say of runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.curves.runs import Cli, Figures, errors, fall, write_run

RANKS = {"t2i_r1": 20.0, "t2i_r5": 50.0, "t2i_medr": 5.0, "i2t_r1": 25.0}


def test_table_and_claims(lnpatch: Cli, pair: tuple[Path, Path]) -> None:
    shown = lnpatch("curves", *pair)
    assert (shown.code, shown.err) == (0, "")
    assert shown.text.splitlines() == [
        "run     updates  final cost  best error  at update  after  s/update",
        "GRU          40       2.189         0.5         30   45 s       0.5",
        "LN-GRU       40       1.189         0.4         30   48 s       0.6",
        "",
        "LN-GRU reaches GRU's best validation error, 0.5, after 67% of the updates and 71% of the seconds that GRU took.",
        "An update of LN-GRU takes 1.20 times the seconds of one of GRU.",
    ]


def test_json(lnpatch: Cli, pair: tuple[Path, Path]) -> None:
    shown = lnpatch("curves", *pair, "--format", "json", "--smooth", "1")
    assert (shown.code, shown.err) == (0, "")
    document = shown.json
    base, normalized = document["runs"]
    assert (base["label"], base["baseline"], base["state"], base["clock"]) == ("GRU", True, "done", "wall")
    assert (normalized["label"], normalized["cell"], normalized["target"]) == ("LN-GRU", "lngru", "order-embeddings")
    assert base["cost"]["updates"] == list(range(1, 41))
    assert base["cost"]["values"] == fall()
    assert base["cost"]["running_mean"] == pytest.approx(fall())
    # before the first report one update, of half a second; later 10 seconds for each validation
    assert base["cost"]["seconds"][:11] == pytest.approx([0.5 * n for n in range(1, 11)] + [15.5])
    assert base["validation"]["error"] == {
        "updates": [10, 20, 30, 40],
        "seconds": pytest.approx([15, 30, 45, 60]),
        "values": [0.9, 0.6, 0.5, 0.55],
    }
    assert base["best_validation"] == {"value": 0.5, "update": 30, "seconds": pytest.approx(45)}
    assert base["final_cost"] == pytest.approx(sum(fall()[-4:]) / 4)
    (comparison,) = document["comparisons"]
    assert comparison["goal"] == base["best_validation"]
    assert comparison["reached"] == {"value": 0.5, "update": 20, "seconds": pytest.approx(32)}
    assert comparison["share_of_updates"] == pytest.approx(20 / 30)
    assert comparison["share_of_seconds"] == pytest.approx(32 / 45)
    assert comparison["seconds_per_update_ratio"] == pytest.approx(1.2)
    assert (document["metric"], document["window"], document["figures"], document["notes"]) == ("error", 1, [], [])


def test_never_as_good(lnpatch: Cli, tmp_path: Path, pair: tuple[Path, Path]) -> None:
    slow = write_run(tmp_path / "slow", "lngru", fall(), errors(0.9, 0.8, 0.7, 0.71))
    assert (
        "LN-GRU has not reached GRU's best validation error, 0.5, so far; its best is 0.7."
        in lnpatch("curves", pair[0], slow).text
    )


def test_without_validation_the_final_cost_is_the_goal(lnpatch: Cli, tmp_path: Path) -> None:
    base = write_run(tmp_path / "a", "gru", [10.0] * 50 + [5.0] * 50, target="skip-thoughts")
    fast = write_run(tmp_path / "b", "lngru", [10.0] * 20 + [4.0] * 80, target="skip-thoughts")
    shown = lnpatch("curves", base, fast, "--smooth", "1")
    assert "LN-GRU reaches GRU's final cost, 5, after 21% of the updates and 21% of the seconds that GRU took." in (
        shown.text
    )
    assert "best validation" in shown.text


@pytest.mark.parametrize(
    ("cells", "claims"),
    [
        (["gru", "lstm", "lngru", "lnlstm"], ["LN-GRU reaches GRU", "LN-LSTM reaches LSTM"]),
        (["gru", "lnlstm"], ["LN-LSTM reaches GRU"]),
        (["lngru", "lnlstm"], []),
        (["gru", "lstm"], []),
    ],
)
def test_who_is_compared_with_whom(lnpatch: Cli, tmp_path: Path, cells: list[str], claims: list[str]) -> None:
    runs = [write_run(tmp_path / cell, cell, fall(), errors(0.5)) for cell in cells]
    shown = lnpatch("curves", *runs).text
    assert [line.split("'s best")[0] for line in shown.splitlines() if " reaches " in line] == claims


@pytest.mark.parametrize(
    ("folders", "cells", "labels"),
    [
        (["a", "b"], ["gru", "lngru"], ["GRU", "LN-GRU"]),
        (["a", "b"], ["lnlstm", "lnlstm"], ["LN-LSTM (a)", "LN-LSTM (b)"]),
        (["a", "b", "c"], ["gru", "lngru", "gru"], ["GRU (a)", "LN-GRU", "GRU (c)"]),
        (["x/a", "y/a"], ["gru", "gru"], ["GRU (x/a)", "GRU (y/a)"]),
        (["a"], ["bnlstm"], ["BN-LSTM"]),
    ],
)
def test_labels(lnpatch: Cli, folders: list[str], cells: list[str], labels: list[str]) -> None:
    for folder, cell in zip(folders, cells, strict=True):
        write_run(folder, cell, fall())
    shown = lnpatch("curves", *folders, "--format", "json").json
    assert [run["label"] for run in shown["runs"]] == labels


@pytest.mark.parametrize(
    ("figures", "metric", "shown", "best"),
    [
        ({10: {"cost": 3.0, "error": 0.5}}, None, "error", 0.5),
        ({10: {"cost": 3.0, "error": 0.5}}, "cost", "cost", 3.0),
        ({10: RANKS, 20: RANKS | {"t2i_r1": 22.0}}, None, "t2i_r1", 22.0),
        ({10: RANKS, 20: RANKS | {"t2i_medr": 4.0}, 30: RANKS}, "t2i_medr", "t2i_medr", 4.0),
        ({10: {"perplexity": 9.0}, 20: {"perplexity": 8.0}}, None, "perplexity", 8.0),
    ],
)
def test_which_figure(lnpatch: Cli, figures: Figures, metric: str | None, shown: str, best: float) -> None:
    write_run("run", "lngru", fall(), figures)
    document = lnpatch("curves", "run", "--format", "json", *(["--metric", metric] if metric else [])).json
    assert document["metric"] == shown
    assert document["runs"][0]["best_validation"]["value"] == best


@pytest.mark.parametrize(
    ("info", "note"),
    [
        ({"state": "running"}, "LN-GRU is still running"),
        ({"state": "nan"}, "LN-GRU ended after 40 updates because its cost was not a number."),
        ({"target": "skip-thoughts"}, "different targets (order-embeddings, skip-thoughts)"),
        ({"settings": {"dim": 256, "encoder": "lngru"}}, "differ in more than the cell: dim (256, 512)."),
        ({"device": "gpu"}, "differ in more than the cell: device (gpu, cpu)."),
        ({"settings": {"dim": 512, "encoder": "lngru", "saveto": "elsewhere"}}, None),
    ],
)
def test_notes(lnpatch: Cli, pair: tuple[Path, Path], info: dict[str, Any], note: str | None) -> None:
    other = write_run("other", "lngru", fall(), errors(0.5), **info)
    shown = lnpatch("curves", pair[0], other)
    assert shown.code == 0
    assert shown.err.startswith("note: ") if note else shown.err == ""
    assert (note or "") in shown.err
    assert (" reaches " in shown.text) == ("target" not in info)
