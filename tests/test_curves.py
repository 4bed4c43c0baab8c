"""`lnpatch curves`: runs on disk, side by side in a table, in a figure and in a terminal."""

import errno
import json
import math
import os
import pickle
import struct
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lnpatch.curves.panels import ticks
from lnpatch.curves.series import Series, higher_is_better, running_mean, thin
from lnpatch.training.run_folder import UPDATES, RunInfo, RunState, write_info
from tests.conftest import Output

Cli = Callable[..., Output]
Figures = Mapping[int, Mapping[str, Any]]

RANKS = {"t2i_r1": 20.0, "t2i_r5": 50.0, "t2i_medr": 5.0, "i2t_r1": 25.0}
SVG = "{http://www.w3.org/2000/svg}"


def write_run(
    folder: str | Path,
    cell: str,
    costs: Iterable[float],
    validations: Figures | None = None,
    *,
    seconds: float = 0.5,
    between: float = 0.5,
    tail: str = "",
    **info: Any,
) -> Path:
    """The folder of a run: an update takes *seconds* by itself, *between* by the clock, a validation 10 seconds."""
    path = Path(folder)
    path.mkdir(parents=True)
    validations = validations or {}
    facts: dict[str, Any] = {
        "target": "order-embeddings",
        "baseline": cell in ("gru", "lstm"),
        "runtime": "theano",
        "device": "cpu",
        "smoke": False,
        "checkout": "order-embedding",
        "commit": "0" * 40,
        "modified": True,
        "command": "python driver.py order",
        "settings": {"encoder": cell, "dim": 512},
        "arguments": (),
        "versions": {},
        "state": RunState.DONE,
    }
    write_info(path, RunInfo(cell=cell, **(facts | info)))
    lines, elapsed = [], 0.0
    for update, cost in enumerate(costs, 1):
        lines.append({"epoch": 0, "update": update, "cost": cost, "seconds": seconds, "elapsed": elapsed})
        if update in validations:
            elapsed += 10
            lines.append({"update": update, "elapsed": elapsed, "validation": validations[update]})
        elapsed += between
    (path / UPDATES).write_text("".join(json.dumps(line) + "\n" for line in lines) + tail)
    return path


def errors(*values: float, every: int = 10) -> Figures:
    """Validation errors of a run, one every so many updates."""
    return {every * (number + 1): {"error": value, "cost": 2 * value} for number, value in enumerate(values)}


def fall(count: int = 40, floor: float = 2.0) -> list[float]:
    """Costs as a training has them."""
    return [floor + 8 * math.exp(-update / 10) for update in range(count)]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A baseline, and a run that learns faster."""
    return (
        write_run(tmp_path / "base", "gru", fall(), errors(0.9, 0.6, 0.5, 0.55)),
        write_run(tmp_path / "ln", "lngru", fall(floor=1.0), errors(0.7, 0.5, 0.4, 0.45), seconds=0.6, between=0.6),
    )


# What is said


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
    ("figures", "wanted", "shown", "best"),
    [
        ({10: {"cost": 3.0, "error": 0.5}}, None, "error", 0.5),
        ({10: {"cost": 3.0, "error": 0.5}}, "cost", "cost", 3.0),
        ({10: RANKS, 20: RANKS | {"t2i_r1": 22.0}}, None, "t2i_r1", 22.0),
        ({10: RANKS, 20: RANKS | {"t2i_medr": 4.0}, 30: RANKS}, "t2i_medr", "t2i_medr", 4.0),
        ({10: {"perplexity": 9.0}, 20: {"perplexity": 8.0}}, None, "perplexity", 8.0),
    ],
)
def test_which_figure(lnpatch: Cli, figures: Figures, wanted: str | None, shown: str, best: float) -> None:
    write_run("run", "lngru", fall(), figures)
    document = lnpatch("curves", "run", "--format", "json", *(["--metric", wanted] if wanted else [])).json
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


# What is read


@pytest.mark.parametrize(
    "tail", ['{"epoch": 0, "update": 41, "co', '{"update": 41, "elapsed": 3', "\n", '{"update": 41, "news": true}\n']
)
def test_a_run_that_is_being_written(lnpatch: Cli, tail: str) -> None:
    write_run("run", "gru", fall(), errors(0.9, 0.6), tail=tail, state="running")
    shown = lnpatch("curves", "run", "--format", "json")
    assert shown.json["runs"][0]["updates"] == 40
    assert len(shown.json["notes"]) == 1  # that it is running


def test_a_broken_line_is_left_out_with_a_note(lnpatch: Cli) -> None:
    write_run("run", "gru", fall(3), tail='{"upd{"update": 4}\n{"update": 5, "cost": 1.0}\n')
    shown = lnpatch("curves", "run")
    assert shown.code == 0
    assert "the first is line 4" in shown.err
    assert " 5 " in shown.text


@pytest.mark.parametrize("name", ["run.json", "updates.jsonl", "log.txt"])
def test_a_file_of_a_run_stands_for_the_run(lnpatch: Cli, name: str) -> None:
    (write_run("one", "gru", fall()) / "log.txt").touch()
    write_run("two", "gru", fall())
    shown = lnpatch("curves", f"one/{name}", "two", "--format", "json").json
    assert [run["label"] for run in shown["runs"]] == ["GRU (one)", "GRU (two)"]


@pytest.mark.parametrize(("updates", "window"), [([1], 1), ([9], 2), ([60], 10), ([2000], 40), ([2000, 60], 10)])
def test_the_window_of_the_running_mean(lnpatch: Cli, updates: list[int], window: int) -> None:
    runs = [write_run(str(count), "gru", [1.0] * count) for count in updates]
    assert lnpatch("curves", *runs, "--format", "json").json["window"] == window


@pytest.mark.parametrize("bad", [math.nan, math.inf, None])
def test_costs_that_are_no_numbers(lnpatch: Cli, bad: Any) -> None:
    write_run("run", "gru", [3.0, 2.0, 1.0, bad])
    shown = lnpatch("curves", "run", "--format", "json", "--smooth", "1", "-o", "a.png")
    (run,) = shown.json["runs"]
    assert run["cost"]["values"] == run["cost"]["running_mean"] == [3, 2, 1, None]
    assert run["final_cost"] is None
    assert shown.json["notes"] == ["run: the cost is not a number at update 4."]


STATS = {
    "train_cost_ave": [3.0, 2.5, 2.0],
    "train_err_ave": [0.9, 0.8, 0.7],
    "valid_costs": [2.9, 2.2, 2.3],
    "valid_errs": [0.8, 0.6, 0.65],
    "valid_alphas_mean": [],
}


@pytest.mark.parametrize(
    ("name", "options", "label", "every", "notes"),
    [
        ("stats_dimworda_[240]_validFre_500_encoderq_lnlstm_lstm_s1.npz.pkl", [], "LN-LSTM", 500, 0),
        ("stats_validFre_500_encoderq_lstm_x.npz.pkl", ["--valid-every", "20"], "LSTM", 20, 0),
        ("stats_lnlstm_s1.npz.pkl", [], "LN-LSTM", 1000, 1),
        ("stats.pkl", [], "stats.pkl", 1000, 1),
    ],
)
def test_statistics_of_attentive_reader(
    lnpatch: Cli, name: str, options: list[str], label: str, every: int, notes: int
) -> None:
    numpy = pytest.importorskip("numpy")
    stats: dict[str, Any] = defaultdict(list, STATS)
    stats["valid_errs"] = [numpy.float32(0.75), numpy.float64(0.5), numpy.array([0.625])]
    Path(name).write_bytes(pickle.dumps(stats, protocol=2))
    document = lnpatch("curves", name, "--format", "json", "-o", "a.png", *options).json
    (run,) = document["runs"]
    assert (run["label"], run["target"]) == (label, "attentive-reader")
    assert run["cost"]["updates"] == [every, 2 * every, 3 * every]
    assert run["cost"]["values"] == STATS["train_cost_ave"]
    assert run["validation"]["error"]["values"] == [0.75, 0.5, 0.625]
    assert run["best_validation"] == {"value": 0.5, "update": 2 * every, "seconds": None}
    assert run["clock"] is None
    assert len(document["notes"]) == notes


LOGS = {
    "order-embeddings": (
        "{'encoder': 'lngru', 'dim': 8}\n"
        "Epoch  0 Update  10 Cost  9.5 UD  0.25\n"
        "Computing results...\n"
        "Text to image (dev set): 10.0, 20.0, 30.0, 9.0, 12.0\n"
        "Image to text (dev set): 11.0, 21.0, 31.0, 8.0, 11.0\n"
        "Epoch  0 Update  20 Cost  8.5 UD  0.75\n",
        "LN-GRU",
        {"t2i_r1": 10.0, "i2t_medr": 8.0},
    ),
    "attentive-reader": (
        "{'unit_type': 'lstm'}\n"
        "Epoch  0  Update  10  Cost  9.5  UD  0.25  UpNorm  1.0  GNorm  2.0  Pnorm  3.0 Terrors  0.5\n"
        "\t>>>Valid error:  0.625  Valid cost:  1.5\n"
        "Epoch  0  Update  20  Cost  8.5  UD  0.75  UpNorm  1.0  GNorm  2.0  Pnorm  3.0 Terrors  0.5\n",
        "LSTM",
        {"error": 0.625, "cost": 1.5},
    ),
    None: (
        "Epoch  0 Update  10 Cost  9.5 UD  0.25\nEpoch  0 Update  20 Cost  8.5 UD  0.75\n",
        "train.log",
        {},
    ),
}


@pytest.mark.parametrize("target", LOGS)
def test_logs(lnpatch: Cli, target: str | None) -> None:
    text, label, figures = LOGS[target]
    Path("train.log").write_text(text)
    (run,) = lnpatch("curves", "train.log", "--format", "json").json["runs"]
    assert (run["target"], run["label"], run["clock"]) == (target, label, "updates")
    assert run["cost"]["updates"] == [10, 20]
    assert run["cost"]["seconds"] == pytest.approx([2.5, 10])  # every tenth update is printed
    for name, value in figures.items():
        assert run["validation"][name] == {"updates": [10], "seconds": pytest.approx([2.5]), "values": [value]}


def test_a_log_that_was_resumed_counts_on(lnpatch: Cli) -> None:
    Path("train.log").write_text("".join(f"Epoch 0 Update {n} Cost 1.0 UD 0.5\n" for n in (1, 2, 3, 1, 2)))
    shown = lnpatch("curves", "train.log", "--format", "json").json
    assert shown["runs"][0]["cost"]["updates"] == [1, 2, 3, 4, 5]
    assert shown["runs"][0]["seconds"] == pytest.approx(2.5)
    assert shown["notes"] == ["train.log: it was resumed after update 3, and counted on from there."]


def test_two_kinds_of_seconds_are_not_compared(lnpatch: Cli, pair: tuple[Path, Path]) -> None:
    log = "".join(f"Epoch 0 Update {n} Cost {9 - n / 5} UD 0.5\n" for n in range(1, 41))
    Path("gru.log").write_text(log)
    shown = lnpatch("curves", "gru.log", pair[1])
    assert "do not compare them" in shown.err
    assert "of the updates that GRU took" in shown.text


# What cannot be read


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["nowhere"], 3, ["no run at nowhere", "lnpatch train"]),
        (["folder"], 3, ["folder is not the folder of a run", "no run.json"]),
        (["empty"], 3, ["empty has no updates", "compiling"]),
        (["good", "empty"], 3, ["empty has no updates"]),
        (["later"], 1, ["later cannot be read", "format is 2"]),
        (["broken"], 3, ["broken", "run.json cannot be read"]),
        (["text.pkl"], 1, ["text.pkl"]),
        (["list.pkl"], 1, ["list.pkl cannot be read", "holds a list"]),
        (["other.pkl"], 1, ["other.pkl cannot be read", "none of the lists", "valid_errs"]),
        (["code.pkl"], 1, ["code.pkl", "system"]),
        (["notes.txt"], 1, ["notes.txt cannot be read", "no line of a training"]),
        (["model.npz"], 1, ["model.npz cannot be read", "it is no text"]),
        (["good", "--metric", "eror"], 2, ["no validation figure 'eror'", "error, cost"]),
        (["plain", "--metric", "error"], 2, ["no validation figure 'error'", "none yet"]),
        (["good", "-o", "a.jpg"], 2, ["a.jpg", "png, svg, pdf"]),
        (["good", "-o", "a"], 2, ["suffix has to be one of"]),
        (["nan", "-o", "a.png"], 1, ["nothing to draw", "nan"]),
        (["good", "-o", "no/such/a.png"], 1, ["no/such/a.png", "No such file"]),
        (["good", "--smooth", "0"], 2, ["--smooth"]),
        (["good", "--valid-every", "0"], 2, ["--valid-every"]),
        ([], 2, ["RUN"]),
    ],
)
def test_wrong_input(lnpatch: Cli, arguments: list[str], code: int, parts: list[str]) -> None:
    write_run("good", "gru", fall(), errors(0.5))
    write_run("plain", "gru", fall())
    write_run("nan", "gru", [math.nan] * 3)
    write_run("empty", "gru", [], state="running")
    write_run("later", "gru", fall(), format=2)
    write_run("broken", "gru", fall())
    Path("broken/run.json").write_text("{")
    Path("folder").mkdir()
    Path("text.pkl").write_text("this is no pickle")
    Path("list.pkl").write_bytes(pickle.dumps([1], protocol=2))
    Path("other.pkl").write_bytes(pickle.dumps({"dim": 1}, protocol=2))
    Path("code.pkl").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    Path("notes.txt").write_text("nothing of a training\n")
    Path("model.npz").write_bytes(b"PK\x03\x04\x00\x00")
    failed = lnpatch("curves", *arguments)
    assert (failed.code, failed.out) == (code, b"")
    for part in parts:
        assert part in failed.err
    assert not Path("pwned").exists()
    as_json = lnpatch("curves", *arguments, "--format", "json")
    assert (as_json.code, as_json.err) == (code, "")
    assert as_json.json["error"]["exit_code"] == code


# What is drawn


@pytest.fixture
def matplotlib() -> None:
    pytest.importorskip("matplotlib")


@pytest.mark.usefixtures("matplotlib")
def test_figures(lnpatch: Cli, pair: tuple[Path, Path]) -> None:
    shown = lnpatch("curves", *pair, "-o", "a.png", "-o", "a.svg", "--output", "a.pdf")
    assert shown.code == 0
    assert shown.err.splitlines() == ["Written: a.png", "Written: a.svg", "Written: a.pdf"]
    png = Path("a.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (1360, 980)  # 6.8 by 4.9 inches, 200 dots an inch
    assert Path("a.pdf").read_bytes().startswith(b"%PDF")
    words = [element.text for element in ElementTree.parse("a.svg").iter(f"{SVG}text")]
    for word in ("GRU", "LN-GRU", "training cost", "validation error", "updates", "seconds of training"):
        assert word in words
    assert words.count("validation error") == 2


@pytest.mark.usefixtures("matplotlib")
@pytest.mark.parametrize(
    ("validations", "seconds", "labels"),
    [
        (errors(0.5), True, ["training cost", "training cost", "validation error", "validation error"]),
        ({}, True, ["training cost", "training cost"]),
        (errors(0.5), False, ["training cost", "validation error"]),
        ({}, False, ["training cost"]),
    ],
)
def test_panels_without_data_are_left_out(lnpatch: Cli, validations: Figures, seconds: bool, labels: list[str]) -> None:
    run = write_run("run", "lngru", fall(), validations)
    if not seconds:
        lines = [json.loads(line) for line in (run / UPDATES).read_text().splitlines()]
        for line in lines:
            line.pop("elapsed")
            line.pop("seconds", None)
        (run / UPDATES).write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert lnpatch("curves", "run", "-o", "a.svg").code == 0
    words = [element.text or "" for element in ElementTree.parse("a.svg").iter(f"{SVG}text")]
    assert [word for word in words if word.startswith(("training", "validation"))] == labels


@pytest.mark.usefixtures("matplotlib")
@pytest.mark.parametrize(
    ("costs", "validations"),
    [
        ([1.0], {}),
        ([1.0], {1: {"error": 0.5}}),
        ([2.0] * 5, {}),
        ([0.0] * 5, {}),
        ([-1.0, -2.0, 1e9], {}),
        ([1e-30, 1.0, 1e30], {}),
        ([1.0, math.nan], {2: {"error": math.nan}}),
        ([1e6 / n for n in range(1, 500)], {}),
    ],
)
def test_odd_curves_are_drawn(lnpatch: Cli, costs: list[float], validations: Figures) -> None:
    pytest.importorskip("plotext")
    write_run("run", "gru", costs, validations)
    shown = lnpatch("curves", "run", "-o", "a.png", "-o", "a.svg", "--plot")
    assert shown.code == 0
    assert Path("a.png").stat().st_size > 2000


@pytest.mark.usefixtures("matplotlib")
@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.pdf"])
def test_the_same_runs_give_the_same_bytes(lnpatch: Cli, pair: tuple[Path, Path], name: str) -> None:
    lnpatch("curves", *pair, "-o", name)
    first = Path(name).read_bytes()
    Path(name).unlink()
    lnpatch("curves", *pair, "-o", name)
    assert Path(name).read_bytes() == first


@pytest.mark.usefixtures("matplotlib")
def test_a_figure_that_cannot_be_written_leaves_the_old_one(
    lnpatch: Cli, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("figures").mkdir()
    Path("figures/a.png").write_bytes(b"old")

    def full(*paths: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    failed = lnpatch("curves", *pair, "-o", "figures/a.png")
    assert (failed.code, failed.out) == (1, b"")
    assert "figures/a.png: No space left on device" in failed.err
    assert [path.read_bytes() for path in Path("figures").iterdir()] == [b"old"]


@pytest.mark.usefixtures("matplotlib")
def test_a_figure_that_was_written_is_like_any_new_file(lnpatch: Cli, pair: tuple[Path, Path]) -> None:
    old = os.umask(0o027)
    try:
        lnpatch("curves", *pair, "-o", "a.png")
    finally:
        os.umask(old)
    assert Path("a.png").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in Path().glob("*a.png*")) == ["a.png"]


def test_without_matplotlib(lnpatch: Cli, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("matplotlib", "matplotlib.figure", "plotext"):
        monkeypatch.setitem(sys.modules, name, None)
    failed = lnpatch("curves", *pair, "-o", "a.png")
    assert (failed.code, failed.out) == (5, b"")
    assert "matplotlib" in failed.err
    assert f"{sys.executable} -m pip install 'lnpatch[plot]'" in failed.err
    assert not Path("a.png").exists()
    assert lnpatch("curves", *pair).code == 0
    assert lnpatch("curves", *pair, "--format", "json").code == 0


def test_without_plotext(lnpatch: Cli, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotext", None)
    assert "LN-GRU reaches" in lnpatch("curves", *pair, "--no-plot").text
    failed = lnpatch("curves", *pair, "--plot")
    assert failed.code == 5
    assert "pip install 'lnpatch[plot]'" in failed.err


def test_a_plot_is_no_json(lnpatch: Cli, pair: tuple[Path, Path]) -> None:
    assert lnpatch("curves", *pair, "--plot", "--format", "json").code == 2


def test_the_plot_in_a_pipe(lnpatch: Cli, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("plotext")
    monkeypatch.setenv("COLUMNS", "80")
    shown = lnpatch("curves", *pair, "--plot")
    assert shown.code == 0
    assert "\x1b" not in shown.text
    lines = shown.text.splitlines()
    assert lines[0] == "oo GRU  ++ LN-GRU"
    assert max(map(len, lines[:-3])) <= 80
    titles = [line.strip() for line in lines if " over " in line]
    assert titles == [
        "training cost over updates",
        "training cost over seconds of training",
        "validation error over updates",
        "validation error over seconds of training",
    ]
    assert lines[-1].startswith("An update of LN-GRU")


def in_terminal(*arguments: str | Path, **environment: str) -> str:
    """What a command shows in a terminal."""
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "lnpatch", *map(str, arguments)]
    variables = os.environ | {"TERM": "xterm-256color", "PYTHONUTF8": "1"} | environment
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, env=variables) as process:
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:  # this is how Linux says that the other end was closed
            pass
        os.close(ours)
    assert process.returncode == 0
    return seen.decode()


@pytest.mark.parametrize(
    ("environment", "colours", "unicode"),
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, False, True),
        ({"PYTHONIOENCODING": "ascii"}, True, False),
        ({"PYTHONIOENCODING": "ascii", "NO_COLOR": "1"}, False, False),
    ],
)
def test_the_plot_in_a_terminal(
    pair: tuple[Path, Path], environment: dict[str, str], colours: bool, unicode: bool
) -> None:
    pytest.importorskip("plotext")
    text = in_terminal("curves", *pair, COLUMNS="120", **environment)
    assert "training cost over updates" in text
    assert ("\x1b[38;5;" in text) == colours
    assert text.isascii() == (not unicode)
    assert any(0x2800 < ord(letter) < 0x2900 for letter in text) == (colours and unicode)


def test_no_figure_is_cut_in_a_narrow_terminal(pair: tuple[Path, Path]) -> None:
    text = in_terminal("curves", *pair, "--no-plot", COLUMNS="50", NO_COLOR="1")
    for figure in ("LN-GRU", "2.189", "1.189", "45 s", "48 s"):
        assert figure in text
    assert "…" not in text


@pytest.mark.parametrize("arguments", [[], ["--format", "json"]])
def test_nothing_that_draws_is_imported_without_need(pair: tuple[Path, Path], arguments: list[str]) -> None:
    code = (
        "import sys; from lnpatch.cli import main; "
        f"main({['curves', *map(str, pair), *arguments]!r}); "
        "sys.exit(sorted({'matplotlib', 'plotext', 'numpy', 'libcst'} & sys.modules.keys()) or None)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()


# What is computed

VALUES = st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(math.nan), st.floats(1e20, 1e30)), min_size=1, max_size=60)


@given(VALUES, st.integers(1, 80), st.integers(1, 7))
def test_running_mean(values: list[float], window: int, step: int) -> None:
    updates = [float(step * (number + 1)) for number in range(len(values))]
    means = running_mean(Series(updates, values), window)
    for update, mean in zip(updates, means, strict=True):
        near = [v for u, v in zip(updates, values, strict=True) if abs(u - update) <= window / 2 and math.isfinite(v)]
        if near:
            scale = max(map(abs, near))
            assert mean == pytest.approx(math.fsum(near) / len(near), rel=1e-6, abs=1e-6 * scale + 1e-9)
        else:
            assert math.isnan(mean)


@given(st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(math.nan)), max_size=300), st.integers(4, 50))
def test_thinned_points_look_like_the_whole(values: list[float], limit: int) -> None:
    x, y = thin(list(range(len(values))), values, limit)
    finite = [value for value in values if math.isfinite(value)]
    assert len(y) <= limit + 4
    assert all(values[int(at)] == value for at, value in zip(x, y, strict=True))
    assert x == sorted(x)
    if finite:
        assert (min(y), max(y)) == (min(finite), max(finite))


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.booleans())
def test_ticks(low: float, width: float, logarithmic: bool) -> None:
    high = low + width
    found = ticks(low, high, logarithmic=logarithmic)
    assert found == sorted(set(found))
    assert len(found) <= 9
    margin = 1e-6 * width
    assert all(low - margin <= tick <= high + margin for tick in found)


@pytest.mark.parametrize(
    ("metric", "higher"),
    [("error", False), ("cost", False), ("t2i_r1", True), ("i2t_r10", True), ("t2i_medr", False), ("accuracy", True)],
)
def test_what_is_better(metric: str, higher: bool) -> None:
    assert higher_is_better(metric) is higher
