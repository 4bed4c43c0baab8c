"""The demo, trained with PyTensor, killed again and again: the same as in test_kill.py, with what really trains."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy
import pytest

from tests.conftest import Output
from tests.training.test_kill import kill, last_line, needs_proc, numbers, trainers

pytestmark = [
    pytest.mark.slow,
    needs_proc,
    pytest.mark.skipif(find_spec("pytensor") is None or find_spec("jax") is None, reason="pip install '.[pytensor]'"),
]

#: Seconds that compiling may take.
DEADLINE = 300


def test_the_demo_killed_again_and_again(lnpatch: Callable[..., Output], tmp_path: Path) -> None:
    run, draw = Path("run"), random.Random(2016)
    assert lnpatch("apply", "demo", "--dir", "demo").code == 0
    command = [sys.executable, "-m", "lnpatch", "train", "demo", "--dir", "demo", "--output", "run"]
    settings = ["--runtime", "pytensor", "--seed", "3", "--set", "saveFreq=7", "--set", "max_epochs=10000"]
    for attempt in range(5):
        before = last_line(run)
        options = ["--resume"] if attempt else settings
        process = subprocess.Popen(
            [*command, *options], env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + DEADLINE
        while last_line(run) in (b"", before):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 0.5))
        kill(process, run, trainer=draw.random() < 0.7)
        while trainers(run):
            time.sleep(0.02)
    reported = numbers(run)[-1]
    on = lnpatch("train", "demo", "--dir", "demo", "--resume", "--output", "run", "--max-updates", str(reported + 10))
    assert on.code == 0, on.err
    info = json.loads((run / "run.json").read_text())
    assert numbers(run) == list(range(1, info["updates"] + 1))
    assert info["seed"] == 3
    assert numpy.load("run/model.npz").files
