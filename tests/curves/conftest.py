"""Two runs to compare, and where to skip for want of matplotlib."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.curves.runs import errors, fall, write_run


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A baseline, and a run that learns faster."""
    return (
        write_run(tmp_path / "base", "gru", fall(), errors(0.9, 0.6, 0.5, 0.55)),
        write_run(tmp_path / "ln", "lngru", fall(floor=1.0), errors(0.7, 0.5, 0.4, 0.45), seconds=0.6, between=0.6),
    )


@pytest.fixture
def matplotlib() -> None:
    pytest.importorskip("matplotlib")
