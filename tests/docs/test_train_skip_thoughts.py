"""The example that trains skip-thoughts in PyTorch: its costs beside those of the repository's own trainer, from the same seed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Output

pytest.importorskip("torch")
import numpy

Run = Callable[..., Output]
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "train_skip_thoughts.py"

#: The hyperparameters of a smoke run, and how far apart the costs may be, relatively.
SIZES = ("--dim", "32", "--dim-word", "24", "--batch-size", "32")
TOLERANCE = 1e-4

#: The cost of each of the first 50 updates of the repository's trainer on the tiny corpus, with Theano 0.8.2 and the seed 2016:
#: lnpatch train skip-thoughts --smoke --runtime theano --max-updates 50 -o run
COSTS = Path(__file__).with_name("skip_thoughts_costs.json")


def run_example(corpus: Path, dictionary: Path, updates: int) -> list[float]:
    """The costs that the example prints."""
    command = [sys.executable, EXAMPLE, corpus, "--dictionary", dictionary, *SIZES, "--max-updates", updates]
    done = subprocess.run(
        [*map(str, command), "-o", "example.npz"],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [float(line.split()[-1]) for line in done.stdout.splitlines()]


def assert_agree(found: list[float], expected: list[float]) -> None:
    assert len(found) == len(expected)
    differences = [abs(own - theirs) / theirs for own, theirs in zip(found, expected, strict=True)]
    assert max(differences) < TOLERANCE, differences


@pytest.mark.slow
def test_costs_of_the_repositorys_trainer(lnpatch: Run, tmp_path: Path) -> None:
    recorded = json.loads(COSTS.read_text())
    sys.path.insert(0, str(ROOT / "templates" / "launcher"))
    try:
        from launch_skip_thoughts_smoke import write_all

        write_all(str(tmp_path))
    finally:
        del sys.path[0]
    dictionary = tmp_path / "dictionary.pkl"
    dictionary.write_bytes(__import__("pickle").dumps(recorded["dictionary"], 2))
    assert_agree(run_example(tmp_path / "corpus.txt", dictionary, 50), recorded["costs"])
    Path("text.txt").write_text("cats like rivers .\n")
    encoded = lnpatch(
        *(
            "encode",
            "skip-thoughts",
            "--model",
            "example.npz",
            "--text",
            "text.txt",
            "--tokenized",
            "--runtime",
            "torch",
        )
    )
    assert encoded.code == 0, encoded.err
    assert numpy.load("vectors.npy").shape == (1, 32)


@pytest.mark.upstream
def test_costs_of_a_run(lnpatch: Run, upstream: Callable[[str], Path]) -> None:
    assert lnpatch("apply", "skip-thoughts", "--from", upstream("skip-thoughts"), "--dir", "there").code == 0
    done = lnpatch(
        *("train", "skip-thoughts", "--dir", "there", "--smoke", "--runtime", "pytensor", "--backend", "jax"),
        *("--max-updates", "50", "--output", "run"),
    )
    assert done.code == 0, done.err
    reported = [json.loads(line) for line in Path("run/updates.jsonl").read_text().splitlines()]
    costs = [entry["cost"] for entry in reported if "cost" in entry]
    assert_agree(run_example(Path("run/data/corpus.txt"), Path("run/dictionary.pkl"), 50), costs)
