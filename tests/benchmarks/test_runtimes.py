"""The runtimes side by side: one LN-GRU update, and whole training updates of two repositories.

    pytest tests/benchmarks/test_runtimes.py --benchmark-only

prints a table for each. On the CPU each of them has one core and one thread. What is not installed is left out, and the table
says why. Environment:

    LNPATCH_BENCH_DEVICE           cpu (the default) or gpu, where the sizes are the paper's
    LNPATCH_BENCH_PYTHON           a Python with PyTorch, and JAX, for the cells written by hand
    LNPATCH_THEANO_PYTHON          a Python 2.7 with Theano, for the cell
    LNPATCH_UPSTREAM               clones of the repositories, for the training
    LNPATCH_BENCH_DIM, _STEPS, _SAMPLES, _ROUNDS, _CALLS     the cell: sizes, rounds, updates in each turn of a contestant
    LNPATCH_BENCH_SWEEPS           skip-thoughts: how often all sentence lengths are trained on; the first does not count
    LNPATCH_BENCH_SHORTEST         skip-thoughts: the shortest of them; the longest is 29
    LNPATCH_BENCH_UPDATES          order-embeddings: updates, of which the first ten do not count
    LNPATCH_BENCH_SECONDS          a training that is not done by then is stopped, and what it has done is what counts
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy
import pytest

from tests.benchmarks.runtimes import contest, contestants, machine, trainings
from tests.benchmarks.runtimes.contest import Figures
from tests.benchmarks.runtimes.tables import milliseconds, table
from tests.benchmarks.test_startup import COMMAND, run

Show = Callable[[str, str], None]

GPU = machine.DEVICE == "gpu"
DIM, STEPS, SAMPLES = (
    machine.number("DIM", 2400 if GPU else 512),
    machine.number("STEPS", 30),
    machine.number("SAMPLES", 64),
)

#: How far two contestants may be apart, relative to the largest gradient; on cards, products are made in TF32.
TOLERANCE = 2e-2 if GPU else 1e-4


@pytest.mark.benchmark(group="the whole contest, all contestants")
def test_lngru_update(benchmark: Any, demo: Path, tmp_path: Path, show: Show) -> None:
    """Forward and the gradients of all parameters and of the input, float32; all have the same parameters and batch."""
    run(*COMMAND, "apply", "demo", "--dir", demo)
    numpy.savez(tmp_path / "case.npz", allow_pickle=False, **lngru_case(DIM, STEPS, SAMPLES))
    field = contestants.list_contestants(demo)
    if all(each.missing for each in field if each.name not in contestants.PRODUCTS):
        pytest.skip("; ".join(f"{each.name}: {each.missing}" for each in field if each.missing))
    before = os.getloadavg()[0]
    rounds, calls = machine.number("ROUNDS", 20 if GPU else 7), machine.number("CALLS", 10 if GPU else 2)
    arguments = (field, tmp_path / "case.npz", tmp_path, rounds, calls)
    figures, failures = benchmark.pedantic(contest.hold_contest, args=arguments)
    benchmark.extra_info.update({name: summary(each) for name, each in figures.items()})
    title = f"LN-GRU update, dim {DIM}, T {STEPS}, N {SAMPLES}, float32: {rounds} rounds of {calls}"
    left_out = [f"{each.name} is left out: {each.missing}" for each in field if each.missing]
    show(title, lngru_table(figures, [machine.words(before), *left_out]))
    assert not failures, "\n".join(failures)
    assert_agree({name: each for name, each in figures.items() if each.cost is not None})


@pytest.mark.benchmark(group="whole trainings, all runtimes")
@pytest.mark.parametrize("training", trainings.TRAININGS, ids=lambda training: training.target)
def test_training(
    benchmark: Any, training: trainings.Training, upstream: Callable[[str], Path], tmp_path: Path, show: Show
) -> None:
    """Updates of the real repository by its own trainer, one runtime after the other."""
    runtimes = trainings.list_runtimes(training.target)
    if all(runtime.missing for runtime in runtimes):
        pytest.skip("; ".join(f"{runtime.name}: {runtime.missing}" for runtime in runtimes))
    checkout = tmp_path / "checkout"
    run(*COMMAND, "apply", training.target, "--from", upstream(training.target), "--dir", checkout)
    data = training.make_data(tmp_path / "data")
    before = os.getloadavg()[0]
    speeds: dict[str, trainings.Speed] = {}
    failures: list[str] = []

    def train_all() -> None:
        for runtime in runtimes:
            if not runtime.missing:
                try:
                    speeds[runtime.name] = trainings.run_training(training, runtime, checkout, data, tmp_path)
                except trainings.TrainingFailedError as error:
                    failures.append(str(error))

    benchmark.pedantic(train_all)
    benchmark.extra_info.update({name: asdict(speed) for name, speed in speeds.items()})
    left_out = [f"{runtime.name} is left out: {runtime.missing}" for runtime in runtimes if runtime.missing]
    remarks = [machine.words(before), *left_out, *aims(training, speeds)]
    show(f"{training.target}: {training.words}", training_table(speeds, remarks))
    assert not failures, "\n".join(failures)
    for name, speed in speeds.items():
        assert speed.counted >= 5, f"{name}: {speed.updates} updates, of which {speed.counted} count"
        # all have begun from parameters that say nothing yet: their costs are near each other
        assert speed.first_cost == pytest.approx(next(iter(speeds.values())).first_cost, rel=0.25), name


def lngru_case(dim: int, steps: int, samples: int) -> dict[str, numpy.ndarray[Any, Any]]:
    """Parameters, a batch of sentences of all lengths, and the weights whose product with the states is the cost."""
    rng = numpy.random.default_rng(0)

    def normal(*shape: int, scale: float = 1.0, mean: float = 0.0) -> numpy.ndarray[Any, Any]:
        return rng.normal(mean, scale, shape).astype("float32")

    case = {name: normal(dim, 2 * dim, scale=dim**-0.5) for name in ("W", "U")}
    case |= {name: normal(dim, dim, scale=dim**-0.5) for name in ("Wx", "Ux")}
    for kind, names in (("", ("b", "bx")), ("bias", ("b1", "b2", "b3", "b4")), ("gain", ("s1", "s2", "s3", "s4"))):
        for name in names:
            size = 2 * dim if name in ("b", "b1", "b3", "s1", "s3") else dim
            case[name] = normal(size, scale=0.1, mean=1.0 if kind == "gain" else 0.0)
    lengths = rng.integers(1, steps + 1, samples)
    mask = (numpy.arange(steps)[:, None] < lengths).astype("float32")
    return {**case, "x": normal(steps, samples, dim), "mask": mask, "weight": normal(steps, samples, dim)}


def summary(figures: Figures) -> dict[str, Any]:
    """Return what goes into pytest-benchmark's JSON."""
    return {
        "contestant": figures.contestant,
        "minimum": figures.minimum,
        "median": figures.median,
        "cpu_minimum": figures.cpu_minimum,
        "cpu_median": figures.cpu_median,
        "compile": figures.compile,
    }


def lngru_table(figures: Mapping[str, Figures], remarks: list[str]) -> str:
    """Return a row for each contestant, the aims of the project last; "first s" is all until the first update is done."""
    floor = min((each.best for name, each in figures.items() if name in contestants.PRODUCTS), default=float("nan"))
    header = ("ms an update", "minimum", "median", "CPU minimum", "CPU median", "x products", "first s")
    rows = [
        (
            each.contestant,
            *map(milliseconds, (each.minimum, each.median, each.cpu_minimum, each.cpu_median)),
            f"{each.best / floor:.2f}",
            f"{each.compile:.1f}",
        )
        for each in figures.values()
    ]
    ours = [figures[name].best for name in (contestants.C, contestants.JAX) if name in figures]
    if ours and floor > 0 and not GPU:
        remarks.append(f"aim: at most 1.5 x the products; the faster of our backends has {min(ours) / floor:.2f}")
        if torch := figures.get(contestants.TORCH_BY_HAND):
            remarks.append(
                f"aim: at most PyTorch eager's time; the faster of ours takes {min(ours) / torch.best:.2f} of it"
            )
    return table(header, rows, remarks)


def training_table(speeds: Mapping[str, trainings.Speed], remarks: list[str]) -> str:
    """Return a row for each runtime."""
    theano = speeds.get(trainings.THEANO)
    header = (
        *("ms an update", "minimum", "median", "with data", "updates/s", "x Theano", "counted"),
        *("shapes compiled", "in s", "GPU GB"),
    )
    rows = [
        (
            name,
            *map(milliseconds, (speed.minimum, speed.median, speed.with_data)),
            f"{1 / speed.with_data:.3g}",
            f"{theano.median / speed.median:.2f}" if theano and name != trainings.PLAIN else "-",
            f"{speed.counted} of {speed.updates}",
            str(speed.shapes or "-"),
            f"{speed.compiling:.0f}" if speed.shapes else "-",
            f"{speed.memory / 1e9:.2f}" if speed.memory else "-",
        )
        for name, speed in speeds.items()
    ]
    remarks += [f"{name}: {speed.remark}" for name, speed in speeds.items() if speed.remark]
    return table(header, rows, remarks)


def aims(training: trainings.Training, speeds: Mapping[str, trainings.Speed]) -> list[str]:
    """Return the aims of the project, each with what was measured."""
    theano, jax, plain = (speeds.get(name) for name in (trainings.THEANO, trainings.JAX, trainings.PLAIN))
    ours = [speed for name, speed in speeds.items() if name not in (trainings.THEANO, trainings.PLAIN)]
    remarks = []
    if jax and plain:
        cost = jax.median / plain.median
        remarks.append(f"aim: an update with layer normalization takes at most 1.1 x a plain one; here {cost:.2f} x")
    if ours and theano:
        ratio = theano.median / min(speed.median for speed in ours)
        remarks.append(f"aim: at least 3 x as fast as Theano on Python 2.7; the faster of ours is {ratio:.2f} x")
    if jax and GPU and training.target == "skip-thoughts":
        hours = 1.7e6 * jax.with_data / 3600
        remarks.append(f"aim: 1.7 million updates, the paper's, in 6 h; here they take {hours:.1f} h")
    return remarks


def assert_agree(figures: Mapping[str, Figures]) -> None:
    """All contestants have computed the same."""
    (reference, first), *others = figures.items()
    for name, each in others:
        assert each.cost == pytest.approx(first.cost, rel=TOLERANCE), (reference, name)
        assert each.gradients.keys() == first.gradients.keys()
        for parameter, gradient in each.gradients.items():
            error = abs(gradient - first.gradients[parameter]).max() / abs(first.gradients[parameter]).max()
            assert error < TOLERANCE, (reference, name, parameter, error)
