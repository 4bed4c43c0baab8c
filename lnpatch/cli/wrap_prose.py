"""Text for people in a terminal: prose is broken between words, and a command is kept whole, to be pasted."""

from __future__ import annotations

import re

#: A command at the end of a line, behind a colon or alone.
_COMMAND = re.compile(r"(?:^|(?<=: ))(?:lnpatch|git|export|rm|pip|pipx|uv|sudo|apt-get|cp|mv|\S*python[\d.]*) .*$")

#: What is not broken: a command in backquotes, or a word.
_WORD = re.compile(r"[^\s`]*`[^`]*`[^\s`]*|\S+")


def wrap_prose(text: str, width: int) -> str:
    """Break the lines of *text* between words so that they fit *width* columns.

    A word that is longer than that, and a command, stay whole in a line of their own, which the terminal folds without
    putting a newline into it.
    """
    return "\n".join(_wrap_line(line, width) for line in text.split("\n"))


def _wrap_line(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    command = _COMMAND.search(line)
    prose = line[: command.start()] if command else line
    indent = prose[: len(prose) - len(prose.lstrip())]
    lines, current = [], indent
    for word in [*_WORD.findall(prose), *([command[0]] if command else [])]:
        if current.strip() and len(current) + 1 + len(word) > width:
            lines.append(current)
            current = indent
        current += f" {word}" if current.strip() else word
    return "\n".join([*lines, current])
