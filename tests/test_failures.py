"""Failures that nobody has thought of: one line and a report, or one JSON document; a traceback never, whatever fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.cli import failure, failure_report
from lnpatch.commands import recipes
from lnpatch.errors import ExitCode
from tests.conftest import FIXTURES, Output, unpriviledged

Cli = Callable[..., Output]


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Panic(BaseException):
    """As libcst's parser, which is written in Rust, raises them."""


UNEXPECTED = [
    pytest.param(RecursionError("maximum recursion depth exceeded"), id="recursion"),
    pytest.param(MemoryError(), id="memory"),
    pytest.param(OverflowError("int too large to convert to float"), id="overflow"),
    pytest.param(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), id="decode"),
    pytest.param(UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"), id="encode"),
    pytest.param(ValueError("two\nlines \x1b[2J\x9b2J \u202e"), id="control characters"),
    pytest.param(OSError("no number"), id="OSError without a number"),
    pytest.param(OSError(12, "Cannot allocate memory"), id="OSError without a file"),
    pytest.param(BrokenPipeError(32, "Broken pipe"), id="the pipe of another"),
    pytest.param(SpeechlessError(), id="no words"),
    pytest.param(Panic("range end index 4 out of range"), id="panic"),
    pytest.param(ExceptionGroup("several", [ValueError("one"), KeyError("two")]), id="group"),
    pytest.param(RuntimeError("x" * 100_000), id="long"),
    pytest.param(AssertionError(), id="assertion"),
    pytest.param(KeyError("name"), id="key"),
]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[BaseException], None]:
    """Have `lnpatch targets` fail."""
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))

    def fail_with(error: BaseException) -> None:
        def fail() -> None:
            raise error

        monkeypatch.setattr(recipes, "targets", fail)

    return fail_with


@pytest.mark.parametrize("error", UNEXPECTED)
def test_an_unexpected_failure_is_one_line_and_a_report(
    lnpatch: Cli, failing: Callable[[BaseException], None], error: BaseException, tmp_path: Path
) -> None:
    failing(error)
    out = lnpatch("targets")
    assert (out.code, out.out, out.err.count("\n")) == (1, b"", 1)
    assert out.err.startswith(f"error: lnpatch has met a failure that it does not know: {type(error).__name__}")
    assert len(out.err) < 600
    assert all(character.isprintable() or character == "\n" for character in out.err)
    (report,) = (tmp_path / "cache/reports").iterdir()
    assert str(report) in out.err
    text = report.read_text()
    for part in (
        "lnpatch 0.",
        f"Python {sys.version.split()[0]}",
        "lnpatch targets",
        "Traceback",
        type(error).__name__,
    ):
        assert part in text
    if os.name == "posix":
        assert report.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("error", UNEXPECTED)
@pytest.mark.parametrize("option", [("--format", "json"), ("--format=json",)], ids=["two words", "one word"])
def test_with_json_it_is_one_document(
    lnpatch: Cli, failing: Callable[[BaseException], None], error: BaseException, option: tuple[str, ...]
) -> None:
    failing(error)
    out = lnpatch("targets", *option)
    assert (out.code, out.err) == (1, "")
    shown = out.json["error"]
    assert (shown["kind"], shown["exit_code"]) == ("UnexpectedError", ExitCode.FAILED)
    assert shown["details"]["error"] == type(error).__name__
    assert Path(shown["details"]["report"]).is_file()


def test_a_report_has_no_password_and_no_variables(
    lnpatch: Cli, failing: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN", "sesame")
    failing(ValueError("https://user:secret@host/x is odd"))
    monkeypatch.setattr(sys, "argv", ["lnpatch"])
    out = lnpatch("targets", "--format", "json")
    words = ["download", "x", "--mirror", "https://user:secret@host/x"]
    reports = [out.json["error"]["details"]["report"], failure_report.write_failure_report(ValueError(), words)]
    text = "".join(Path(report).read_text() for report in reports)
    assert "https://host/x" in text
    assert "secret" not in text + out.text
    assert "sesame" not in text


@pytest.mark.parametrize("place", ["file", "link to nowhere", "closed folder"])
def test_a_report_goes_elsewhere_if_the_cache_cannot_be_written(
    lnpatch: Cli, failing: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    cache = tmp_path / "odd"
    if place == "file":
        cache.write_text("")
    elif place == "link to nowhere":
        cache.symlink_to(tmp_path / "nowhere/below")
    elif unpriviledged():
        cache.mkdir(mode=0o500)
    else:
        pytest.skip("permissions mean nothing to the superuser")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("LNPATCH_CACHE", str(cache / "x"))
    monkeypatch.setattr(failure_report, "_temporary_folder", lambda: tmp_path / "tmp")
    failing(ValueError("odd"))
    monkeypatch.setenv("LNPATCH_CACHE", str(cache / "x"))
    out = lnpatch("targets")
    assert (out.code, str(tmp_path / "tmp/lnpatch-") in out.err) == (1, True)
    monkeypatch.setattr(failure_report, "_temporary_folder", lambda: tmp_path / "gone")
    none = lnpatch("targets")
    assert (none.code, "No report could be written." in none.err, none.err.count("\n")) == (1, True, 1)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("again"), KeyboardInterrupt(), RecursionError()])
@pytest.mark.parametrize("as_json", [True, False])
def test_a_failure_to_show_a_failure(
    lnpatch: Cli,
    failing: Callable[[BaseException], None],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    as_json: bool,
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    failing(ValueError("first"))
    monkeypatch.setattr(failure, "print_error", fail)
    out = lnpatch("targets", *(["--format", "json"] if as_json else []))
    assert out.code == 1
    if as_json:
        assert (out.json["error"]["message"], out.err) == (type(error).__name__, "")
    else:
        assert out.err == f"error: {type(error).__name__}\n"


@pytest.mark.parametrize(
    ("arguments", "as_json"),
    [
        (["nonsense", "--format", "json"], True),
        (["--format", "json", "nonsense"], True),
        (["show", "--format=json"], True),
        (["show", "demo", "--nonsense", "--format", "json"], True),
        (["show", "demo", "--format", "text", "--format", "json", "--cell"], True),
        (["show", "demo", "--format", "json", "--format=text", "--cell"], False),
        (["train", "demo", "--dir", "x", "--", "--format", "json"], False),
        (["show", "demo", "--format"], False),
        (["show", "demo", "--format", "JSON"], False),
    ],
)
def test_what_wants_json_gets_it_and_nothing_else_does(lnpatch: Cli, arguments: list[str], as_json: bool) -> None:
    out = lnpatch(*arguments)
    assert out.code in (2, 3)
    assert bool(out.out) == as_json
    if as_json:
        assert (out.json["error"]["exit_code"], out.err) == (out.code, "")
    else:
        assert out.err


def test_the_reader_of_our_messages_has_gone(demo: Path) -> None:
    command = f"{sys.executable} -m lnpatch show nonsense 2> >(true)"
    run = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert run.returncode in (1, 3)
    assert run.stderr == b""


@pytest.mark.cases_by_default(3)
@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&- 1>&- 2>&-"])
@pytest.mark.parametrize(("target", "code"), [("demo", 0), ("nonsense", 3)])
def test_streams_that_the_caller_has_closed(closed: str, target: str, code: int) -> None:
    command = f"{sys.executable} -m lnpatch show {target} {closed}"
    run = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert (run.returncode, b"Traceback" in run.stderr) == (code, False)


def test_a_thread_that_fails_is_a_line(tmp_path: Path) -> None:
    """As the one that refreshes a progress bar."""
    code = (
        "import sys, threading; from lnpatch.cli import main; main(['--version'])\n"
        "thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()"
    )
    environment = {**os.environ, "LNPATCH_CACHE": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, env=environment)
    assert run.stderr.decode().count("\n") == 1
    assert b"ZeroDivisionError: division by zero" in run.stderr
    assert threading.excepthook is not None


RECIPE = (FIXTURES / "reader.toml").read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(f"x = {'9' * 4301}", "not valid TOML", id="digits"),
        pytest.param(f"x = 0x{'f' * 4301}", "x: unknown key", id="hexadecimal digits"),
        pytest.param(f"x = {'[' * 5000}{']' * 5000}", "nested too deeply", id="arrays"),
        pytest.param(f"x = {'{a=' * 5000}1{'}' * 5000}", "nested too deeply", id="tables"),
        pytest.param(f"x{'.a' * 100_000} = 1", "nested too deeply", id="dots"),
        pytest.param(f"[x{'.' + chr(34) + 'a' + chr(34)}{'.a' * 20_000}]", "nested too deeply", id="dots in a header"),
        pytest.param('x = "\0"', "Illegal character", id="NUL"),
        pytest.param("x = 2016-99-99", "not valid TOML", id="date"),
        pytest.param('"\\u001b[2J\\n" = 1', r"'\x1b[2J\n': unknown key", id="control characters in a key"),
        pytest.param(f"{'k' * 100_000} = 1", "...: unknown key", id="long key"),
        pytest.param("\n".join(f"k{i} = 1" for i in range(5000)), "and 4950 more", id="many mistakes"),
        pytest.param("#" * 300_000, "larger than 256 KiB", id="large"),
    ],
)
def test_recipes_that_are_no_toml_to_be_read(lnpatch: Cli, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "recipe.toml").write_text(f"{text}\n{RECIPE}")
    out = lnpatch("show", "recipe.toml")
    assert out.code == 2
    assert words in out.err
    assert "\x1b" not in out.err
    assert lnpatch("show", "recipe.toml", "--format", "json").json["error"]["kind"] == "RecipeError"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param('name = "reader"', f"name{'.a' * 38} = 1", "name: expected a string", id="a deep table"),
        pytest.param(
            'name = "reader"', "name = 2016-01-01", "name: expected a string, found datetime.date", id="a date"
        ),
        pytest.param(
            'name = "reader"', f"name = 0x{'f' * 9000}", "found an integer that is too large", id="an integer"
        ),
    ],
)
def test_values_of_another_type(lnpatch: Cli, tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in RECIPE
    (tmp_path / "recipe.toml").write_text(RECIPE.replace(old, new, 1))
    out = lnpatch("show", "recipe.toml")
    assert (out.code, words in out.err) == (2, True), out.err


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", f"0x{'f' * 17}", f"0x{'f' * 9000}"])
def test_numbers_that_no_json_has(lnpatch: Cli, tmp_path: Path, value: str) -> None:
    job = f'\n[jobs.train]\nentry = "m:f"\nsettings = {{ lrate = {value} }}\n'
    (tmp_path / "recipe.toml").write_text(RECIPE + job)
    out = lnpatch("show", "recipe.toml")
    assert out.code == 2
    assert "jobs.train.settings.lrate: expected" in out.err


@pytest.mark.parametrize("pattern", ["(?P<a>", "(?P<a>x{99999999999999999999})", "(?P<a>(x+x+)+y)", "(" * 3000])
def test_patterns_that_cannot_be_used(lnpatch: Cli, tmp_path: Path, pattern: str) -> None:
    (tmp_path / "recipe.toml").write_text(f"{RECIPE}\n[jobs.train]\nentry = 'm:f'\nvalidation = ['{pattern}']\n")
    out = lnpatch("show", "recipe.toml")
    assert (out.code, "jobs.train.validation[0]: " in out.err, "Traceback" in out.err) == (2, True, False)


def test_invalid_utf8_in_a_recipe(lnpatch: Cli, tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_bytes(RECIPE.encode() + b"\n# \xff\n")
    assert "not UTF-8 text" in lnpatch("show", "recipe.toml").err


@pytest.mark.parametrize(
    "record",
    [
        "[" * 100_000,
        '{"a": ' * 50_000,
        "9" * 5000,
        "[1]",
        '{"reader x": {"url": 1, "size": 2, "sha256": 3, "date": 4}}',
        '{"reader x": 5}',
        "\0",
        "",
    ],
    ids=["deep", "deep tables", "digits", "list", "types", "number", "NUL", "empty"],
)
def test_a_record_of_checksums_that_lnpatch_did_not_write(
    lnpatch: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: str
) -> None:
    monkeypatch.setenv("LNPATCH_DATA", str(tmp_path))
    (tmp_path / "checksums.json").write_text(record)
    out = lnpatch("download", "order-embeddings", "--mirror", ".", "--format", "json")
    kinds = {failed["kind"] for failed in out.json["error"]["details"]["failures"]}
    assert (out.code, kinds, out.err) == (1, {"ChecksumRecordError"}, "")
    assert json.loads(out.out)
