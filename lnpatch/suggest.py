"""The "did you mean" of error messages: names that exist and look like the one that does not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def close_matches(name: str, candidates: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Return at most *count* of the *candidates* that look like *name*, best first."""
    # difflib's own cutoff of 0.6 misses abbreviations such as `dim` for `dim_proj`
    return tuple(difflib.get_close_matches(name, list(candidates), n=count, cutoff=0.4))
