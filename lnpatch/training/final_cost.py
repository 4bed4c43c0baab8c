"""What a run's cost has come to: the one definition for ``train``, ``curves`` and the report."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: The share of the costs, at the end of a run, whose mean is its final cost.
_SHARE = 0.1


def final_cost(costs: Sequence[float]) -> float | None:
    """Return the mean of the last tenth of the costs, of one at least; None where none of them is finite."""
    finite = [cost for cost in last_tenth(costs) if math.isfinite(cost)]
    return math.fsum(finite) / len(finite) if finite else None


def last_tenth(values: Sequence[float]) -> Sequence[float]:
    """Return the last tenth of the values, one at least where there is any."""
    return values[-max(1, round(_SHARE * len(values))) :]
