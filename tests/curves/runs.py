"""Folders of runs for the tests of `lnpatch curves`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from lnpatch.training.run_folder import UPDATES, RunInfo, RunState, write_info
from tests.conftest import Output

Cli = Callable[..., Output]
Figures = Mapping[int, Mapping[str, Any]]


def write_run(
    folder: str | Path,
    cell: str,
    costs: Iterable[float],
    validations: Figures | None = None,
    *,
    seconds: float = 0.5,
    between: float = 0.5,
    tail: str = "",
    **info: Any,
) -> Path:
    """The folder of a run: an update takes *seconds* by itself, *between* by the clock, a validation 10 seconds."""
    path = Path(folder)
    path.mkdir(parents=True)
    validations = validations or {}
    facts: dict[str, Any] = {
        "target": "order-embeddings",
        "baseline": cell in ("gru", "lstm"),
        "runtime": "theano",
        "device": "cpu",
        "smoke": False,
        "checkout": "order-embedding",
        "commit": "0" * 40,
        "modified": True,
        "command": "python driver.py order",
        "settings": {"encoder": cell, "dim": 512},
        "arguments": (),
        "versions": {},
        "state": RunState.DONE,
    }
    write_info(path, RunInfo(cell=cell, **(facts | info)))
    lines, elapsed = [], 0.0
    for update, cost in enumerate(costs, 1):
        lines.append({"epoch": 0, "update": update, "cost": cost, "seconds": seconds, "elapsed": elapsed})
        if update in validations:
            elapsed += 10
            lines.append({"update": update, "elapsed": elapsed, "validation": validations[update]})
        elapsed += between
    (path / UPDATES).write_text("".join(json.dumps(line) + "\n" for line in lines) + tail)
    return path


def errors(*values: float, every: int = 10) -> Figures:
    """Validation errors of a run, one every so many updates."""
    return {every * (number + 1): {"error": value, "cost": 2 * value} for number, value in enumerate(values)}


def fall(count: int = 40, floor: float = 2.0) -> list[float]:
    """Costs as a training has them."""
    return [floor + 8 * math.exp(-update / 10) for update in range(count)]
