"""`lnpatch curves`: the runs, statistics and logs that are read, and those that cannot be."""

from __future__ import annotations

import math
import pickle
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.curves.runs import Cli, errors, fall, write_run


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
        (["model.npz"], 1, ["model.npz cannot be read", "it is not a text file"]),
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
    Path("text.pkl").write_text("not a pickle")
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
