"""How long a user waits, as whole processes: `pytest tests/benchmarks --benchmark-only`."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import git

COMMAND = [sys.executable, "-m", "lnpatch"]


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.benchmark(group="start-up: --help is within 3x of importing click")
@pytest.mark.parametrize(
    "command", [[sys.executable, "-c", "import click"], [*COMMAND, "--help"]], ids=["click", "--help"]
)
def test_help(benchmark: Any, command: list[str]) -> None:
    benchmark.pedantic(run, args=command, rounds=20, warmup_rounds=2)


@pytest.mark.benchmark(group="a local checkout")
def test_apply(benchmark: Any, demo: Path) -> None:
    """Under a second."""

    def unpatched() -> None:
        git(demo, "checkout", "--", ".")

    benchmark.pedantic(
        run, args=[*COMMAND, "apply", "demo", "--dir", demo], setup=unpatched, rounds=10, warmup_rounds=1
    )


@pytest.mark.benchmark(group="a local checkout")
@pytest.mark.parametrize("command", ["diff", "status", "apply"])
def test_applied(benchmark: Any, demo: Path, command: str) -> None:
    """Where the patch is applied already: without libcst."""
    run(*COMMAND, "apply", "demo", "--dir", demo)
    benchmark.pedantic(run, args=[*COMMAND, command, "demo", "--dir", demo], rounds=10, warmup_rounds=1)
