"""Python 2 text as Python 3 text, and back again after an edit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from lnpatch.source.python2 import StandIn, find_stand_ins
from lnpatch.source.tokens import Tokens, line_of

_PREFIX = "lnpatch_py2_"


class TornStandIn(Exception):
    """An edit kept the name of a stand-in, but not the punctuation around it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class Shadow:
    """What Python 3 is shown of a source text: the same lines, with stand-ins for the tokens of Python 2."""

    source: str
    text: str
    stand_ins: tuple[StandIn, ...] = ()
    prefix: str = _PREFIX

    @classmethod
    def of(cls, tokens: Tokens) -> Shadow:
        """The shadow of a tokenized text."""
        source = tokens.text
        stand_ins = tuple(find_stand_ins(tokens))
        prefix = _PREFIX
        while prefix in source:
            prefix += "_"
        pieces: list[str] = []
        position = 0
        for number, stand_in in enumerate(stand_ins):
            pieces += (source[position : stand_in.start], stand_in.lead, f"{prefix}{number}_", stand_in.trail)
            position = stand_in.end
        return cls(source, "".join(pieces) + source[position:], stand_ins, prefix)

    @cached_property
    def _name(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.prefix) + r"(\d+)_")

    def token(self, name: str) -> str | None:
        """The original token behind the name of a stand-in; None for any other name."""
        match = self._name.fullmatch(name)
        if match is None or int(match[1]) >= len(self.stand_ins):
            return None
        stand_in = self.stand_ins[int(match[1])]
        return self.source[stand_in.start : stand_in.end]

    def restore(self, code: str, *, partial: bool = False) -> str:
        """Edited shadow text with the original tokens put back, wherever the edit has moved them.

        Args:
            code: text in which stand-ins may occur.
            partial: the text is a piece, in which a stand-in may be cut off from the punctuation around it.

        Raises:
            TornStandIn: a stand-in lacks its punctuation, and the text is not a piece.
        """
        if not self.stand_ins:
            return code
        pieces: list[str] = []
        position = 0
        for match in self._name.finditer(code):
            number = int(match[1])
            if number >= len(self.stand_ins):
                continue
            stand_in = self.stand_ins[number]
            start, end = match.span()
            has_lead = code.endswith(stand_in.lead, position, start)
            has_trail = code.startswith(stand_in.trail, end)
            if not (partial or (has_lead and has_trail)):
                raise TornStandIn(line_of(self.source, stand_in.start), stand_in.torn)
            pieces += (
                code[position : start - len(stand_in.lead) if has_lead else start],
                self.source[stand_in.start : stand_in.end],
            )
            position = end + len(stand_in.trail) if has_trail else end
        return "".join(pieces) + code[position:]
