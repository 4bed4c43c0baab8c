"""What machine this is, for those who read a result: no more than a paper would say of it."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: Seconds that a driver may take to list its cards.
_TIMEOUT = 20


def describe_machine() -> dict[str, str]:
    """Return processor, cores, memory, system and cards, as far as they can be told."""
    return dict(_describe())


def _describe() -> Iterator[tuple[str, str]]:
    if processor := _processor() or platform.processor():
        yield "processor", processor
    yield "cores", str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    with suppress(ValueError, OSError):
        yield "memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    if cards := _cards():
        yield "cards", cards
    yield "system", f"{platform.system()} {platform.machine()}"


def _processor() -> str:
    """Return what Linux calls the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _cards() -> str:
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "; ".join(done.stdout.split("\n")).strip("; ") if done.returncode == 0 else ""
