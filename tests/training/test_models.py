"""Models that evaluate and encode take or refuse, before anything heavy starts."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

from lnpatch.errors import BadModelError, LnpatchError, ModelMissingError
from lnpatch.recipes.job import Job
from lnpatch.training.models import find_model, require_cells
from lnpatch.training.run_folder import RUN
from tests.conftest import Output
from tests.training.conftest import TOY

Run = Callable[..., Output]

JOB = Job("train:trainer", cell_settings=("encoder",), model="model.npz")


def write_model(path: Path, options: object) -> Path:
    numpy.savez(path, U=numpy.zeros((2, 2), "float32"))
    path.with_name(path.name + ".pkl").write_bytes(pickle.dumps(options, 2))
    return path


def test_an_npz_with_its_options(tmp_path: Path) -> None:
    model = find_model(str(write_model(tmp_path / "m.npz", {"encoder": "lngru", "dim": 3})), JOB)
    assert (model.file.name, model.options["dim"], model.cells(JOB)) == ("m.npz", 3, {"encoder": "lngru"})


def test_without_the_ending_and_with_options_inside(tmp_path: Path) -> None:
    write_model(tmp_path / "m.npz", {})
    (tmp_path / "m.npz.pkl").rename(tmp_path / "m.pkl")
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"options": {"encoder": "gru"}, "worddict": {"a": 2}}, 2))
    assert find_model(str(tmp_path / "m"), JOB).options["encoder"] == "gru"


def test_a_run(lnpatch: Run, toy: Path) -> None:
    lnpatch("train", TOY, "--smoke", "--output", "run")
    model = find_model("run", JOB)
    assert model.run is not None
    assert model.run.cell == "lngru"
    assert model.cells(JOB) == {"encoder": "lngru"}


def test_a_run_that_has_saved_nothing(lnpatch: Run, toy: Path) -> None:
    lnpatch("train", TOY, "--output", "run", "--set", "fail_at=1")
    with pytest.raises(ModelMissingError, match="saved no model"):
        find_model("run", JOB)


def test_a_model_of_another_cell(tmp_path: Path) -> None:
    model = find_model(str(write_model(tmp_path / "m.npz", {"encoder": "lnlstm"})), JOB)
    with pytest.raises(BadModelError, match="lnlstm"):
        require_cells(model, JOB, ("gru", "lngru"), "DIR")
    require_cells(model, JOB, ("gru", "lnlstm"), "DIR")


@pytest.mark.parametrize("keep", [0, 10, 100, -1])
def test_an_npz_that_is_cut_off(tmp_path: Path, keep: int) -> None:
    path = write_model(tmp_path / "m.npz", {})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BadModelError, match="whole"):
        find_model(str(path), JOB)


def test_an_npz_with_a_damaged_member(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    written = io.BytesIO()
    numpy.savez(written, U=numpy.arange(1000.0))
    data = bytearray(written.getvalue())
    data[600] ^= 0xFF
    path.write_bytes(data)
    path.with_name("m.npz.pkl").write_bytes(pickle.dumps({}, 2))
    with pytest.raises(BadModelError, match="damaged"):
        find_model(str(path), JOB)


def test_options_that_are_no_data(tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.npz", {})
    path.with_name("m.npz.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(LnpatchError, match="system"):
        find_model(str(path), JOB)


@pytest.mark.parametrize("name", ["gone.npz", "gone", "."])
def test_nothing_there(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelMissingError):
        find_model(name, JOB)


def test_options_that_are_not_beside_it(tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.npz", {})
    path.with_name("m.npz.pkl").unlink()
    with pytest.raises(ModelMissingError, match=r"m\.npz\.pkl or m\.pkl"):
        find_model(str(path), JOB)


@pytest.mark.parametrize("command", ["evaluate", "encode"])
def test_a_target_without_the_job(lnpatch: Run, toy: Path, command: str) -> None:
    refused = lnpatch(command, TOY, "--model", "run")
    assert refused.code == 2
    assert "train" in refused.err


def test_a_run_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / RUN).write_text("{")
    with pytest.raises(LnpatchError, match=r"run\.json"):
        find_model(str(tmp_path), JOB)
