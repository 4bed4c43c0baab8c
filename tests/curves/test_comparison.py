"""The rule by which runs are compared: how soon one is where its baseline ended, on costs as noisy as those of text."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lnpatch.curves.comparison import compare_runs, fit_trend
from lnpatch.curves.series import RunSeries, Series
from lnpatch.training.run_folder import UPDATES
from tests.curves.runs import Cli, fall, write_run

#: What a learning curve is, by the share of a training.
Curve = Callable[[float], float]


def gru(share: float) -> float:
    return 3 + 3 / math.sqrt(1 + 20 * share)


def lngru(share: float) -> float:
    """Where the baseline ends after half of the updates."""
    return gru(2 * share)


def costs_of_text(curve: Curve, updates: int = 3000, seed: int = 1, noise: int = 2) -> tuple[list[float], list[float]]:
    """Costs of batches of sentences of one length each, as skip-thoughts has them, and the words of the batches.

    Runs of one *seed* have the same batches, with what their sentences cost; *noise* tells the runs' own from each other.
    """
    batches, own = random.Random(seed), random.Random(noise)
    costs, words = [], []
    for update in range(updates):
        count = 128.0 * batches.randint(3, 30)
        hardness = 1 + 0.08 * batches.gauss(0, 1)
        costs.append(count * curve(update / updates) * hardness * (1 + 0.01 * own.gauss(0, 1)))
        words.append(count)
    return costs, words


def write_text_run(folder: str, cell: str, curve: Curve, seed: int, *, with_words: bool) -> None:
    costs, words = costs_of_text(curve, seed=seed, noise=hash_of(folder))
    write_run(folder, cell, costs, target="skip-thoughts", seed=seed, data_sha256="0" * 64)
    if with_words:
        file = Path(folder) / UPDATES
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        entries = [line | {"words": count} for line, count in zip(lines, words, strict=True)]
        file.write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def hash_of(text: str) -> int:
    return sum(map(ord, text))


def series(costs: Sequence[float], cell: str = "gru", **more: Any) -> RunSeries:
    updates = list(range(1, len(costs) + 1))
    cost = Series(updates, list(costs), [float(update) for update in updates])
    return RunSeries("run", "demo", cell, cell == "gru", cost, {}, **more)


@pytest.mark.parametrize("with_words", [True, False])
@pytest.mark.parametrize(("seeds", "paired"), [((1, 1), True), ((1, 2), False)])
def test_the_share_does_not_depend_on_the_window(
    lnpatch: Cli, with_words: bool, seeds: tuple[int, int], paired: bool
) -> None:
    write_text_run("base", "gru", gru, seeds[0], with_words=with_words)
    write_text_run("ln", "lngru", lngru, seeds[1], with_words=with_words)
    shares = []
    for window in ("50", "400"):
        shown = lnpatch("curves", "base", "ln", "--smooth", window, "--format", "json").json
        (comparison,) = shown["comparisons"]
        assert (comparison["paired"], shown["cost_per_word"]) == (paired, with_words)
        shares.append(comparison["share_of_updates"])
    assert shares[0] == shares[1]
    if with_words:  # without them the lengths of the sentences hide where it happens
        assert shares[0] == pytest.approx(0.5, abs=0.1)


def test_seeds_make_a_band(lnpatch: Cli) -> None:
    for seed in (1, 2, 3):
        write_text_run(f"base{seed}", "gru", gru, seed, with_words=True)
        write_text_run(f"ln{seed}", "lngru", lngru, seed, with_words=True)
    folders = [f"{name}{seed}" for seed in (1, 2, 3) for name in ("base", "ln")]
    shown = lnpatch("curves", *folders, "--format", "json").json
    assert [one["paired"] for one in shown["comparisons"]] == [True] * 3
    (group,) = shown["groups"]
    assert group["reached"] == 3
    assert all(share == pytest.approx(0.5, abs=0.1) for share in group["shares_of_updates"])
    assert group["shares_of_updates"] == sorted(group["shares_of_updates"])
    text = lnpatch("curves", *folders).text
    assert "3 of 3 runs of LN-GRU reach the final cost of GRU, after" in text
    assert "of the same batches, the cost of LN-GRU is" in text


@pytest.mark.parametrize(
    ("curve", "reaches"),
    [
        (lngru, True),
        (lambda share: gru(share) + 0.3, False),  # never as good
        (lambda share: 3.0 + 5 * share, False),  # better at first, and then worse for good
        (lambda share: gru(share) - 0.001, True),
    ],
)
def test_below_means_for_good(curve: Curve, reaches: bool) -> None:
    costs, baseline = costs_of_text(curve, noise=3), costs_of_text(gru, noise=4)
    per_word = [[cost / words for cost, words in zip(*run, strict=True)] for run in (costs, baseline)]
    shared = {"seed": 1, "data_sha256": "0"}
    compared = compare_runs(series(per_word[0], "lngru", **shared), series(per_word[1], **shared), ("a", "b"), "")
    assert (compared.reached is not None) == reaches


def test_compiling_is_no_training(lnpatch: Cli) -> None:
    write_run("base", "gru", fall(), seed=1)
    folder = write_run("ln", "lngru", fall(floor=1.0), seed=1)
    before = lnpatch("curves", "base", "ln", "--format", "json").json["comparisons"][0]["share_of_seconds"]
    lines = [json.loads(line) for line in (folder / UPDATES).read_text().splitlines()]
    for number, line in enumerate(lines):  # the third update waits 100 s for a function
        line["elapsed"] += 100.0 if number >= 2 else 0.0
        line.update({"compile": 100.0} if number == 2 else {})
    (folder / UPDATES).write_text("".join(json.dumps(line) + "\n" for line in lines))
    shown = lnpatch("curves", "base", "ln", "--format", "json").json
    assert shown["comparisons"][0]["share_of_seconds"] == pytest.approx(before)
    assert shown["runs"][1]["compile_seconds"] == 100
    assert "compiled for 100 s between updates, which are no seconds of training" in "".join(shown["notes"])


finite = st.floats(0.5, 100)
costs = st.lists(finite, min_size=2, max_size=60)


@given(costs)
def test_a_trend_falls_and_keeps_the_mean(values: list[float]) -> None:
    trend = fit_trend(values)
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(trend))
    assert sum(trend) == pytest.approx(sum(values))
    assert fit_trend(trend) == pytest.approx(trend)


@given(costs, costs, st.floats(0.1, 10))
def test_another_unit_of_cost_changes_nothing(ours: list[float], theirs: list[float], factor: float) -> None:
    def share(scale: float) -> float | None:
        run, baseline = (series([scale * cost for cost in one]) for one in (ours, theirs))
        return compare_runs(run, baseline, ("a", "b"), "").share_of_updates

    assert share(factor) == pytest.approx(share(1.0))


@given(costs)
def test_a_run_reaches_itself(values: list[float]) -> None:
    compared = compare_runs(series(values), series(values), ("a", "b"), "")
    assert compared.reached is not None
    assert compared.cost_ratio == pytest.approx(1.0)
