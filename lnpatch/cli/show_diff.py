"""A unified diff for a terminal: added lines as highlighted Python, removed ones in red, what stands around them dim.

Only the terminal's own colours are used, and no grounds, so that it can be read on dark and on light.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text

from lnpatch.cli.visible_text import make_visible


def render_diff(patch: str) -> RenderableType:
    """Return *patch* as something that rich prints; hidden characters are spelled out, but for the CR of a line's end."""
    lines: list[Text] = []
    hunk: list[str] = []
    for line in make_visible(patch.replace("\r\n", "\n")).split("\n"):
        if line.startswith(("+", "-", " ", "\\")) and not line.startswith(("+++ ", "--- ")):
            hunk.append(line)
            continue
        lines += _render_hunk(hunk)
        hunk = []
        lines.append(_heading(line))
    lines += _render_hunk(hunk)
    while lines and not lines[-1].plain:
        lines.pop()
    return Group(*lines)


def _heading(line: str) -> Text:
    if line.startswith("@@"):
        return Text(line, style="cyan")
    return Text(line, style="bold" if line else "")


def _render_hunk(lines: list[str]) -> Iterator[Text]:
    """Render the lines of one hunk; its new side is highlighted as one piece of code, so that strings over lines come out right."""
    new = iter(_highlighted([line[1:] for line in lines if line[:1] in ("+", " ")]))
    for line in lines:
        if line[:1] == "+":
            yield Text().append("+", "bold green").append_text(next(new))
        elif line[:1] == "-":
            yield Text(line, style="red")
        else:
            yield Text(line, style="dim")
            if line[:1] == " ":
                next(new)


def _highlighted(lines: list[str]) -> list[Text]:
    if not lines:
        return []
    # the mark at the end keeps rich from dropping blank lines before it
    code = Syntax("", "python", theme="ansi_dark", background_color="default").highlight("\n".join([*lines, "#"]))
    code.no_wrap = True
    return list(code.split("\n", allow_blank=True))[: len(lines)]
