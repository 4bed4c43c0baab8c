"""What a training shows while it runs: the time left, the best validation so far, a sign of life while it compiles."""

from __future__ import annotations

import pytest

from lnpatch.cli.time_left import TimeLeft
from lnpatch.cli.train_view import BestFigures, LiveView, PlainView
from lnpatch.training.output import Update, Validation


def reports(per_epoch: int, count: int, seconds: float, first: int = 1, every: int = 1) -> list[tuple[Update, float]]:
    """Updates from the beginning of an epoch, and when they were reported."""
    numbers = range(first, first + count)
    updates = [Update((number - first) // per_epoch, number, 1.0, seconds) for number in numbers]
    return [(update, update.update * seconds) for update in updates if update.update % every == 0]


@pytest.mark.parametrize(
    ("limit", "epochs", "updates", "left"),
    [
        pytest.param(None, None, reports(10, 5, 2.0), None, id="nothing says how many"),
        pytest.param(100, None, reports(10, 1, 2.0), None, id="one update has no pace"),
        pytest.param(100, None, reports(10, 5, 2.0), 190.0, id="up to a limit"),
        pytest.param(None, 3, reports(10, 10, 2.0), None, id="in the first epoch its length is not known"),
        pytest.param(None, 3, reports(10, 11, 2.0), 38.0, id="up to the last epoch"),
        pytest.param(None, 3, reports(10, 30, 2.0), 0.0, id="at the end"),
        pytest.param(25, 3, reports(10, 11, 2.0), 28.0, id="the limit is sooner"),
        pytest.param(1000, 3, reports(10, 11, 2.0), 38.0, id="the epochs are sooner"),
        pytest.param(None, 3, reports(10, 15, 2.0, first=101), 30.0, id="resumed: epochs are counted anew"),
        pytest.param(20, None, reports(10, 25, 2.0), 0.0, id="beyond the limit"),
    ],
)
def test_time_left(
    limit: int | None, epochs: int | None, updates: list[tuple[Update, float]], left: float | None
) -> None:
    estimate = TimeLeft(limit, epochs)
    for update, now in updates:
        estimate.add(update, now)
    assert estimate.seconds == (None if left is None else pytest.approx(left))


def test_the_best_figures_so_far() -> None:
    best = BestFigures()
    said = []
    for update, error, recall in ((10, 0.5, 30.0), (20, 0.4, 40.0), (30, 0.45, 35.0)):
        event = Validation(update, {"error": error, "r1": recall})
        best.add(event)
        said.append(best.describe(event))
    assert said == ["", "", " (best so far: error 0.4 after update 20, r1 40 after update 20)"]


def test_lines_say_the_time_left_and_the_best(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("lnpatch.cli.train_view.time.monotonic", lambda: clock[0])
    view = PlainView()
    view._left = TimeLeft(limit=10)
    for number in range(1, 5):
        clock[0] = number * 3.0
        view.show_event(Update(0, number, 1.0, 3.0))
    view.show_event(Validation(3, {"error": 0.25}))
    view.show_event(Validation(4, {"error": 0.5}))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "epoch 0 update 1 cost 1 3 s"
    assert lines[3] == "epoch 0 update 4 cost 1 3 s, 18 s left"
    assert lines[5] == "validation after update 4: error 0.5 (best so far: error 0.25 after update 3)"


def test_the_live_view_counts_the_seconds_of_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("lnpatch.cli.train_view.time.monotonic", lambda: clock[0])
    view = LiveView()
    view._title, view._started_at = "toy", 100.0
    shown = []
    for clock[0] in (100.0, 100.25, 112.0):
        shown.append(str(view.render().renderable))
    assert "compiling for 0 s" in shown[0]
    assert shown[0] != shown[1]
    assert "compiling for 12 s" in shown[2]
    assert "a second one stops at once" in shown[2]
    view.show_event(Update(0, 1, 1.0, 0.5))
    assert "compiling" not in str(view.render().renderable)
