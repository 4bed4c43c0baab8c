"""What is computed of curves: running means, thinned points, ticks."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lnpatch.curves.panels import choose_ticks
from lnpatch.curves.series import Series, higher_is_better, running_mean, thin_points

VALUES = st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(math.nan), st.floats(1e20, 1e30)), min_size=1, max_size=60)


@given(VALUES, st.integers(1, 80), st.integers(1, 7))
def test_running_mean(values: list[float], window: int, step: int) -> None:
    updates = [float(step * (number + 1)) for number in range(len(values))]
    means = running_mean(Series(updates, values), window)
    for update, mean in zip(updates, means, strict=True):
        near = [v for u, v in zip(updates, values, strict=True) if abs(u - update) <= window / 2 and math.isfinite(v)]
        if near:
            scale = max(map(abs, near))
            assert mean == pytest.approx(math.fsum(near) / len(near), rel=1e-6, abs=1e-6 * scale + 1e-9)
        else:
            assert math.isnan(mean)


@given(st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(math.nan)), max_size=300), st.integers(4, 50))
def test_thinned_points_look_like_the_whole(values: list[float], limit: int) -> None:
    x, y = thin_points(list(range(len(values))), values, limit)
    finite = [value for value in values if math.isfinite(value)]
    assert len(y) <= limit + 4
    assert all(values[int(at)] == value for at, value in zip(x, y, strict=True))
    assert x == sorted(x)
    if finite:
        assert (min(y), max(y)) == (min(finite), max(finite))


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.booleans())
@example(879609.9999999999, 1e-6, False)
def test_ticks(low: float, width: float, logarithmic: bool) -> None:
    high = low + width
    ticks = choose_ticks(low, high, logarithmic=logarithmic)
    assert ticks == sorted(set(ticks))
    assert len(ticks) <= 9
    # far from zero a narrow range has few floats: a round number may lie beside its end by some of their distances
    margin = 1e-6 * width + 4 * math.ulp(max(abs(low), abs(high)))
    assert all(low - margin <= tick <= high + margin for tick in ticks)


@pytest.mark.parametrize(
    ("metric", "higher"),
    [("error", False), ("cost", False), ("t2i_r1", True), ("i2t_r10", True), ("t2i_medr", False), ("accuracy", True)],
)
def test_what_is_better(metric: str, higher: bool) -> None:
    assert higher_is_better(metric) is higher
