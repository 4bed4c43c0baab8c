"""The parts of rich that are used here, imported when they are first used.

rich takes 50 ms to import, which a command with JSON, with a patch in a pipe, or with nothing to say does without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.box import SIMPLE_HEAD as SIMPLE_HEAD
    from rich.live import Live as Live
    from rich.panel import Panel as Panel
    from rich.progress import BarColumn as BarColumn
    from rich.progress import DownloadColumn as DownloadColumn
    from rich.progress import Progress as Progress
    from rich.progress import TaskProgressColumn as TaskProgressColumn
    from rich.progress import TextColumn as TextColumn
    from rich.progress import TimeRemainingColumn as TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as TransferSpeedColumn
    from rich.table import Table as Table
    from rich.text import Text as Text

    from lnpatch.cli.show_diff import render_diff as render_diff
    from lnpatch.cli.visible_console import Console as Console

_MODULES = {
    "SIMPLE_HEAD": "rich.box",
    "Live": "rich.live",
    "Panel": "rich.panel",
    "BarColumn": "rich.progress",
    "DownloadColumn": "rich.progress",
    "Progress": "rich.progress",
    "TaskProgressColumn": "rich.progress",
    "TextColumn": "rich.progress",
    "TimeRemainingColumn": "rich.progress",
    "TransferSpeedColumn": "rich.progress",
    "Table": "rich.table",
    "render_diff": "lnpatch.cli.show_diff",
    # nobody else makes a console or a text: these spell out what a terminal would obey
    "Console": "lnpatch.cli.visible_console",
    "Text": "lnpatch.cli.visible_console",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
