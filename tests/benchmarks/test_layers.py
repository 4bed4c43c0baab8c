"""What layer normalization costs, with the Theano that LNPATCH_THEANO_PYTHON names: plain cell, ours, and the formulas read
literally, timed in turn. With ``pytest tests/benchmarks --benchmark-only -s`` the figures are printed."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lnpatch.folders import templates
from tests.benchmarks.test_startup import COMMAND, run

LITERAL = Path(__file__).with_name("lngru_in_scan.py")


@pytest.mark.benchmark(group="one update's forward and gradients, T 30, N 64, float32, one thread")
@pytest.mark.parametrize(("dim", "rounds"), [(128, 30), (512, 8)])
def test_lngru(benchmark: Any, demo: Path, tmp_path: Path, dim: int, rounds: int) -> None:
    """At most what the literal form costs."""
    python = os.environ.get("LNPATCH_THEANO_PYTHON")
    if not python:
        pytest.skip("needs LNPATCH_THEANO_PYTHON, an interpreter with Theano")
    run(*COMMAND, "apply", "demo", "--dir", demo)
    result = tmp_path / "result.json"
    job = {"layers": "layers", "cell": "lngru", "baseline": "gru", "other": str(LITERAL), "dim": dim, "rounds": rounds}
    (tmp_path / "job.json").write_text(json.dumps({**job, "result": str(result)}))
    flags = ",".join(filter(None, [os.environ.get("THEANO_FLAGS"), "floatX=float32"]))
    path = os.fspath(templates() / "layer_checks")
    environment = {**os.environ, "PYTHONPATH": path, "THEANO_FLAGS": flags, "OMP_NUM_THREADS": "1"}
    command = [python, "-u", Path(__file__).with_name("bench_layers.py"), tmp_path / "job.json"]
    # the table has the time of the whole script; what was measured is in extra_info
    benchmark.pedantic(subprocess.run, args=[command], kwargs={"cwd": demo, "env": environment, "check": True})
    figures = {figure["name"]: figure for figure in json.loads(result.read_text())["figures"]}
    benchmark.extra_info.update({name: figure["ratio"] for name, figure in figures.items()})
    assert figures["lngru"]["cost"] == pytest.approx(figures["lngru_in_scan"]["cost"], rel=1e-4)
    assert figures["lngru"]["minimum"] <= 1.05 * figures["lngru_in_scan"]["minimum"]
