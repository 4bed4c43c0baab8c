"""Mask the tokens of Python 2 in a text, so that Python 3 can parse it, and put them back after an edit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from lnpatch.source.python2 import Placeholder, find_placeholders
from lnpatch.source.tokens import Tokens, line_at

_PREFIX = "lnpatch_py2_"


class BrokenPlaceholder(Exception):
    """An edit kept the name of a placeholder, but not the punctuation around it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class MaskedText:
    """A source text as Python 3 is shown it: the same lines, with placeholders for the tokens of Python 2."""

    #: The text of the file.
    source: str
    #: The text with placeholders in it.
    text: str
    placeholders: tuple[Placeholder, ...] = ()
    #: What the names of the placeholders begin with; a number and an underscore follow.
    prefix: str = _PREFIX

    @cached_property
    def _name_pattern(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.prefix) + r"(\d+)_")

    def original_token(self, name: str) -> str | None:
        """Return the original token behind the name of a placeholder; None for any other name."""
        match = self._name_pattern.fullmatch(name)
        if match is None or int(match[1]) >= len(self.placeholders):
            return None
        return self._token(self.placeholders[int(match[1])])

    def restore_tokens(self, code: str, *, partial: bool = False) -> str:
        """Put the original tokens back into edited text, wherever the edit has moved their placeholders.

        Args:
            code: text in which placeholders may occur.
            partial: the text is a piece, in which a placeholder may be cut off from the punctuation around it.

        Raises:
            BrokenPlaceholder: a placeholder lacks its punctuation, and the text is not a piece.
        """
        if not self.placeholders:
            return code
        pieces: list[str] = []
        position = 0
        for match in self._name_pattern.finditer(code):
            number = int(match[1])
            if number >= len(self.placeholders):  # a name that an edit brought in, and that only looks like one
                continue
            placeholder = self.placeholders[number]
            start, end = match.span()
            # Search from `position` on, not from 0: two placeholders in a row must not claim the same punctuation.
            has_lead = code.endswith(placeholder.lead, position, start)
            has_trail = code.startswith(placeholder.trail, end)
            if not (partial or (has_lead and has_trail)):
                raise BrokenPlaceholder(line_at(self.source, placeholder.start), placeholder.refusal)
            pieces.append(code[position : start - len(placeholder.lead) if has_lead else start])
            pieces.append(self._token(placeholder))
            position = end + len(placeholder.trail) if has_trail else end
        return "".join(pieces) + code[position:]

    def _token(self, placeholder: Placeholder) -> str:
        return self.source[placeholder.start : placeholder.end]


def mask_tokens(tokens: Tokens) -> MaskedText:
    """Put placeholders in the place of all tokens that only Python 2 has."""
    source = tokens.text
    placeholders = tuple(find_placeholders(tokens))
    prefix = _PREFIX
    while prefix in source:  # so that no name of the file is taken for a placeholder
        prefix += "_"
    pieces: list[str] = []
    position = 0
    for number, placeholder in enumerate(placeholders):
        pieces += (source[position : placeholder.start], placeholder.lead, f"{prefix}{number}_", placeholder.trail)
        position = placeholder.end
    return MaskedText(source, "".join(pieces) + source[position:], placeholders, prefix)
