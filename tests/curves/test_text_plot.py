"""`lnpatch curves --plot`: the plot and the table in a terminal and in a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.curves.runs import Cli


def test_without_plotext(lnpatch: Cli, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotext", None)
    assert "LN-GRU reaches" in lnpatch("curves", *pair, "--no-plot").text
    failed = lnpatch("curves", *pair, "--plot")
    assert failed.code == 5
    assert "pip install 'matplotlib<4,>=3.8' 'plotext<6,>=5.3'" in failed.err


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
