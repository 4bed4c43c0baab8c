"""`lnpatch curves -o FILE`: figures as matplotlib draws them."""

from __future__ import annotations

import errno
import json
import math
import os
import struct
import subprocess
import sys
import xml.dom.minidom
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lnpatch.training.run_folder import UPDATES
from tests.curves.runs import Cli, Figures, errors, fall, write_run

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.usefixtures("matplotlib")
def test_figures(lnpatch: Cli, pair: tuple[Path, Path]) -> None:
    shown = lnpatch("curves", *pair, "-o", "a.png", "-o", "a.svg", "--output", "a.pdf")
    assert shown.code == 0
    assert shown.err.splitlines() == ["Written: a.png", "Written: a.svg", "Written: a.pdf"]
    png = Path("a.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert (width, height) == (1360, 1040)  # 6.8 by 5.2 inches, 200 dots an inch
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


@pytest.mark.cases_by_default(3)
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


@pytest.mark.cases_by_default(1)
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
    assert f"{sys.executable} -m pip install 'matplotlib<4,>=3.8' 'plotext<6,>=5.3'" in failed.err
    assert not Path("a.png").exists()
    assert lnpatch("curves", *pair).code == 0
    assert lnpatch("curves", *pair, "--format", "json").code == 0


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "nonsense"])
def test_the_backend_of_the_environment_is_not_asked_for(
    pair: tuple[Path, Path], matplotlib: None, tmp_path: Path, backend: str
) -> None:
    """Jupyter names its own for the commands that a cell starts."""
    command = [
        sys.executable,
        "-m",
        "lnpatch",
        "curves",
        *map(str, pair),
        "-o",
        "x.svg",
        "-o",
        "x.pdf",
        "--format",
        "json",
    ]
    environment = {**os.environ, "MPLBACKEND": backend}
    run = subprocess.run(command, capture_output=True, check=False, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stderr.decode()
    assert (tmp_path / "x.svg").read_text().startswith("<?xml")


def test_labels_are_no_formulas_and_no_markup(matplotlib: None, tmp_path: Path, lnpatch: Cli) -> None:
    labels = ["$x$", r"$\frac{", "_hidden", "a\x1bb", "a\nb", "\udcff", "\u202e", "日本", "$" * 9]
    runs = [write_run(tmp_path / label, "lngru", fall(), errors(0.9)) for label in labels]
    out = lnpatch("curves", *runs, "-o", "x.svg", "-o", "x.png", "-o", "x.pdf")
    assert out.code == 0, out.err
    assert "Glyph" not in out.err
    xml.dom.minidom.parse("x.svg")
