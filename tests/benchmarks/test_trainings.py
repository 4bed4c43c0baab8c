"""What the benchmarks read in the log of a training."""

from __future__ import annotations

import pytest

from tests.benchmarks.runtimes.trainings import Compilations, read_compilations

COMPILED = 'lnpatch-event {"event":"compiled","shapes":{"8x64":["x"]},"compiled":1,"bound":8,"seconds":2.5}'
MEMORY = 'lnpatch-event {"event":"peak_memory","bytes":3000}'


def update(number: int) -> str:
    return f"Epoch  0 Update  {number} Cost  1.5 UD  0.1"


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        pytest.param([update(1), update(2)], Compilations(frozenset(), 0, 0.0, 0), id="another backend"),
        pytest.param(
            [COMPILED, update(1), update(2), COMPILED, update(3), MEMORY],
            Compilations(frozenset({1, 3}), 2, 5.0, 3000),
            id="in two updates",
        ),
        pytest.param(
            [update(1), COMPILED, COMPILED, "Seen 64 samples", update(2)],
            Compilations(frozenset({2}), 2, 5.0, 0),
            id="two functions, and other lines",
        ),
        pytest.param([COMPILED], Compilations(frozenset(), 1, 2.5, 0), id="stopped before the update"),
    ],
)
def test_compilations(lines: list[str], read: Compilations) -> None:
    assert read_compilations("\n".join(lines)) == read
