"""rich's console and text with the hidden characters of strangers spelled out, and no markup of theirs obeyed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import rich.console
import rich.text
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from lnpatch.cli.visible_text import make_visible


class Text(rich.text.Text):
    """A text whose hidden characters are spelled out before it is measured; rich drops some, and passes on the others."""

    def __init__(self, text: str = "", *arguments: Any, **options: Any) -> None:
        super().__init__(make_visible(text), *arguments, **options)

    def append(self, text: rich.text.Text | str, style: Any = None) -> rich.text.Text:
        """Add text at the end."""
        return super().append(make_visible(text) if isinstance(text, str) else text, style)


class Console(rich.console.Console):
    """A console that shows hidden characters, whatever they come in."""

    def render_str(self, text: str, **options: Any) -> rich.text.Text:
        """Return the text that stands for a string, in a line, a cell or a title."""
        return super().render_str(make_visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield what is written. The last net: highlighted code and other things of rich make their texts themselves."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=make_visible(segment.text))
