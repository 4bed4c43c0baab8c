"""A contest: each contestant in a process of its own, all of them alive, one computing at a time, round after round."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy

from tests.benchmarks.runtimes import machine

SCRIPTS = Path(__file__).parent / "scripts"

#: All are alive at once: none takes a card's whole memory, or leaves compiled code of its own Python beside the scripts.
_SHARING = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Contestant:
    """A runtime, or code written by hand for another framework, that may take part."""

    name: str
    #: In the folder ``scripts``.
    script: str = ""
    #: The interpreter that runs the script.
    python: Path = Path()
    #: Of the script, after the case and the file for the gradients.
    arguments: tuple[str, ...] = ()
    #: On top of what all contestants have.
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Why it cannot take part; empty where it can.
    missing: str = ""


@dataclass(frozen=True)
class Figures:
    """What was measured of a contestant."""

    #: Its name and version, in its own words.
    contestant: str
    #: Seconds until the first result.
    compile: float
    #: Of the update; None where nothing is computed that has one.
    cost: float | None
    #: Seconds of every call.
    wall: tuple[float, ...]
    #: CPU seconds of every call.
    cpu: tuple[float, ...]
    #: Of the first call, by name of the parameter; empty where there is no cost.
    gradients: Mapping[str, Any]

    @property
    def minimum(self) -> float:
        """Seconds of the fastest call."""
        return min(self.wall)

    @property
    def median(self) -> float:
        """Seconds of the middle call."""
        return statistics.median(self.wall)

    @property
    def cpu_minimum(self) -> float:
        """CPU seconds of the cheapest call: other processes on the core do not count, though they use its caches."""
        return min(self.cpu)

    @property
    def cpu_median(self) -> float:
        """CPU seconds of the middle call."""
        return statistics.median(self.cpu)

    @property
    def best(self) -> float:
        """The figure that contestants are compared by: on one core the CPU's time, with a GPU that of the clock."""
        return self.minimum if machine.DEVICE == "gpu" else self.cpu_minimum


class ContestantFailedError(Exception):
    """A contestant that is installed could not do its update."""


class ContestantProcess:
    """One contestant's process, which waits to be asked."""

    def __init__(self, contestant: Contestant, case: Path, folder: Path) -> None:
        self.contestant = contestant
        self.gradients = folder / f"{contestant.name}.npz".replace(" ", "-")
        self.errors = (folder / f"{contestant.name}.log").open("w+b")
        script = [str(SCRIPTS / contestant.script), str(case), str(self.gradients), *contestant.arguments]
        self.process = subprocess.Popen(
            [contestant.python, "-u", *script],
            cwd=folder,
            env={**machine.environment(), **_SHARING, **contestant.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.ready: dict[str, Any] = self._read_answer()

    def make_calls(self, count: int) -> None:
        """Have it make so many calls, and keep their times."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"%d\n" % count)
        self.process.stdin.flush()
        for wall, cpu in self._read_answer():
            self.wall.append(wall)
            self.cpu.append(cpu)

    def close(self) -> None:
        """End it; it has nothing to lose."""
        self.process.kill()
        self.process.communicate()
        self.errors.close()

    def figures(self) -> Figures:
        """Return all that was measured."""
        gradients: dict[str, Any] = {}
        if self.gradients.exists():
            with numpy.load(self.gradients) as file:
                gradients = {name: file[name] for name in file.files}
        ready = self.ready
        return Figures(
            ready["contestant"], ready["compile"], ready["cost"], tuple(self.wall), tuple(self.cpu), gradients
        )

    def _read_answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            last = self.errors.read().decode(errors="replace").strip().splitlines()[-8:]
            self.close()
            raise ContestantFailedError("\n".join([f"{self.contestant.name} has failed:", *last]))
        return json.loads(line)


def hold_contest(
    contestants: Sequence[Contestant], case: Path, folder: Path, rounds: int, calls: int
) -> tuple[dict[str, Figures], list[str]]:
    """Return the figures of all that can take part, by name, and the messages of those that are installed and have failed.

    Args:
        contestants: in the order in which each round asks them.
        case: the parameters and the batch, an .npz.
        folder: where they are run, and leave what they leave.
        rounds: how often each is asked.
        calls: how many updates it makes each time.

    Raises:
        ContestantFailedError: one has failed after its first updates; the others are ended as well.
    """
    processes: list[ContestantProcess] = []
    failures: list[str] = []
    try:
        with machine.one_core():
            for each in contestants:
                if not each.missing:
                    try:
                        processes.append(ContestantProcess(each, case, folder))
                    except ContestantFailedError as error:
                        failures.append(str(error))
        for _ in range(rounds):
            for process in processes:
                process.make_calls(calls)
        return {process.contestant.name: process.figures() for process in processes}, failures
    finally:
        for process in processes:
            process.close()
