"""Where runs of a study train on this machine: processors that they share, or a card each."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: The variables that say how many threads a process computes with: OpenMP, and what the BLAS libraries read.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Place:
    """What one process may use."""

    #: Its processors; any, without.
    cpus: tuple[int, ...] = ()
    #: Environment variables that keep it there.
    variables: Mapping[str, str] = field(default_factory=dict)


def find_places(device: str, runs: int, jobs: int | None = None) -> list[Place]:
    """Return the places for runs at once: one a processor, or one a card, and no more than there are runs.

    All places are alike, so that the seconds of their runs can be compared.

    Args:
        device: ``cpu`` or ``gpu``.
        runs: how many runs there are to do.
        jobs: how many to do at once, instead.
    """
    cpus = find_processors()
    cards = find_cards() if device == "gpu" else []
    count = max(1, min(runs, jobs or len(cards or cpus)))
    return [_make_place(number, count, cpus, cards) for number in range(count)]


def find_processors() -> list[int]:
    """Return the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def find_cards() -> list[str]:
    """Return the NVIDIA cards that this process may use, as CUDA_VISIBLE_DEVICES names them; none where they are not known."""
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1", "NoDevFiles")]
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return listed.stdout.split() if listed.returncode == 0 else []


def _make_place(number: int, count: int, cpus: Sequence[int], cards: Sequence[str]) -> Place:
    share = max(1, len(cpus) // count)
    first = number * share % len(cpus)
    own = tuple(cpus[first : first + share])
    # what the user has set stays
    variables = {name: str(share) for name in _THREADS if name not in os.environ}
    if cards:
        variables["CUDA_VISIBLE_DEVICES"] = cards[number % len(cards)]
    return Place(own, variables)
