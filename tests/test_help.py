"""The help of every command: what it shows at 80 columns, its example, and ``-v`` and ``-q``; and the pager."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from lnpatch.cli import COMMANDS, cli
from lnpatch.cli.help import Command
from lnpatch.cli.wrap_prose import wrap_prose
from tests.conftest import Output
from tests.test_visible import in_terminal

Run = Callable[..., Output]


def find_commands(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command of a group by the words that name it."""
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        yield f"{name}{word}", command
        if isinstance(command, click.Group):
            yield from find_commands(command, f"{name}{word} ")


EVERY_COMMAND = dict(find_commands(cli))


def test_the_commands_are_grouped(lnpatch: Run) -> None:
    """The group's help, which imports no command, says of each what the command's own help begins with."""
    shown = lnpatch("--help").text
    headings = list(dict.fromkeys(entry.heading for entry in COMMANDS.values()))
    assert headings == ["Patch", "Train", "Look", "Machine"]
    assert [line[:-1] for line in shown.splitlines() if line[:-1] in headings] == headings
    for name, entry in COMMANDS.items():
        assert sum(line.split() == [name, *entry.summary.split()] for line in shown.splitlines()) == 1
        assert lnpatch(name, "--help").text.splitlines()[2].strip() == entry.summary


@pytest.mark.parametrize("name", ["", *EVERY_COMMAND])
def test_help_fits_80_columns_and_cuts_no_word(lnpatch: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = lnpatch(*name.split(), "--help")
    assert shown.code == 0
    example = EVERY_COMMAND[name].example if name else ""  # type: ignore[attr-defined]
    for line in shown.text.splitlines():
        assert len(line) <= 80 or line.strip() in example.splitlines()
        assert line.startswith("Usage: ") or not line.endswith("...")


@pytest.mark.parametrize("name", EVERY_COMMAND)
def test_the_example_is_taken_as_it_stands(name: str) -> None:
    """Command, options and their values exist; the last line uses the command itself."""
    command = EVERY_COMMAND[name]
    assert isinstance(command, Command)
    lines = [shlex.split(line) for line in command.example.splitlines()]
    assert {words[0] for words in lines} <= {"lnpatch", "echo"}
    assert " ".join(lines[-1][1:]).startswith(name)
    for _, *words in (words for words in lines if words[0] == "lnpatch"):
        context = click.Context(cli, info_name="lnpatch")
        current: click.Command = cli
        while isinstance(current, click.Group):
            word, found, words = current.resolve_command(context, words)
            assert found is not None
            current = found
        current.make_context(word, words, parent=context)


@pytest.mark.parametrize(
    "name", ["demo", "targets", "show", "status", "diff", "revert", "doctor", "cache info", "cache prune", "completion"]
)
def test_the_example_does_what_it_shows(lnpatch: Run, name: str) -> None:
    """In an empty folder, as somebody who pastes it would."""
    for line in EVERY_COMMAND[name].example.splitlines():  # type: ignore[attr-defined]
        done = lnpatch(*shlex.split(line)[1:])
        assert done.code == 0, done.err


def test_lnpatch_alone_says_what_to_do_next(lnpatch: Run) -> None:
    shown = lnpatch()
    assert shown.code == 0
    for part in ("lnpatch demo", "lnpatch apply skip-thoughts", "lnpatch reproduce demo", "lnpatch --help"):
        assert part in shown.text


@pytest.mark.parametrize(
    ("before", "behind"), [(["-q"], []), ([], ["-q"]), ([], ["--quiet"])], ids=["before", "behind", "long"]
)
def test_quiet_leaves_the_result(lnpatch: Run, demo: Path, before: list[str], behind: list[str]) -> None:
    loud = lnpatch("targets")
    assert "lnpatch show TARGET" in loud.err
    quiet = lnpatch(*before, "targets", *behind)
    assert (quiet.out, quiet.err) == (loud.out, "")
    failed = lnpatch(*before, "show", "nothing", *behind)
    assert failed.code == 3
    assert "no target 'nothing'" in failed.err
    assert lnpatch("targets").err == loud.err


def test_verbose_says_what_is_run(lnpatch: Run, demo: Path) -> None:
    shown = lnpatch("status", "demo", "-v")
    assert f"$ git -C {demo} " in shown.err
    assert shown.out == lnpatch("status", "demo").out
    assert "$ git" not in lnpatch("status", "demo").err


def test_verbose_says_no_password(lnpatch: Run, tmp_path: Path) -> None:
    said = lnpatch("-v", "apply", "skip-thoughts", "--from", "http://me:secret@127.0.0.1:9/skip-thoughts").err
    assert "$ git clone" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("variables", "begins"),
    [
        pytest.param({"GIT_PAGER": "sed s/^/paged:/"}, "paged:", id="git's own"),
        pytest.param({"PAGER": "sed s/^/paged:/"}, "paged:", id="the system's"),
        pytest.param({"GIT_PAGER": "cat", "PAGER": "sed s/^/paged:/"}, "diff --git", id="git's before the system's"),
        pytest.param({"GIT_PAGER": ""}, "diff --git", id="none"),
        pytest.param({"PAGER": "sed s/^/paged:/", "TERM": "dumb"}, "diff --git", id="dumb"),
        pytest.param({"PAGER": "no-such-pager"}, "diff --git", id="missing"),
    ],
)
def test_a_diff_is_paged_in_a_terminal(demo: Path, variables: dict[str, str], begins: str) -> None:
    paged = in_terminal("diff", "demo", cwd=demo.parent, **variables)
    assert paged[0] == 0
    assert paged[1].lstrip().startswith(begins)


@pytest.mark.parametrize(
    ("text", "wrapped"),
    [
        ("short", "short"),
        ("one two three four five", "one two three\nfour five"),
        ("  one two threes four", "  one two\n  threes four"),
        ("a-word-that-is-longer-than-the-line", "a-word-that-is-longer-than-the-line"),
        ("do this: lnpatch apply demo --dry-run", "do this:\nlnpatch apply demo --dry-run"),
        ("say `lnpatch apply demo` then", "say\n`lnpatch apply demo`\nthen"),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_prose_is_broken_between_words(text: str, wrapped: str) -> None:
    assert wrap_prose(text, 15) == wrapped
