"""What the launcher lets the repository's own code load, in both Pythons: plain data, and nothing else that a pickle names."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from lnpatch.folders import templates

HOSTILE = b"cos\nsystem\n(S'touch ran'\ntR."

#: A module of a repository, and what starts it as the launcher does.
REPOSITORY = """
import cPickle as pkl
def load(path):
    with open(path, 'rb') as f:
        return pkl.load(f)
"""
START = """
import sys
sys.path[:0] = [%(launcher)r, %(folder)r]
import launch_checks
launch_checks.guard_loading([%(folder)r])
import repository
print(repository.load(sys.argv[1]))
"""


def run_guarded(python: Path | str, tmp_path: Path, data: bytes) -> subprocess.CompletedProcess[str]:
    (tmp_path / "repository.py").write_text(REPOSITORY)
    (tmp_path / "data.pkl").write_bytes(data)
    code = START % {"launcher": str(templates() / "launcher"), "folder": str(tmp_path)}
    command = [python, "-c", code, "data.pkl"]
    return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)


HOSTILE_PICKLES = {
    "system": HOSTILE,
    "eval": b"c__builtin__\neval\n(S\"open('ran', 'w')\"\ntR.",
    "instance": b"(S'touch ran'\nios\nsystem\n.",
    "codec": b"c_codecs\nencode\n(V1\nS'zlib'\ntR.",
    # in decimals and in binary a memo's key is not the same to Python 2
    "memo": b"c__builtin__\neval\np1\n0c__builtin__\nset\nq\x010g1\n(S\"open('ran', 'w')\"\ntR.",
}


@pytest.mark.parametrize("data", HOSTILE_PICKLES.values(), ids=HOSTILE_PICKLES)
def test_python_2_runs_nothing_that_a_pickle_names(python2: Path, tmp_path: Path, data: bytes) -> None:
    run = run_guarded(python2, tmp_path, data)
    assert run.returncode == 1
    assert "nothing of it was run" in run.stderr
    assert not (tmp_path / "ran").exists()


def test_python_2_loads_plain_data(python2: Path, tmp_path: Path) -> None:
    run = run_guarded(python2, tmp_path, pickle.dumps({"a": [1, 2.5, (None, True)], "b": b"bytes"}, 2))
    assert run.returncode == 0, run.stderr
    assert "2.5" in run.stdout


@pytest.mark.parametrize("data", HOSTILE_PICKLES.values(), ids=HOSTILE_PICKLES)
def test_a_ported_checkout_runs_nothing_that_a_pickle_names(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "data.pkl").write_bytes(data)
    code = "import lnpatch_py2; print(lnpatch_py2.load_pickle(open('data.pkl', 'rb')))"
    variables = {**os.environ, "PYTHONPATH": str(templates() / "pytensor")}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=variables, check=False)
    assert run.returncode == 1
    assert "UnpicklingError" in run.stderr
    assert not (tmp_path / "ran").exists()


def test_no_array_of_objects_is_loaded(tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> object:
            return os.system, ("touch ran",)

    numpy.savez(tmp_path / "data.npz", W=numpy.array([Runs()], dtype=object))
    code = (
        f"import sys; sys.path.insert(0, {str(templates() / 'launcher')!r})\nimport launch_checks, numpy\n"
        "launch_checks.guard_loading([])\nprint(numpy.load('data.npz', None, True)['W'])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert run.returncode == 1
    assert "allow_pickle=False" in run.stderr
    assert not (tmp_path / "ran").exists()
