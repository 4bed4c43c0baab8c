"""The nearest things that are there, for the messages about one that is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(wanted: str, there: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """At most *count* of the names *there* that look like *wanted*, best first."""
    return tuple(difflib.get_close_matches(wanted, list(there), n=count, cutoff=0.4))
