"""A unified diff for a terminal: added and removed lines on a ground of their own, the Python in them highlighted."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text

_ADDED = "on #12261e"
_REMOVED = "on #2d1619"
_SIGNS = {"+": ("bold green", _ADDED), "-": ("bold red", _REMOVED), " ": ("", "")}


def render(patch: str) -> RenderableType:
    """*patch* as something that rich prints."""
    lines: list[Text] = []
    hunk: list[str] = []
    for line in patch.split("\n"):
        if line.startswith(("+", "-", " ", "\\")) and not line.startswith(("+++ ", "--- ")):
            hunk.append(line)
            continue
        lines += _hunk(hunk)
        hunk = []
        lines.append(_heading(line))
    lines += _hunk(hunk)
    while lines and not lines[-1].plain:
        lines.pop()
    return Group(*lines)


def _heading(line: str) -> Text:
    if line.startswith("@@"):
        return Text(line, style="cyan")
    return Text(line, style="bold" if line else "")


def _hunk(lines: list[str]) -> Iterator[Text]:
    """The lines of one hunk; each side is highlighted as one piece of code, so that strings over lines come out right."""
    old = iter(_highlighted([line[1:] for line in lines if line[:1] in ("-", " ")]))
    new = iter(_highlighted([line[1:] for line in lines if line[:1] in ("+", " ")]))
    for line in lines:
        if line.startswith("\\"):
            yield Text(line, style="dim")
            continue
        sign = line[:1]
        code = next(old) if sign == "-" else next(new)
        if sign == " ":
            next(old)
        style, ground = _SIGNS[sign]
        shown = Text(sign, style=style) + code
        shown.stylize_before(ground)
        yield shown


def _highlighted(lines: list[str]) -> list[Text]:
    if not lines:
        return []
    # a trailing mark keeps rich from dropping blank lines at the end
    code = Syntax("", "python", theme="ansi_dark", background_color="default").highlight("\n".join([*lines, "#"]))
    code.no_wrap = True
    found = list(code.split("\n", allow_blank=True))[: len(lines)]
    for text in found:
        text.rstrip_end(len(text.plain.rstrip("\r")))
    return found
