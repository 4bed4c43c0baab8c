"""Tables of figures, printed at the end of the session, after pytest-benchmark's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_TABLES = pytest.StashKey[list[tuple[str, str]]]()


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Keep a title and a table for the end of the session."""
    tables = request.config.stash.setdefault(_TABLES, [])
    return lambda title, text: tables.append((title, text))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was kept."""
    for title, text in terminalreporter.config.stash.get(_TABLES, []):
        terminalreporter.write_sep("=", title)
        terminalreporter.write_line(text)
