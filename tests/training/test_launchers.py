"""What the launchers check of the data where it is read, before anything is compiled, and how they save."""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy
import pytest

from lnpatch.folders import templates


@pytest.fixture
def launchers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The launchers' folder is on the path, and none of them is left behind."""
    monkeypatch.syspath_prepend(str(templates() / "launcher"))
    yield
    for name in [name for name in sys.modules if name == "launch" or name.startswith("launch_")]:
        del sys.modules[name]


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def reader_data(**changes: Any) -> SimpleNamespace:
    """What attentive-reader's iterator has read."""
    facts: dict[str, Any] = {
        "dvals": [[1, 2, 0], [3, 0]],
        "qvals": [[1, 0], [2, 0]],
        "avals": [[1], [3]],
        "batch_size": 2,
        "vsize": 3,
        "desc_file": "pass.pkl",
        "q_file": "qs.pkl",
        "ans_file": "ans.pkl",
    }
    return SimpleNamespace(**(facts | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({}, "", id="right"),
        pytest.param({"qvals": [[1, 0]]}, "qs.pkl has 1 entries, and pass.pkl 2", id="a question is missing"),
        pytest.param({"avals": [[1], [3, 4]]}, "ans.pkl: entry 1 has 2 word ids", id="two answers"),
        pytest.param({"avals": [[1], []]}, "ans.pkl: entry 1 has 0 word ids", id="no answer"),
        pytest.param({"avals": [1, 3]}, "ans.pkl: expected a list of lists", id="answers not in lists"),
        pytest.param({"dvals": {"a": 1}}, "pass.pkl: expected a list of lists", id="a table"),
        pytest.param({"dvals": [[1, 0], [0]]}, "pass.pkl: entry 1 has 1 word ids", id="an empty story"),
        pytest.param(
            {"dvals": [[1, 0], [4, 0]]}, "entry 1 has the word id 4, and the dictionary goes to 3", id="beyond"
        ),
        pytest.param({"dvals": [[1, 0], [-1, 0]]}, "the word id -1", id="below"),
        pytest.param({"dvals": [[1, 0], ["a", 0]]}, "the word id 'a'", id="a word"),
        pytest.param({"batch_size": 3}, "no batch can be made: 2 stories, and batches of 3", id="no batch"),
    ],
)
def test_data_of_attentive_reader(launchers: None, changes: dict[str, Any], words: str) -> None:
    fault = load("launch_attentive_reader").find_fault(reader_data(**changes))
    assert words in fault
    assert bool(fault) == bool(words)


@pytest.mark.parametrize("bad", [numpy.nan, numpy.inf, -numpy.inf])
def test_features_that_are_not_finite(launchers: None, tmp_path: Path, bad: float) -> None:
    check = load("launch_order_embeddings").check_features
    (tmp_path / "images/10crop").mkdir(parents=True)
    features = numpy.ones((5000, 2), "float32")
    numpy.save(tmp_path / "images/10crop/train.npy", features)
    check(str(tmp_path))
    features[4500, 1] = bad
    numpy.save(tmp_path / "images/10crop/val.npy", features)
    with pytest.raises(SystemExit, match=r"val\.npy: row 4500"):
        check(str(tmp_path))


def test_a_resume_of_attentive_reader_takes_the_last_model(launchers: None) -> None:
    reader = SimpleNamespace(load_params=lambda path, params: (path, params))
    load("launch_attentive_reader").load_last(reader, "run/model.npz")
    assert reader.load_params("run/best_model.npz", 3) == ("run/model.npz", 3)


# Saves


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(launchers: None, tmp_path: Path) -> None:
    updates = load("launch_saves")
    file = tmp_path / "model.npz"
    file.write_bytes(b"before")

    def fill_the_disk() -> None:
        with updates.replace_file(str(file)) as partial:
            partial.write(b"half")
            raise OSError(28, "full")

    with pytest.raises(OSError, match="full"):
        fill_the_disk()
    assert file.read_bytes() == b"before"
    whole = updates.ReplacingFile(str(file))
    pickle.dump({"dim": 3}, whole, 2)
    assert file.read_bytes() == b"before"
    del whole  # a trainer leaves the closing to Python
    assert pickle.loads(file.read_bytes()) == {"dim": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


@pytest.mark.parametrize("killed", ["before the record", "before the model", "not at all"])
def test_wherever_a_save_is_killed_the_record_is_right(launchers: None, tmp_path: Path, killed: str) -> None:
    updates = load("launch_saves")
    model, record = tmp_path / "model.npz", updates.SaveRecord(str(tmp_path / "saved.json"), 10, None)
    for count in (1, 2):
        with updates.replace_file(str(model), record.keep(count)) as file:
            numpy.savez(file, U=numpy.full(3, count))
    partial = tmp_path / "model.npz.tmp"
    with partial.open("wb") as file:
        numpy.savez(file, U=numpy.full(3, 3))
    if killed != "before the record":
        record.keep(3)(str(partial), str(model))
    if killed == "not at all":
        partial.rename(model)
    fits = [entry["update"] for entry in record.read() if updates.is_in_place(entry, str(model))]
    assert fits == ([13] if killed == "not at all" else [12])


#: Writes the tiny data but for the captions, which need NumPy.
TINY = "import launch_skip_thoughts_smoke as smoke; smoke.write_captions = lambda folder: None; smoke.write_all({!r})"


def test_both_pythons_write_the_same_tiny_data(python2: Path, tmp_path: Path) -> None:
    written = []
    for python in (python2, Path(sys.executable)):
        folder = tmp_path / python.name
        folder.mkdir()
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(templates() / "launcher")}
        subprocess.run([python, "-c", TINY.format(str(folder))], env=environment, check=True)
        files = (path for path in folder.rglob("*") if path.is_file())
        written.append({str(path.relative_to(folder)): path.read_bytes() for path in files})
    assert "corpus.txt" in written[0]
    assert len(written[0]) > 10
    assert written[0] == written[1]


def test_a_tiny_corpus_has_words_that_its_tasks_have(launchers: None, tmp_path: Path) -> None:
    smoke = load("launch_skip_thoughts_smoke")
    smoke.write_all(str(tmp_path))
    corpus = set((tmp_path / "corpus.txt").read_text().split())
    for path in (tmp_path / "tasks").glob("*.txt"):
        if path.name.startswith("coco"):
            assert set(path.read_text().split()) <= corpus
    assert len(corpus) < 120
