"""The commands that README and pages show, read out of their blocks for a shell."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass(frozen=True)
class ShellLine:
    """A command of lnpatch in a page."""

    page: str
    #: The line of the page.
    number: int
    #: What is typed behind ``lnpatch``.
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}:{self.number}"


def read_lines(page: Path) -> list[ShellLine]:
    """Return the commands of lnpatch in the blocks of *page*; what is around them, such as an ``eval``, is left away."""
    found = []
    block = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            block = line == "```sh"
        elif block:
            inner = re.search(r'eval "\$\((.*?)\)"', line)
            for command in re.split(r" (?:&&|>|\|) ", inner[1] if inner else line):
                words = shlex.split(command, comments=True)
                if words and Path(words[0]).name == "lnpatch":
                    found.append(ShellLine(str(page.relative_to(ROOT)), number, tuple(words[1:])))
    return found


LINES = [line for page in PAGES for line in read_lines(page)]
