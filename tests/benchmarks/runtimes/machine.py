"""What the contestants are timed on: the device, one core of the machine, and the words that say so under a table."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lnpatch.runtimes.launch import huge_pages

#: ``cpu`` or ``gpu``.
DEVICE = os.environ.get("LNPATCH_BENCH_DEVICE", "cpu")

#: Of all that may start threads; one core is what the others have no choice but to share.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


def number(name: str, default: int) -> int:
    """Return the number in LNPATCH_BENCH_*name*, or the default."""
    return int(os.environ.get(f"LNPATCH_BENCH_{name}", default))


def environment() -> dict[str, str]:
    """Return the environment of every contestant."""
    return {**os.environ, **huge_pages(), **({} if DEVICE == "gpu" else ONE_THREAD)}


@contextmanager
def one_core() -> Iterator[None]:
    """Give processes that are started inside one core, where the system can do that and the CPU is what is timed."""
    if DEVICE == "gpu" or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def words(load_before: float) -> str:
    """Name the processor or the card, and the load of the machine from before the measurement to after it."""
    load = f"load average {load_before:.1f} before and {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores"
    return f"{_card() if DEVICE == 'gpu' else f'{_processor()}, one core, one thread'}; {load}"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), platform.processor() or platform.machine())


def _card() -> str:
    try:
        run = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "an unknown card"
    return run.stdout.strip()
