r"""What strangers write reaches no terminal as it is: hidden characters are shown as ``\x1b`` is here, on every route.

The routes are of two kinds. All text for people goes through rich's console or through ``print_line``: that holds because
no other module of the command line writes (the first test), and both are tested with everything that rich prints. Then
the commands are run with hostile file names, recipes, runs, pickles, servers and output, into a pipe and a terminal.
"""

from __future__ import annotations

import ast
import json
import os
import pickle
import re
import shlex
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import lnpatch.cli as lnpatch_cli
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.console import make_console, print_line, print_next, print_notes, step_progress
from lnpatch.cli.train_view import LiveView, PlainView
from lnpatch.cli.visible_text import make_one_line, make_pasteable, make_visible
from lnpatch.training.output import Update, Validation
from tests.conftest import FIXTURES, Output, make_checkout
from tests.curves.runs import errors, fall, write_run
from tests.downloads.server import Served, Server

Cli = Callable[..., Output]

#: A title for the window, a cleared screen, the same in one character, a reversed line, nothing at all, and rich's markup.
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\u200b\u2028 \x7f\b[bold]x[/bold][link=http://e]y[/link]"
SPELLED = r"\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\u200b\u2028"
MARKUP = "[bold]x[/bold][link=http://e]y[/link]"

#: What lnpatch itself writes into a terminal: colours, and what a bar or a spinner is drawn with.
OWN_SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[mKhlAGJ]|\r")

RECIPE = (FIXTURES / "reader.toml").read_text()


def hidden(text: str) -> list[str]:
    """The characters of a text that a terminal obeys or does not show."""
    categories = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return [hex(ord(c)) for c in text if c not in "\n\t" and unicodedata.category(c) in categories]


def in_terminal(*arguments: str | Path, cwd: Path, **variables: str) -> tuple[int, str, str]:
    """Run a command in a terminal; return its exit code, and what it wrote with and without lnpatch's own sequences."""
    pty = pytest.importorskip("pty")
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "lnpatch", *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if name != "GIT_PAGER"}
    environment |= {"TERM": "xterm-256color", "COLUMNS": "200", "PYTHONUTF8": "1", "PAGER": "cat"} | variables
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(screen, 1 << 16)
        except OSError:  # Linux says so at the end
            break
        if not part:
            break
        parts.append(part)
    os.close(screen)
    text = b"".join(parts).decode("utf-8", "surrogateescape")
    return process.wait(), OWN_SEQUENCES.sub("", text), text


def toml(text: str) -> str:
    return json.dumps(text).replace("\x7f", "\\u007f")


@pytest.fixture
def hostile_recipe(tmp_path: Path) -> Path:
    """A recipe with hostile words wherever it may have words."""
    words = toml(HOSTILE)
    recipe = re.sub(r'(?m)\b(title|paper|license|what|why) = "[^"]*"', lambda match: f"{match[1]} = {words}", RECIPE)
    jobs = f"\n[jobs.train]\nentry = {toml('m:' + HOSTILE)}\nnote = {toml(HOSTILE)}\ndata = {{ {toml(HOSTILE)} = {toml(HOSTILE)} }}\n"
    file = f'\n[[artefacts]]\nname = {toml(HOSTILE)}\nurl = "http://127.0.0.1:9/model.npz"\nwhat = {toml(HOSTILE)}\n'
    path = tmp_path / "hostile.toml"
    recipe = recipe.replace('["little-reader"]', f"[{words}]")
    path.write_text(f"{recipe}{jobs}{file}")
    return path


def test_nobody_but_the_console_writes() -> None:
    """The list of all routes is this: the modules of the command line that touch a stream, click's echo, or rich itself."""
    writers = set()
    for path in Path(lnpatch_cli.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in ("write", "writelines", "buffer"):
                if re.match(r"sys\.__?std|sys\.std|stream\b", ast.unparse(node.value)):
                    writers.add(path.name)
            elif (isinstance(node, ast.Attribute) and node.attr in ("echo", "secho", "prompt", "confirm")) or (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "input")
            ):
                writers.add(path.name)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                modules = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                if any(module.split(".")[0] == "rich" for module in modules):
                    writers.add(path.name)
    assert writers == {
        "__init__.py",  # last words, in ASCII
        "console.py",  # through make_visible, make_pasteable, or as JSON; a patch that no person reads
        "curves.py",  # a plot, whose labels are made visible before
        "lazy_rich.py",  # for types
        "show_diff.py",  # from text that is made visible before
        "visible_console.py",
    }


def test_every_hidden_character_is_spelled_out() -> None:
    for code in (*range(0x300), *range(0x2000, 0x2100), *range(0xD7F0, 0x10000), *range(0xE0000, 0xE0200)):
        shown = make_visible(chr(code))
        assert hidden(shown) == hidden(make_one_line(chr(code))) == []
        assert shown == chr(code) or shown.startswith("\\")
        assert make_visible(shown) == shown


def test_what_people_write_stays() -> None:
    text = "Größe\tπ≈3 日本語 العربية עברית\n[240] 100% \\x1b 'quoted' e\u0301 \U0001f600"
    assert make_visible(text) == text
    assert make_one_line("a\tb\nc") == r"a\tb\nc"


@pytest.mark.parametrize("word", [HOSTILE, "it's\x1b[2J", "a\nb", "\udcff", "plain", "", "\x9b'\"\\$`", "\x1b\x1b7"])
@pytest.mark.parametrize("shell", ["bash"])
def test_a_command_can_be_pasted(word: str, shell: str) -> None:
    line = make_pasteable(shlex.join(["printf", "%s", word]))
    assert hidden(line) == []
    run = subprocess.run([shell, "-c", line], capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert run.stdout == os.fsencode(word)


RENDERED: dict[str, Callable[[], Any]] = {
    "string": lambda: HOSTILE,
    "text": lambda: rich.Text(HOSTILE),
    "styled text": lambda: rich.Text(HOSTILE, style="bold") + rich.Text(HOSTILE),
    "assembled": lambda: rich.Text.assemble("a ", (HOSTILE, "bold"), HOSTILE),
    "panel": lambda: rich.Panel(rich.Text(HOSTILE), title=rich.Text(HOSTILE)),
    "panel of strings": lambda: rich.Panel(HOSTILE, title=HOSTILE, subtitle=HOSTILE),
    "table": lambda: table_of(HOSTILE),
    "diff": lambda: rich.render_diff(
        f"--- {HOSTILE}\n@@ {HOSTILE}\n+{HOSTILE}\n-{HOSTILE}\n {HOSTILE}\n+'''\n+{HOSTILE}\n"
    ),
}


def table_of(text: str) -> Any:
    table = rich.Table(box=rich.SIMPLE_HEAD, title=text)
    table.add_column(text)
    table.add_row(text)
    table.add_row(rich.Text(text))
    return table


@pytest.mark.parametrize("kind", RENDERED)
def test_everything_that_rich_prints(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_console().print(RENDERED[kind]())
    shown = capsys.readouterr().out
    assert hidden(shown) == []
    assert SPELLED in shown
    assert MARKUP in shown


def test_lines_notes_steps_and_next(capsys: pytest.CaptureFixture[str]) -> None:
    print_line(HOSTILE, sys.stderr)
    print_notes([HOSTILE])
    print_next(shlex.join(["lnpatch", HOSTILE]))
    with step_progress() as report_step:
        report_step(HOSTILE)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert hidden(shown.err) == []
    assert shown.err.count(SPELLED) == 3
    assert r"'$'\033'']0;owned" in shown.err


def test_a_training_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    views = PlainView(), LiveView()
    for view in views:
        view.report_step(HOSTILE)
        view.show_line(HOSTILE)
        view.show_event(Validation(3, {HOSTILE: 0.5}))
        for cost in (1.0, float("nan"), float("inf"), -1e308, 1e308):
            view.show_event(Update(1, 2, cost, 0.1))
    make_console(stderr=True).print(views[1].render())
    shown = capsys.readouterr().err
    assert hidden(shown) == []
    assert shown.count(SPELLED) == 5


def test_recipes(lnpatch: Cli, hostile_recipe: Path) -> None:
    out = lnpatch("show", hostile_recipe)
    assert (out.code, hidden(out.text + out.err)) == (0, [])
    assert out.text.count(SPELLED) > 8
    assert MARKUP in out.text
    assert lnpatch("show", hostile_recipe, "--format", "json").json["title"] == HOSTILE


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", HOSTILE],
        ["show", f"{HOSTILE.replace('/', '')}.toml"],
        ["show", "demo", f"--{HOSTILE}"],
        ["show", "demo", "--format", HOSTILE],
        ["show", "demo", HOSTILE],
        ["show", "demo", "--cell", HOSTILE],
        [HOSTILE],
        ["status", "demo", "--dir", HOSTILE],
        ["apply", "demo", "--dir", HOSTILE.replace("/", "")],
        ["apply", "demo", "--dir", "new", "--from", HOSTILE],
        ["apply", "demo", "--dir", "new", "--from", ".", "--ref", HOSTILE],
        ["train", "demo", "--dir", "demo", "--max-updates", HOSTILE],
        ["curves", HOSTILE],
        ["curves", "run", "--metric", HOSTILE],
        ["curves", "run", "-o", HOSTILE],
        ["download", "order-embeddings", HOSTILE],
        ["download", "order-embeddings", "--mirror", HOSTILE],
        ["download", "order-embeddings", "--mirror", f"ftp://{HOSTILE}"],
        ["port", "demo", "--dir", HOSTILE],
        ["setup", "demo", "--python", HOSTILE],
    ],
    ids=lambda arguments: " ".join(arguments).replace(HOSTILE, "HOSTILE").encode("unicode_escape").decode(),
)  # fmt: skip
def test_arguments_that_are_repeated(
    lnpatch: Cli, tmp_path: Path, demo_files: dict[str, bytes], arguments: list[str]
) -> None:
    make_checkout(tmp_path / "demo", demo_files)
    write_run("run", "lngru", fall(), errors(0.9))
    out = lnpatch(*arguments)
    assert hidden(out.out.decode() + out.err) == []
    assert out.code != 0 or arguments[0] == "apply"
    assert r"\x1b]0;owned\x07" in out.out.decode() + out.err or r"\033" in out.err


def test_runs(lnpatch: Cli, tmp_path: Path) -> None:
    """Folders, facts of run.json, names of figures: in the table, the plot, the notes, the sentences, and the figure."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("plotext")
    name = HOSTILE.replace("/", "|") + "$x$"
    kinds = {"gru": "gru", "lngru": "lngru"}
    runs = [
        write_run(name + cell, cell, fall(), {20: {HOSTILE: 0.5}}, target=HOSTILE, state="stopped") for cell in kinds
    ]
    figures = [f"curves.{form}" for form in ("svg", "png", "pdf")]
    options = [word for figure in figures for word in ("-o", figure)]
    out = lnpatch("curves", *runs, *options, "--plot")
    assert out.code == 0, out.err
    assert hidden(out.text + out.err) == []
    svg = Path("curves.svg").read_text()
    assert hidden(svg) == []
    code, shown, _ = in_terminal("curves", *(run.name for run in runs), cwd=tmp_path)
    assert (code, hidden(shown)) == (0, [])


def test_a_run_that_cannot_be_read(lnpatch: Cli) -> None:
    folder = write_run("run", "lngru", fall(), errors(0.9))
    facts = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(facts | {HOSTILE: 1, "state": HOSTILE}))
    out = lnpatch("curves", folder)
    assert hidden(out.text + out.err) == []


def test_names_in_a_pickle(lnpatch: Cli) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (print, ())

    data = pickle.dumps(Bomb(), 0).replace(b"print", HOSTILE.replace("\n", "").encode("raw_unicode_escape"))
    Path("stats.pkl").write_bytes(data)
    out = lnpatch("curves", "stats.pkl")
    assert (out.code != 0, hidden(out.text + out.err)) == (True, [])


def test_literals_that_are_candidates(lnpatch: Cli, demo: Path) -> None:
    """Strings of the repository's code, which are named as close matches."""
    source = (demo / "layers.py").read_bytes()
    marked = source.replace(b"'gru'", b"'gru\x1b[2J\xe2\x80\xae'").replace(b'"gru"', b'"gru\x1b[2J\xe2\x80\xae"')
    (demo / "layers.py").write_bytes(marked)
    subprocess.run(["git", "-C", demo, "commit", "-qam", "Hostile"], check=True)
    for arguments in (["apply", "demo"], ["status", "demo"], ["diff", "demo"]):
        out = lnpatch(*arguments, "--dir", demo)
        text = out.err if arguments[0] == "diff" else out.text + out.err
        assert hidden(text) == []


@pytest.fixture
def hostile_demo(demo: Path) -> Path:
    """A checkout with hidden characters in the lines around an edit, one of them not UTF-8."""
    train = demo / "train.py"
    mark = b"            # \x1b[2J\xc2\x9b\xe2\x80\xae\x9b31m\n"
    train.write_bytes(train.read_bytes().replace(b"            max_epochs=20,", mark + b"            max_epochs=20,"))
    assert mark in train.read_bytes()
    subprocess.run(["git", "-C", demo, "commit", "-qam", "Hostile"], check=True)
    return demo


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["colours", "NO_COLOR", "dumb"])
def test_a_diff_is_visible_in_a_terminal_and_exact_elsewhere(
    lnpatch: Cli, hostile_demo: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    code, shown, raw = in_terminal("diff", "demo", "--dir", hostile_demo, cwd=tmp_path, **variables)
    assert (code, hidden(shown)) == (0, [])
    assert r"# \x1b[2J\x9b\u202e" in shown
    assert ("\x1b[" in raw) == (not variables)
    piped = lnpatch("diff", "demo", "--dir", hostile_demo)
    assert b"# \x1b[2J\xc2\x9b\xe2\x80\xae\x9b31m\n" in piped.out
    check = subprocess.run(["git", "-C", hostile_demo, "apply", "--check", "-"], input=piped.out, check=False)
    assert check.returncode == 0


def test_ends_of_lines_of_windows_are_no_noise(lnpatch: Cli, demo: Path, tmp_path: Path) -> None:
    for path in demo.glob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    subprocess.run(["git", "-C", demo, "-c", "core.autocrlf=false", "commit", "-qam", "Windows"], check=True)
    code, shown, _ = in_terminal("diff", "demo", "--dir", demo, cwd=tmp_path)
    assert (code, hidden(shown), r"\r" in shown) == (0, [], False)


def test_a_name_with_an_end_of_a_line_forges_no_message(lnpatch: Cli, tmp_path: Path) -> None:
    out = lnpatch("apply", "demo", "--dir", "x\nerror: all is well")
    named = lnpatch("curves", "x\nerror: all is well")
    assert [
        line for text in (out.text, out.err, named.err) for line in text.splitlines() if line == "error: all is well"
    ] == []


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_what_a_server_says(lnpatch: Cli, server: Server, tmp_path: Path) -> None:
    """Its reasons and its redirects; and the name of the file in the recipe, in lines and in a bar."""
    words = "\x1b]0;owned\x07\x9b"
    server.files = {
        "/model.npz": Served(b"", status=302, headers={"Location": f"ftp://h/{words}"}),
        "/a.npz": Served(b"", status=404),
    }
    tables = "".join(
        f"\n[[artefacts]]\nname = {toml(HOSTILE + name)}\nurl = \"{server.address}/{name}.npz\"\nwhat = 'x'\n"
        for name in ("model", "a")
    )
    (tmp_path / "recipe.toml").write_text(RECIPE + tables)
    out = lnpatch("download", "recipe.toml")
    assert (out.code != 0, hidden(out.text + out.err)) == (True, [])
    assert SPELLED in out.err
    code, shown, _ = in_terminal("download", "recipe.toml", cwd=tmp_path)
    assert (code != 0, hidden(shown)) == (True, [])


def test_a_command_line_in_a_terminal_and_in_a_pipe(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lnpatch.cli.console import print_shell_line

    line = shlex.join(["cd", "a\x1b[2J b"])
    print_shell_line(line)
    assert capsys.readouterr().out == f"{line}\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    print_shell_line(line)
    assert capsys.readouterr().out == "cd 'a'$'\\033''[2J b'\n"
