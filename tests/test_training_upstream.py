"""The three real repositories, trained as a user would: minutes each, most of which the runtimes spend compiling.

    LNPATCH_UPSTREAM=... pytest -m training

LNPATCH_TEST_CACHE names a folder to keep environments and compiled code in from one time to the next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy
import pytest

from lnpatch.folders import templates
from lnpatch.recipes import find_recipe
from lnpatch.runtimes.find_python2 import find_python2
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.training.patched import open_patched
from lnpatch.training.prepare import prepare_training
from lnpatch.training.request import TrainOptions
from tests.conftest import FIXTURES, Output, git

Run = Callable[..., Output]
Clone = Callable[[str], Path]

pytestmark = pytest.mark.training


@dataclass(frozen=True)
class TrainingRuntime:
    """A runtime, as the command line names it."""

    runtime: str
    backend: str = "auto"

    @property
    def arguments(self) -> list[str]:
        return ["--runtime", self.runtime, *(["--backend", self.backend] if self.backend != "auto" else [])]

    def __str__(self) -> str:
        return self.runtime if self.backend == "auto" else f"{self.runtime}-{self.backend}"


RUNTIMES = [TrainingRuntime("theano"), TrainingRuntime("pytensor", "c"), TrainingRuntime("pytensor", "jax")]
TARGETS = [
    ("order-embeddings", "lngru", "gru"),
    ("order-embeddings", "lnlstm", "lstm"),
    ("skip-thoughts", "lngru", "gru"),
    ("skip-thoughts", "lnlstm", "lstm"),
    ("attentive-reader", "lnlstm", "lstm"),
    ("attentive-reader", "lngru", "lstm"),
]


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = os.environ.get("LNPATCH_TEST_CACHE") or str(tmp_path_factory.getbasetemp() / "cache")
    monkeypatch.setenv("LNPATCH_CACHE", folder)


@pytest.fixture(params=RUNTIMES, ids=str)
def runtime(request: pytest.FixtureRequest) -> TrainingRuntime:
    chosen: TrainingRuntime = request.param
    if chosen.runtime == "theano" and find_python2() is None:
        pytest.skip("there is no Python 2.7 on this machine")
    return chosen


@pytest.mark.parametrize(("target", "cell", "baseline"), TARGETS)
def test_from_apply_to_curves(
    lnpatch: Run, upstream: Clone, runtime: TrainingRuntime, target: str, cell: str, baseline: str
) -> None:
    applied = lnpatch("apply", target, "--from", upstream(target), "--dir", "there", "--cell", cell)
    assert applied.code == 0, applied.err
    where = ["--dir", "there", *runtime.arguments]
    for name in (baseline, cell):
        done = lnpatch("train", target, *where, "--smoke", "--cell", name, "--output", name, "--format", "json")
        assert done.code == 0, done.err + done.text
        assert done.json["last_cost"] < 0.9 * done.json["first_cost"]
    changed = {line[3:] for line in git(Path("there"), "status", "--short", "--untracked-files=no").splitlines()}
    assert changed == {
        edit.file for edit in find_recipe(target).edits + find_recipe(target).repairs if "data_dir" not in edit.needs()
    }
    jobs = find_recipe(target).jobs
    if "evaluate" in jobs:
        split = ["--split", "dev"] if "split" in jobs["evaluate"].options else []
        figures = lnpatch("evaluate", target, *where, "--model", cell, *split, "--format", "json")
        assert figures.code == 0, figures.err
        reported = [json.loads(line) for line in Path(cell, "updates.jsonl").read_text().splitlines()]
        validations = [entry["validation"] for entry in reported if "validation" in entry]
        for name, value in figures.json["figures"].items():
            assert any(abs(v[name] - value) < 0.06 for v in validations if name in v), (name, value, validations)
    if "encode" in jobs:
        vectors = lnpatch("encode", target, *where, "--model", cell, "--output", "v.npy", "--format", "json")
        assert vectors.code == 0, vectors.err
        found = numpy.load("v.npy")
        assert list(found.shape) == vectors.json["shape"]
        assert numpy.isfinite(found).all()
        assert len({row.tobytes() for row in found}) > 1
        if find_spec("torch"):
            torch = lnpatch("encode", target, "--model", cell, "--output", "t.npy", "--runtime", "torch")
            assert torch.code == 0, torch.err
            assert abs(numpy.load("t.npy") - found).max() < 1e-5
    if "export" in jobs and find_spec("torch"):
        formats = ["--to", "torch", *(["--to", "onnx"] if find_spec("onnxruntime") else [])]
        for name in (baseline, cell):
            to = ["--output", f"exported-{name}", *formats]
            exported = lnpatch("export", target, *where, "--model", name, *to, "--format", "json")
            assert exported.code == 0, exported.err
            assert all(one["difference"] < 1e-5 for one in exported.json["comparisons"])
    compared = lnpatch("curves", baseline, cell, "-o", "curves.png", "-o", "curves.svg", "--format", "json")
    assert compared.code == 0, compared.err
    assert Path("curves.png").stat().st_size > 10_000
    on = lnpatch(
        "train",
        target,
        *where,
        "--smoke",
        "--output",
        cell,
        "--resume",
        "--max-updates",
        str(done.json["updates"] + 3),
        "--format",
        "json",
    )
    assert on.code == 0, on.err + on.text
    assert on.json["last_cost"] < 0.9 * done.json["first_cost"]  # from where it was, not from the start


@pytest.mark.parametrize(("target", "cell", "baseline"), TARGETS[::2])
def test_runtimes_agree_in_cost_and_gradients(
    lnpatch: Run, upstream: Clone, python2: Path, tmp_path: Path, target: str, cell: str, baseline: str
) -> None:
    applied = lnpatch("apply", target, "--from", upstream(target), "--dir", "there", "--cell", cell)
    assert applied.code == 0, applied.err
    found = {}
    for runtime in RUNTIMES:
        options = TrainOptions(
            RuntimeOptions(runtime.runtime, backend=runtime.backend),
            smoke=True,
            output=str(runtime),
            arguments=("--use_dropout", "0") if target == "attentive-reader" else (),
        )
        launch = prepare_training(open_patched(find_recipe(target), Path("there")), options, print).launch
        script = [str(FIXTURES / "record_gradients.py"), str(templates() / "launcher")]
        job = launch.arguments[-1]
        command = [str(launch.python), *script, job, str(tmp_path / "shared.npz"), str(tmp_path / f"{runtime}.npz")]
        run = subprocess.run(
            command, cwd=launch.directory, env=launch.full_environment(), capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr[-2000:]
        found[str(runtime)] = numpy.load(tmp_path / f"{runtime}.npz")
    reference = found["theano"]
    assert len(reference.files) > 10
    for name, results in found.items():
        assert sorted(results.files) == sorted(reference.files)
        for key in reference.files:
            error = abs(results[key] - reference[key]).max() / max(abs(reference[key]).max(), 1e-8)
            sys.stderr.write(f"{target} {name} {key}: {error:.2g}\n")
            assert error < 1e-5, (target, name, key, error)


@pytest.mark.parametrize("target", ["order-embeddings", "skip-thoughts"])
def test_models_move_between_the_runtimes(lnpatch: Run, upstream: Clone, python2: Path, target: str) -> None:
    lnpatch("apply", target, "--from", upstream(target), "--dir", "there")
    vectors = {}
    for trained in RUNTIMES:
        done = lnpatch("train", target, "--dir", "there", *trained.arguments, "--smoke", "--output", str(trained))
        assert done.code == 0, done.err
        for loaded in RUNTIMES:
            name = f"{trained}-{loaded}.npy"
            arguments = ["--dir", "there", *loaded.arguments, "--model", str(trained), "--output", name]
            encoded = lnpatch("encode", target, *arguments)
            assert encoded.code == 0, encoded.err
            vectors[name] = numpy.load(name)
            first = vectors[f"{trained}-{RUNTIMES[0]}.npy"]
            assert abs(vectors[name] - first).max() < 1e-5 * max(1.0, abs(first).max())
