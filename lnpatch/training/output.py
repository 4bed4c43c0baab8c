"""What the repositories print while they train, as records: one for each update that is reported, one for each validation."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_UPDATE = re.compile(
    r"Epoch\s+(?P<epoch>\d+)\s+Update\s+(?P<update>\d+)\s+Cost\s+(?P<cost>\S+)\s+UD\s+(?P<seconds>\S+)"
)
_NAN = re.compile(r"NaN detected")


@dataclass(frozen=True)
class Update:
    """One update: its epoch, its number (from 1), the cost before it, the seconds that it took."""

    epoch: int
    update: int
    cost: float
    seconds: float


@dataclass(frozen=True)
class Validation:
    """Validation figures after an update."""

    update: int
    figures: dict[str, float]


@dataclass(frozen=True)
class NotANumber:
    """The trainer found its cost to be NaN or infinite, after which nothing is learnt."""

    update: int


Event = Update | Validation | NotANumber


@dataclass
class OutputParser:
    """Reads a trainer's output line by line.

    ``validation`` are the recipe's patterns; figures of several lines that belong to one validation come one by one.
    ``offset`` is added to the numbers of updates, for a run that goes on from another.
    """

    validation: Sequence[str] = ()
    offset: int = 0
    update: int = 0
    _patterns: list[re.Pattern[str]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._patterns = [re.compile(pattern) for pattern in self.validation]
        self.update = self.offset

    def parse(self, line: str) -> list[Event]:
        """What a line reports."""
        events: list[Event] = []
        if found := _UPDATE.search(line):
            cost, seconds = _number(found["cost"]), _number(found["seconds"])
            if cost is not None and seconds is not None:
                self.update = self.offset + int(found["update"])
                events.append(Update(int(found["epoch"]), self.update, cost, seconds))
                if not math.isfinite(cost):
                    events.append(NotANumber(self.update))
        if _NAN.search(line):
            events.append(NotANumber(self.update + 1))
        for pattern in self._patterns:
            if found := pattern.search(line):
                figures = {
                    name: number for name, text in found.groupdict().items() if (number := _number(text)) is not None
                }
                if figures:
                    events.append(Validation(self.update, figures))
        return events


def parse_log(lines: Iterable[str], validation: Sequence[str] = ()) -> list[Event]:
    """All that a log of a trainer's output reports."""
    parser = OutputParser(validation)
    return [event for line in lines for event in parser.parse(line)]


def _number(text: str | None) -> float | None:
    """A number as Python 2 prints it, also as an array of one: ``[ 1.5]``."""
    try:
        return float((text or "").strip("[](),"))
    except ValueError:
        return None
