"""What a tracker has to know again when its run is resumed: ``TRACKER.json`` in the run's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from lnpatch.files import atomic_write


def read_state(folder: Path, tracker: str) -> dict[str, str]:
    """Return what a tracker has kept; empty where it has kept nothing, or nothing that can be read."""
    try:
        kept = json.loads((folder / f"{tracker}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {name: value for name, value in kept.items() if isinstance(value, str)} if isinstance(kept, dict) else {}


def write_state(folder: Path, tracker: str, state: Mapping[str, str]) -> None:
    """Keep what a tracker has to know again.

    Raises:
        OSError: it cannot be written.
    """
    atomic_write(folder / f"{tracker}.json", (json.dumps(dict(state), indent=2) + "\n").encode())
