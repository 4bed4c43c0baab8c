"""What the repositories and the launcher print, as events: an update, a validation, a cost that became NaN, a compiled shape."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_UPDATE = re.compile(
    r"Epoch\s+(?P<epoch>\d{1,15})\s+Update\s+(?P<update>\d{1,15})\s+Cost\s+(?P<cost>\S+)\s+UD\s+(?P<seconds>\S+)"
)
_NAN = re.compile(r"NaN detected")

#: Characters of a line that are looked at; the repositories' own lines have some hundreds.
_LONGEST_LINE = 4096

#: How a line begins that is meant for lnpatch and not for people; JSON follows.
EVENT_PREFIX = "lnpatch-event "


@dataclass(frozen=True)
class Update:
    """One update that the trainer has reported."""

    epoch: int
    #: Its number, from 1.
    update: int
    #: The cost before it.
    cost: float
    #: The seconds that it took.
    seconds: float


@dataclass(frozen=True)
class Validation:
    """Validation figures after an update."""

    update: int
    figures: dict[str, float]


@dataclass(frozen=True)
class CostBecameNaN:
    """The trainer found its cost to be NaN or infinite, after which nothing is learnt."""

    update: int


@dataclass(frozen=True)
class ShapeCompiled:
    """JAX has compiled a function for further shapes of its inputs."""

    #: Names of inputs by their shape, ``30x64``.
    shapes: Mapping[str, Sequence[str]]
    #: How many shapes the function is compiled for by now.
    compiled: int
    #: How many there can be with the padding that is declared; None without padding.
    bound: int | None
    seconds: float

    def __str__(self) -> str:
        words = f"compiled shape {self.compiled}"
        if self.bound is not None:
            words += f" of at most {self.bound}"
            if self.compiled > self.bound:
                words += " (and more: an axis without padding changes, or one is longer than its last bucket)"
        listed = "; ".join(f"{', '.join(names)} {shape}" for shape, names in self.shapes.items())
        return f"{words}: {listed} in {self.seconds:.1f} s"


@dataclass(frozen=True)
class PeakMemory:
    """JAX's process has ended, and says how much of the GPU's memory it has had in use."""

    #: At most, on the fullest GPU.
    bytes: int

    def __str__(self) -> str:
        return f"{self.bytes / 1e9:.2f} GB of the GPU's memory in use at most"


@dataclass(frozen=True)
class Saving:
    """The launcher is about to replace the saved model, and waits for all updates to be written down."""

    update: int


@dataclass(frozen=True)
class BatchWords:
    """How many words the cost of an update is summed over; it comes ahead of the update."""

    update: int
    words: float


@dataclass(frozen=True)
class Evaluated:
    """An evaluation of a model has ended."""

    #: Its name; empty where the repository has one evaluation.
    task: str
    #: By name, as the evaluation gives them.
    figures: dict[str, float]
    seconds: float

    def __str__(self) -> str:
        listed = ", ".join(f"{name} {value:.4g}" for name, value in self.figures.items())
        return f"{self.task or 'evaluation'}: {listed} in {self.seconds:.1f} s"


LauncherEvent = Validation | ShapeCompiled | PeakMemory | Saving | BatchWords | Evaluated
Event = Update | CostBecameNaN | LauncherEvent


@dataclass
class OutputParser:
    """Reads a trainer's output line by line."""

    #: The recipe's patterns; figures of several lines that belong to one validation come one by one.
    validation: Sequence[str] = ()
    #: What is added to the numbers of updates, for a run that is resumed.
    offset: int = 0
    #: The number of the last update.
    update: int = 0
    _patterns: list[re.Pattern[str]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._patterns = [re.compile(pattern) for pattern in self.validation]
        self.update = self.offset

    def parse(self, line: str) -> list[Event]:
        """Return what a line reports."""
        if is_event(line):
            event = parse_event(line)
            return [event] if event else []
        line = line[:_LONGEST_LINE]
        return [*self._parse_update(line), *self._parse_validation(line)]

    def _parse_update(self, line: str) -> list[Event]:
        events: list[Event] = []
        if match := _UPDATE.search(line):
            cost, seconds = _parse_number(match["cost"]), _parse_number(match["seconds"])
            if cost is not None and seconds is not None:
                self.update = self.offset + int(match["update"])
                events.append(Update(int(match["epoch"]), self.update, cost, seconds))
                if not math.isfinite(cost):
                    events.append(CostBecameNaN(self.update))
        if _NAN.search(line):
            # the repositories say so after the update and before they count it
            events.append(CostBecameNaN(self.update + 1))
        return events

    def _parse_validation(self, line: str) -> list[Event]:
        events: list[Event] = []
        for pattern in self._patterns:
            if match := pattern.search(line):
                texts = match.groupdict().items()
                figures = {name: number for name, text in texts if (number := _parse_number(text)) is not None}
                if figures:
                    events.append(Validation(self.update, figures))
        return events


def is_event(line: str) -> bool:
    """Return whether a line is meant for lnpatch and not for people."""
    return line.startswith(EVENT_PREFIX)


#: The events by their names in the output.
_EVENTS: Mapping[str, type[LauncherEvent]] = {
    "compiled": ShapeCompiled,
    "peak_memory": PeakMemory,
    "saving": Saving,
    "validation": Validation,
    "words": BatchWords,
    "evaluated": Evaluated,
}


def parse_event(line: str) -> LauncherEvent | None:
    """Return the event that a line of ``_events.py`` in the templates, or of the launcher, means; None for no such one."""
    try:
        fields = json.loads(line.removeprefix(EVENT_PREFIX))
        event = _EVENTS[fields.pop("event")](**fields)
        # a repository may print what looks like an event
        str(event)
        if isinstance(event, Validation | Evaluated):
            return event if _has_figures(event) else None
        if isinstance(event, BatchWords):
            return event if all(type(number) in (int, float) for number in (event.update, event.words)) else None
        return event
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def _has_figures(event: Validation | Evaluated) -> bool:
    """Return whether the figures of an event are numbers by name, and so is what comes with them."""
    number = event.update if isinstance(event, Validation) else event.seconds
    figures = event.figures
    return (
        type(number) in (int, float)
        and isinstance(figures, dict)
        and all(type(v) in (int, float) for v in figures.values())
    )


def _parse_number(text: str | None) -> float | None:
    """Return a number as Python 2 prints it, also as an array of one: ``[ 1.5]``."""
    try:
        return float((text or "").strip("[](),"))
    except ValueError:
        return None
