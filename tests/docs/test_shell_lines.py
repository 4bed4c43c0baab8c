"""Every command of README and pages: lnpatch takes it as it stands there, and what the embedded repository can do is done."""

from __future__ import annotations

from collections.abc import Callable

import click
import pytest

from lnpatch.cli import cli
from tests.conftest import Output
from tests.docs.shell_lines import LINES, ShellLine

Run = Callable[..., Output]


def test_there_are_commands() -> None:
    assert len(LINES) > 40


@pytest.mark.parametrize("line", LINES, ids=str)
def test_lnpatch_takes_the_command(line: ShellLine) -> None:
    """Command, options and their values exist: click reads them, and runs nothing."""
    command, words = cli, list(line.words)
    context = click.Context(cli, info_name="lnpatch")
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found
        if not isinstance(command, click.Group):
            command.make_context(name, words, parent=context)


@pytest.mark.parametrize("page", sorted({line.page for line in LINES}))
def test_what_the_demo_can_do(lnpatch: Run, page: str) -> None:
    """The commands of a page that name the demo and do not train."""
    for line in (line for line in LINES if line.page == page and "demo" in line.words and line.words[0] != "reproduce"):
        done = lnpatch(*line.words)
        assert done.code == 0, f"{line}: {done.err}"
