"""``evaluation.json`` in a run's folder: the figures of its model, by task."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lnpatch.errors import FileError
from lnpatch.files import atomic_write
from lnpatch.training.run_folder import read_number

EVALUATION = "evaluation.json"

#: The task of a repository that has one evaluation.
_ONLY_TASK = "test"

#: Bytes of an ``evaluation.json``; lnpatch writes some thousands.
_LARGEST = 10_000_000


def record_evaluation(folder: Path, document: Any) -> None:
    """Write down what ``lnpatch evaluate --format json`` has printed.

    Raises:
        FileError: the figures cannot be written.
    """
    figures = document.get("figures") if isinstance(document, dict) else None
    if not isinstance(figures, dict):
        return
    table = {"format": 1, "evaluations": {_ONLY_TASK: {"figures": figures}}}
    try:
        atomic_write(folder / EVALUATION, (json.dumps(table, indent=2) + "\n").encode())
    except OSError as error:
        raise FileError(str(folder / EVALUATION), error.strerror or str(error)) from error


def read_evaluation(folder: Path) -> Mapping[str, Mapping[str, float]]:
    """Return the figures of a run's model by task; none where it was not evaluated, or the file cannot be read."""
    file = folder / EVALUATION
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return {}
        entries = json.loads(file.read_text(encoding="utf-8"))["evaluations"]
        return {str(task): _finite_figures(entry["figures"]) for task, entry in entries.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _finite_figures(figures: Mapping[str, object]) -> dict[str, float]:
    values = {str(name): read_number(value) for name, value in figures.items()}
    return {name: value for name, value in values.items() if math.isfinite(value)}
