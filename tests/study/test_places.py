"""Where runs train: processors that are shared out, or a card each."""

from __future__ import annotations

import pytest

from lnpatch.study import places
from lnpatch.study.places import find_cards, find_places


@pytest.mark.parametrize(
    ("cpus", "runs", "jobs", "expected"),
    [
        pytest.param(2, 6, None, [(0,), (1,)], id="one a processor"),
        pytest.param(8, 2, None, [(0, 1, 2, 3), (4, 5, 6, 7)], id="all of them"),
        pytest.param(8, 3, None, [(0, 1), (2, 3), (4, 5)], id="alike"),
        pytest.param(8, 6, 1, [tuple(range(8))], id="one at a time"),
        pytest.param(1, 3, 2, [(0,), (0,)], id="more than processors"),
        pytest.param(2, 0, None, [(0, 1)], id="nothing to do"),
    ],
)
def test_processors(
    monkeypatch: pytest.MonkeyPatch, cpus: int, runs: int, jobs: int | None, expected: list[tuple[int, ...]]
) -> None:
    monkeypatch.setattr(places, "find_processors", lambda: list(range(cpus)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    found = find_places("cpu", runs, jobs)
    assert [place.cpus for place in found] == expected
    assert {place.variables["OMP_NUM_THREADS"] for place in found} == {str(len(expected[0]))}


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert "OMP_NUM_THREADS" not in find_places("cpu", 1)[0].variables


def test_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "find_processors", lambda: list(range(8)))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-5")
    found = find_places("gpu", 6)
    assert [place.variables["CUDA_VISIBLE_DEVICES"] for place in found] == ["2", "GPU-5"]
    assert [place.cpus for place in found] == [(0, 1, 2, 3), (4, 5, 6, 7)]
    assert [place.variables["CUDA_VISIBLE_DEVICES"] for place in find_places("gpu", 6, 3)] == ["2", "GPU-5", "2"]


@pytest.mark.parametrize("visible", ["", "-1"])
def test_no_cards(monkeypatch: pytest.MonkeyPatch, visible: str) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert find_cards() == []
