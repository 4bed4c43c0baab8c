"""Makes `terminal-light.svg` and `terminal-dark.svg` of the README: commands on the demo, as a terminal shows them.

    python docs/pictures/terminal.py

runs them with the lnpatch of this Python, in an empty folder, and writes the pictures beside this file. It takes seconds.
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme
from rich.text import Text

COLUMNS = 100

#: What is typed, and how many lines of what it prints are shown.
COMMANDS = {
    "lnpatch apply demo": 99,
    "lnpatch diff": 30,
    "lnpatch revert": 99,
}

THEMES = {"light": DEFAULT_TERMINAL_THEME, "dark": SVG_EXPORT_THEME}


def run_in_terminal(command: str, folder: Path) -> str:
    """Run lnpatch with a terminal of COLUMNS columns as its output, and return what it has shown.

    Raises:
        subprocess.CalledProcessError: it has failed.
    """
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "lnpatch", *shlex.split(command)[1:]]
    environment = os.environ | {"COLUMNS": str(COLUMNS), "LINES": "50", "TERM": "xterm-256color", "PAGER": "cat"}
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=theirs, stderr=theirs, stdin=theirs) as process:
        os.close(theirs)
        shown = b"".join(_read_all(ours))
    os.close(ours)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words, shown)
    # what was drawn over, such as a bar that has gone, is not there any more
    text = re.sub(r"\x1b\[\?25[lh]", "", shown.decode().replace("\r\n", "\n"))
    text = re.sub(r"[^\n]*\n\r?\x1b\[1A\x1b\[2K", "", text)
    return re.sub(r"[^\n]*\x1b\[2K", "", text).rstrip("\n")


def _read_all(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            block = os.read(terminal, 65536)
        except OSError:  # Linux' answer where nobody has the other end any more
            return
        if not block:
            return
        yield block


def draw(screen: Text, theme: TerminalTheme) -> str:
    """Return an SVG of the lines, which loads nothing from anywhere: its letters are in a font of the reader's."""
    with open(os.devnull, "w") as nowhere:
        console = Console(width=COLUMNS, record=True, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(screen)
    form = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    svg = console.export_svg(title="lnpatch", theme=theme, code_format=form, unique_id="lnpatch")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> None:
    """Write the pictures."""
    screen = Text()
    with tempfile.TemporaryDirectory() as folder:
        for command, count in COMMANDS.items():
            lines = run_in_terminal(command, Path(folder)).split("\n")
            screen.append(f"$ {command}\n", style="bold")
            screen.append_text(Text.from_ansi("\n".join(lines[:count])))
            screen.append("\n" if len(lines) <= count else f"\n... {len(lines) - count} more lines\n", style="dim")
    for name, theme in THEMES.items():
        (Path(__file__).parent / f"terminal-{name}.svg").write_text(draw(screen, theme), encoding="utf-8")


if __name__ == "__main__":
    main()
