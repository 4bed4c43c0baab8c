"""Trainings of the real repositories through the command line, and how long their updates have taken."""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from lnpatch.errors import LnpatchError
from lnpatch.recipes import find_recipe
from lnpatch.runtimes.choose import choose_runtime
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.training.output import OutputParser, PeakMemory, ShapeCompiled, Update
from lnpatch.training.run_folder import LOG, UPDATES
from tests.benchmarks.runtimes import corpora, machine

GPU = machine.DEVICE == "gpu"
THEANO, JAX = "Python 2.7, Theano", "PyTensor, JAX backend"
#: The same as :data:`JAX` without layer normalization, which tells what that costs.
PLAIN = "PyTensor, JAX backend, plain GRU"

_JAX_OPTIONS = RuntimeOptions("pytensor", backend="jax", device=machine.DEVICE)


@dataclass(frozen=True)
class TrainingRuntime:
    """A runtime with its backend."""

    name: str
    #: How the command line chooses it.
    arguments: tuple[str, ...]
    #: Why it cannot train here; empty where it can.
    missing: str = ""


@dataclass(frozen=True)
class Training:
    """A training: sizes, data, and how much of it is not counted."""

    target: str
    #: Hyperparameters of the repository's trainer.
    settings: Mapping[str, object]
    #: How many there are in all.
    updates: int
    #: How many of them, at the beginning, do not count.
    skipped: int
    #: Makes the data at a path, and returns the path.
    make_data: Callable[[Path], Path]

    @property
    def words(self) -> str:
        """The sizes, for a title."""
        names = ("dim", "dim_word", "batch_size", "n_words")
        return ", ".join(f"{name} {self.settings[name]}" for name in names if name in self.settings)


@dataclass(frozen=True)
class Speed:
    """How long updates have taken, in seconds."""

    #: How many there were in all.
    updates: int
    #: Of how many the figures are; those in which JAX compiled are not among them.
    counted: int
    #: The trainer's own figure: the fastest update.
    minimum: float
    #: The trainer's own figure: the middle update.
    median: float
    #: From one report to the next, in the mean: with reading data and all else.
    with_data: float
    first_cost: float
    #: How many shapes JAX has compiled.
    shapes: int
    #: How long it was busy with that, the first run of each included.
    compiling: float
    #: The most bytes of a GPU's memory in use; 0 where nobody has counted.
    memory: int
    #: On a training that has not come to its end.
    remark: str = ""


class TrainingFailedError(Exception):
    """A runtime that is installed could not train."""


def _skip_thoughts() -> Training:
    words, batch_size = (20000, 64) if GPU else (5000, 64)
    sizes = {"dim": 2400, "dim_word": 620} if GPU else {"dim": 256, "dim_word": 128}
    sweeps = machine.number("SWEEPS", 8 if GPU else 2)
    sweep = len(corpora.LENGTHS)
    settings = {**sizes, "batch_size": batch_size, "n_words": words, "saveFreq": 10**9, "max_epochs": 10**6}
    return Training(
        "skip-thoughts",
        settings,
        sweeps * sweep,
        sweep,
        # more words than the model has, as in real text
        lambda path: corpora.skip_thoughts(path, words * 6 // 5, batch_size, sweeps),
    )


def _order_embeddings() -> Training:
    sizes = {"dim": 1024, "dim_word": 300} if GPU else {"dim": 512, "dim_word": 300}
    settings = {**sizes, "batch_size": 128, "validFreq": 10**9, "dispFreq": 1, "max_epochs": 10**6}
    updates = machine.number("UPDATES", 200 if GPU else 40)
    return Training(
        "order-embeddings", settings, updates, 10, lambda path: corpora.order_embeddings(path, 128 * 20 + 1, 10000)
    )


TRAININGS = (_skip_thoughts(), _order_embeddings())


def list_runtimes(target: str) -> list[TrainingRuntime]:
    """Return all runtimes and backends for a target, the slowest first, and the plain cell on the fastest."""
    return [
        _probe_runtime(target, THEANO, RuntimeOptions("theano")),
        _probe_runtime(target, "PyTensor, C backend", RuntimeOptions("pytensor", backend="c")),
        _probe_runtime(target, JAX, _JAX_OPTIONS),
        _probe_runtime(target, PLAIN, _JAX_OPTIONS, "--cell", "gru"),
    ]


def _probe_runtime(target: str, name: str, options: RuntimeOptions, *more: str) -> TrainingRuntime:
    backend = ("--backend", options.backend) if options.runtime == "pytensor" else ()
    arguments = ("--runtime", options.runtime, "--device", options.device, *backend, *more)
    if GPU and options.device != "gpu":
        return TrainingRuntime(name, arguments, "it has no code for the cards of today")
    try:
        recipe = find_recipe(target)
        environment = choose_runtime(options, recipe, "train").find_environment(recipe, "train")
    except LnpatchError as error:
        return TrainingRuntime(name, arguments, error.message)
    missing = "" if environment else f"its environment is not there: lnpatch setup {target} {' '.join(arguments)}"
    return TrainingRuntime(name, arguments, missing)


def run_training(training: Training, runtime: TrainingRuntime, checkout: Path, data: Path, folder: Path) -> Speed:
    """Train, and return how long the updates have taken.

    Raises:
        TrainingFailedError: the training has failed; with the last lines of its output.
    """
    run = folder / f"run-{runtime.name}".replace(" ", "-").replace(",", "")
    command = [sys.executable, "-m", "lnpatch", "train", training.target, "--dir", str(checkout), "--data", str(data)]
    command += [*runtime.arguments, "--output", str(run), "--max-updates", str(training.updates), "--seed", "2016"]
    command += [word for name, value in training.settings.items() for word in ("--set", f"{name}={value}")]
    limit = machine.number("SECONDS", 900)
    with machine.one_core():
        process = subprocess.Popen(
            [*command, "--format", "json"], env=machine.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    remark = ""
    try:
        output, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # lnpatch has the trainer end its update
        output, errors = process.communicate()
        remark = f"stopped after {limit} s"
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait()
    if process.returncode and not remark:
        last = (output + errors).decode(errors="replace").splitlines()[-20:]
        raise TrainingFailedError("\n".join([f"{runtime.name} has failed:", *last]))
    return read_speed(run, training.skipped, remark)


def read_speed(run: Path, skipped: int, remark: str = "") -> Speed:
    """Return the figures of a run's folder, without its first *skipped* updates and those in which JAX compiled."""
    records = [json.loads(line) for line in (run / UPDATES).read_text().splitlines()]
    updates: list[dict[str, Any]] = [record for record in records if "cost" in record]
    compilations = read_compilations((run / LOG).read_text(errors="replace"))
    counted = [u for u in updates[skipped:] if u["update"] not in compilations.updates]
    # an epoch's end has other things to do
    steps = [b["elapsed"] - a["elapsed"] for a, b in pairwise(updates) if b in counted and a["epoch"] == b["epoch"]]
    seconds = [update["seconds"] for update in counted] or [float("nan")]
    return Speed(
        len(updates),
        len(counted),
        min(seconds),
        statistics.median(seconds),
        statistics.mean(steps or [float("nan")]),
        updates[0]["cost"] if updates else float("nan"),
        compilations.shapes,
        compilations.seconds,
        compilations.memory,
        remark,
    )


@dataclass(frozen=True)
class Compilations:
    """What the JAX backend has reported in a run's log."""

    #: The numbers of the updates in which it compiled.
    updates: frozenset[int]
    #: How many shapes, of all functions.
    shapes: int
    #: How long that took in all.
    seconds: float
    #: The most bytes of a GPU's memory in use.
    memory: int


def read_compilations(log: str) -> Compilations:
    """Return what a log says of them; an update's own line comes after what was compiled in it."""
    parser = OutputParser()
    updates: set[int] = set()
    seconds: list[float] = []
    memory, compiled = 0, False
    for event in (event for line in log.splitlines() for event in parser.parse(line)):
        if isinstance(event, ShapeCompiled):
            seconds.append(event.seconds)
            compiled = True
        elif isinstance(event, PeakMemory):
            memory = max(memory, event.bytes)
        elif isinstance(event, Update):
            if compiled:
                updates.add(event.update)
            compiled = False
    return Compilations(frozenset(updates), len(seconds), sum(seconds), memory)
