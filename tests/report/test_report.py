"""The report of a study: what it says of an experiment, in HTML, Markdown and CSV alike."""

from __future__ import annotations

import csv
import html.parser
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lnpatch.curves import plot
from lnpatch.curves.series import RunSeries, Series
from lnpatch.errors import FileError, PlotLibraryError
from lnpatch.recipes.job import PaperRow
from lnpatch.report.experiment import Difference, Experiment, ReportRun
from lnpatch.report.results import Spread, figure_names, spread
from lnpatch.report.write import write_report

SICK = {"pearson": 0.85, "mse": 0.28}

PAPER = (
    PaperRow("baseline", "table 3", True, tasks={"sick": {"pearson": 0.842, "mse": 0.298}, "mr": {"accuracy": 77.3}}),
    PaperRow("+ LN", "table 3", True, tasks={"sick": {"pearson": 0.858, "mse": 0.27}, "mr": {"accuracy": 79.4}}),
    PaperRow("another", "elsewhere", False, tasks={"trec": {"accuracy": 92.2}}),
)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figure is drawn, which takes longer than all else."""
    monkeypatch.setattr("lnpatch.report.write.draw_figure", lambda summary: None)


def a_run(cell: str, seed: int, floor: float, evaluation: Mapping[str, Mapping[str, float]] | None = None) -> ReportRun:
    updates = list(range(1, 101))
    costs = [floor + 8 * math.exp(-update / 20) + 0.01 * seed for update in updates]
    cost = Series(updates, costs, [0.5 * update for update in updates])
    series = RunSeries(
        f"runs/{cell}-{seed}",
        "demo",
        cell,
        cell == "gru",
        cost,
        {},
        "done",
        "wall",
        0.5,
        {"dim": 8},
        seed,
        "c.txt",
        "0",
    )
    return ReportRun(cell, seed, "done", series, evaluation or {})


def an_experiment(**other: Any) -> Experiment:
    runs = tuple(a_run(cell, seed, floor) for seed in (1, 2) for cell, floor in (("gru", 2.0), ("lngru", 1.0)))
    return replace(
        Experiment(
            target="demo",
            title="A model",
            paper="A paper, 2016",
            cells=("gru", "lngru"),
            runs=runs,
            rows=(),
            differences=(Difference("dim", "2400", "256"),),
            command="lnpatch reproduce demo --output studies/demo",
            steps=("lnpatch apply demo", "lnpatch curves a b"),
            machine={"processor": "a processor", "cores": "2"},
            versions={"lnpatch": "1.0", "jax": "0.5"},
            sources=("lngru: commit 0, patch SHA-256 1",),
        ),
        **other,
    )


def evaluated(figures: Mapping[str, Mapping[str, float]]) -> tuple[ReportRun, ...]:
    return tuple(replace(run, evaluation=figures) for run in an_experiment().runs)


class Page(html.parser.HTMLParser):
    """What a browser would see: the words, and what would be loaded or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [
            value or "" for name, value in attrs if name in ("src", "href") and not (value or "").startswith("#")
        ]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def write(folder: Path, experiment: Experiment) -> tuple[Page, str, list[dict[str, str]]]:
    """The page, the Markdown, and the rows of the table."""
    written = write_report(folder, experiment).files
    assert {path.relative_to(folder).as_posix() for path in written} >= {"report.html", "report.md", "table.csv"}
    rows = list(csv.DictReader((folder / "table.csv").read_text(encoding="utf-8").splitlines()))
    page = (folder / "report.html").read_text(encoding="utf-8")
    return Page(page), (folder / "report.md").read_text(encoding="utf-8"), rows


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        (an_experiment(), "2 of 2 runs of LN-GRU reach the final cost of GRU, after"),
        (an_experiment(), "An update of LN-GRU takes 1.00 times the seconds of one of GRU."),
        (an_experiment(), "lnpatch reproduce demo --output studies/demo"),
        (an_experiment(), "lnpatch curves a b"),
        (an_experiment(), "a processor"),
        (an_experiment(), "2400"),
        (an_experiment(smoke=True), "not which cell is better"),
        (an_experiment(notes=("something to know",)), "something to know"),
        (an_experiment(rows=PAPER), "The models of this study were not evaluated."),
        (an_experiment(rows=PAPER), "SICK MSE"),
        (an_experiment(rows=PAPER, runs=evaluated({"trec": {"accuracy": 90.0}})), "from memory"),
        (an_experiment(rows=PAPER, runs=evaluated({"sick": SICK})), "ours: LN-GRU, 2 runs"),
        (
            an_experiment(runs=(*an_experiment().runs[:3], ReportRun("lngru", 2, "failed", None, reason="no disk"))),
            "failed: no disk",
        ),
        (an_experiment(runs=(*an_experiment().runs[:3], ReportRun("lngru", 2, "to-do", None))), "3 of 4 runs are done"),
        (an_experiment(runs=(ReportRun("gru", 1, "to-do", None),)), "0 of 1 runs are done"),
    ],
)
@pytest.mark.usefixtures("undrawn")
def test_it_says(tmp_path: Path, experiment: Experiment, said: str) -> None:
    page, markdown, _ = write(tmp_path, experiment)
    assert said in page.text
    assert said.replace("-", "\\-") in markdown.replace("\\", "").replace("-", "\\-")


@pytest.mark.parametrize(
    ("experiment", "unsaid"),
    [
        (an_experiment(), "Evaluation"),
        (an_experiment(differences=()), "differs from the paper"),
        (an_experiment(rows=PAPER), "TREC"),  # from memory, and nothing of ours to set beside it
        (an_experiment(rows=PAPER, runs=evaluated({"sick": SICK})), "MR"),
        (an_experiment(), "tiny"),
    ],
)
@pytest.mark.usefixtures("undrawn")
def test_it_does_not_say(tmp_path: Path, experiment: Experiment, unsaid: str) -> None:
    page, markdown, _ = write(tmp_path, experiment)
    assert unsaid not in page.text
    assert unsaid not in markdown


@pytest.mark.usefixtures("undrawn")
def test_every_figure_is_in_the_table(tmp_path: Path) -> None:
    experiment = an_experiment(rows=PAPER[:1], runs=evaluated({"sick": SICK}))
    _, _, rows = write(tmp_path, experiment)
    assert {"row": "baseline", "cell": "", "seed": "", "task": "mr", "figure": "accuracy", "value": "77.3"} in rows
    own = [row for row in rows if row["row"] == "lngru-2"]
    assert {(row["task"], row["figure"]) for row in own} == {
        ("training", "updates"),
        ("training", "final_cost"),
        ("training", "seconds_per_update"),
        ("sick", "pearson"),
        ("sick", "mse"),
    }
    assert {row["seed"] for row in own} == {"2"}


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a|b", "`c`", "*d*", "x](http://e)", "&amp;", "\udce4"])
@pytest.mark.usefixtures("undrawn")
def test_untrusted_text_is_text(tmp_path: Path, text: str) -> None:
    experiment = an_experiment(
        title=text, notes=(text,), command=text, versions={text: text}, differences=(Difference(text, text, text),)
    )
    page, markdown, _ = write(tmp_path, experiment)
    plain, _, _ = write(tmp_path / "plain", an_experiment(notes=("n",), versions={"a": "b"}))
    assert page.tags == plain.tags
    assert page.loaded == []
    if text.isprintable():
        assert page.text.count(text) >= 6
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    columns = [line.replace("\\|", "").count("|") for line in lines]
    assert set(columns) <= {3, 4, 6, 7}


@pytest.mark.usefixtures("matplotlib")
def test_the_figure_is_in_the_page_and_beside_it(tmp_path: Path) -> None:
    page, markdown, _ = write(tmp_path, an_experiment())
    assert page.tags.count("svg") == 1
    assert page.loaded == []
    assert "script" not in page.tags
    assert "(figures/curves.svg)" in markdown
    assert (tmp_path / "figures/curves.svg").read_bytes().startswith(b"<?xml")
    text = (tmp_path / "report.html").read_text()
    assert "prefers-color-scheme: dark" in text
    # what is black in the file has the colour of the page's own text
    assert "#000000" not in text[text.index("<svg") : text.index("</svg>")]
    assert "GRU (2 seeds)" in page.text


def test_without_matplotlib_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise PlotLibraryError("matplotlib", "No module named 'matplotlib'", "pip install matplotlib")

    monkeypatch.setattr(plot, "load_matplotlib", missing)
    page, markdown, _ = write(tmp_path, an_experiment())
    assert "svg" not in page.tags
    assert "There is no figure" in page.text
    assert "![" not in markdown


def test_equal_experiments_make_equal_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write(tmp_path / folder, an_experiment(rows=PAPER))
    for file in ("report.html", "report.md", "table.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    (tmp_path / "report.html" / "x").touch()
    with pytest.raises(FileError):
        write_report(tmp_path, an_experiment())


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], None),
        ([math.nan, None], None),
        ([1.23456], "1.235"),
        ([2.0, 2.0], "2"),
        ([1.0, 2.0, 3.0], "2.0 ± 1.0"),
        ([0.842, 0.858], "0.850 ± 0.011"),
        ([100.0, 300.0], "200 ± 1.4e+02"),
        ([0.0, 0.0], "0"),
        ([math.inf, 1.0], "1"),
    ],
)
def test_mean_and_deviation(values: list[float | None], text: str | None) -> None:
    result = spread(values)
    assert (None if result is None else str(result)) == text


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6))
def test_a_spread_lies_among_its_values(values: list[float]) -> None:
    result = spread(values)
    assert isinstance(result, Spread)
    assert min(values) - 1e-6 <= result.mean <= max(values) + 1e-6
    assert result.count == len(values)
    assert str(result)


def test_the_order_of_the_figures_is_the_papers() -> None:
    runs = evaluated({"mr": {"accuracy": 70.0}, "own": {"x": 1.0}, "sick": {"mse": 0.3, "pearson": 0.8}})
    names = figure_names(an_experiment(rows=PAPER, runs=runs))
    assert names == (("sick", "pearson"), ("sick", "mse"), ("mr", "accuracy"), ("own", "x"))
