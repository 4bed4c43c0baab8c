"""What the repositories print, as records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pytest

from lnpatch.recipes import find_recipe
from lnpatch.training.output import CostBecameNaN, Event, OutputParser, PeakMemory, Update, Validation, parse_event

UPDATES = [
    pytest.param("Epoch  0 Update  1 Cost  681.25 UD  0.125", Update(0, 1, 681.25, 0.125), id="first"),
    pytest.param("Epoch  3 Update  1200 Cost  1.5e-05 UD  2", Update(3, 1200, 1.5e-05, 2.0), id="exponent"),
    pytest.param(
        "Epoch  0  Update  20  Cost  3.25  UD  0.5  UpNorm  0.1  GNorm  2.0",
        Update(0, 20, 3.25, 0.5),
        id="more figures",
    ),
    pytest.param("Saving... Done Epoch  0 Update  2 Cost  [ 4.5] UD  0.5", None, id="not at the line's start"),
    pytest.param("Epoch  0 Update  2 Cost  [4.5] UD  0.5", Update(0, 2, 4.5, 0.5), id="array"),
    pytest.param("Epoch  0", None, id="epoch alone"),
    pytest.param("Seen 640 samples", None, id="another line"),
    pytest.param(f"Epoch 0 Update {'9' * 5000} Cost 1 UD 1", None, id="5000 digits"),
    pytest.param("Epoch  x Update  1 Cost  1 UD  1", None, id="not a number"),
]


def parse_lines(lines: Iterable[str], validation: Sequence[str] = ()) -> list[Event]:
    parser = OutputParser(validation)
    return [event for line in lines for event in parser.parse(line)]


@pytest.mark.parametrize(("line", "update"), UPDATES)
def test_updates(line: str, update: Update | None) -> None:
    assert OutputParser().parse(line) == ([update] if update else [])


def test_validation_of_order_embeddings() -> None:
    lines = [
        "Epoch  0 Update  300 Cost  5.5 UD  0.1",
        "Text to image (dev set): 10.1, 30.2, 50.3, 7.0, 21.5",
        "Image to text (dev set): 12.0, 33.0, 55.0, 6.0, 20.0",
    ]
    t2i, i2t = parse_lines(lines, find_recipe("order-embeddings").jobs["train"].validation)[1:]
    names = ("r1", "r5", "r10", "medr", "meanr")
    assert t2i == Validation(300, dict(zip((f"t2i_{n}" for n in names), (10.1, 30.2, 50.3, 7.0, 21.5), strict=True)))
    assert i2t == Validation(300, dict(zip((f"i2t_{n}" for n in names), (12.0, 33.0, 55.0, 6.0, 20.0), strict=True)))


def test_validation_of_the_attentive_reader() -> None:
    lines = ["\t>>>Valid error:  0.625  Valid cost:  2.5", "\t>>>Train error:  0.1  Train cost:  0.2"]
    assert parse_lines(lines, find_recipe("attentive-reader").jobs["train"].validation) == [
        Validation(0, {"error": 0.625, "cost": 2.5})
    ]


@pytest.mark.parametrize(
    ("lines", "update"),
    [
        pytest.param(["Epoch  0 Update  7 Cost  1.0 UD  0.1", "NaN detected"], 8, id="said after the update"),
        pytest.param(["Epoch  0 Update  7 Cost  nan UD  0.1"], 7, id="nan"),
        pytest.param(["Epoch  0 Update  7 Cost  inf UD  0.1"], 7, id="inf"),
    ],
)
def test_nan(lines: list[str], update: int) -> None:
    assert CostBecameNaN(update) in parse_lines(lines)


def test_numbers_go_on_from_an_offset() -> None:
    events: list[Event] = OutputParser(offset=100).parse("Epoch  0 Update  2 Cost  1.0 UD  0.5")
    assert events == [Update(0, 102, 1.0, 0.5)]
    assert isinstance(events[0], Update)
    assert math.isfinite(events[0].cost)


@pytest.mark.parametrize(
    ("facts", "event"),
    [
        ('{"event":"peak_memory","bytes":3100000000}', PeakMemory(3_100_000_000)),
        pytest.param('{"event":"peak_memory","bytes":"3 GB"}', None, id="not a number"),
        pytest.param('{"event":"peak_memory","bytes":1' + 400 * "0" + "}", None, id="too large"),
        pytest.param('{"event":"peak_memory"}', None, id="no figure"),
        pytest.param('{"event":"another","bytes":5}', None, id="no event of ours"),
    ],
)
def test_events(facts: str, event: PeakMemory | None) -> None:
    assert parse_event(f"lnpatch-event {facts}") == event


def test_peak_memory_in_words() -> None:
    assert str(PeakMemory(3_100_000_000)) == "3.10 GB of the GPU's memory in use at most"
