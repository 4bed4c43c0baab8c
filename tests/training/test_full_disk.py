"""A disk that is full while a run goes on, and a trainer whose output has no end: told, and the model is kept."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

from lnpatch.runtimes.launch import Launch
from lnpatch.runtimes.process import LONGEST_LINE, StopProcess, run_launch
from lnpatch.training import train_run
from lnpatch.training.run_folder import RunState, read_run
from lnpatch.training.run_writer import AppendedFile, RunWriter
from tests.conftest import Output
from tests.training.conftest import TOY

Run = Callable[..., Output]

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")


@pytest.mark.cases_by_default(1)
@needs_full
@pytest.mark.parametrize("name", ["updates.jsonl", "log.txt"])
def test_a_full_disk_stops_the_training_and_keeps_the_model(lnpatch: Run, toy: Path, name: str) -> None:
    assert lnpatch("train", TOY, "--output", "run", "--max-updates", "4").code == 0
    kept = Path("run/model.npz").read_bytes()
    Path("run", name).rename("aside")
    Path("run", name).symlink_to("/dev/full")
    failed = lnpatch("train", TOY, "--resume", "--output", "run", "--set", "wait=0.1", "--set", "max_epochs=1000")
    assert failed.code == 1
    assert f"{name} cannot be written (No space left on device)" in failed.err
    assert "the model of update 4 is kept" in failed.err
    assert "Traceback" not in failed.err
    assert Path("run/model.npz").read_bytes() == kept
    assert read_run("run").info.state is RunState.FAILED
    Path("run", name).unlink()
    Path("aside").rename(Path("run", name))
    assert lnpatch("train", TOY, "--resume", "--output", "run", "--max-updates", "6", "--set", "wait=0").code == 0
    assert [update.update for update in read_run("run").updates] == list(range(1, 7))


def test_room_that_comes_back_is_used(lnpatch: Run, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trainer is stopped, and saves; there is room by then, so nothing is missing."""
    append, calls = AppendedFile.append, []

    def append_later(self: AppendedFile, data: bytes) -> None:
        if self.path.name == "updates.jsonl" and data:
            calls.append(data)
            if 3 <= len(calls) <= 4:
                self._pending += data
                raise OSError(28, "No space left on device")
        append(self, data)

    monkeypatch.setattr(AppendedFile, "append", append_later)
    stopped = lnpatch("train", TOY, "--output", "run", "--set", "wait=0.1", "--set", "max_epochs=1000")
    assert stopped.code == 1
    assert "updates.jsonl cannot be written" in stopped.text
    info = json.loads(Path("run/run.json").read_text())
    assert (info["state"], info["model"]) == ("stopped", "model.npz")
    assert [update.update for update in read_run("run").updates] == list(range(1, info["updates"] + 1))
    assert numpy.load("run/model.npz").files


def test_a_run_json_that_cannot_be_written_is_a_failure(
    lnpatch: Run, toy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_nothing(folder: Path, info: object) -> None:
        raise OSError(28, "No space left on device", os.fspath(folder / "run.json"))

    monkeypatch.setattr(train_run, "write_info", write_nothing)
    failed = lnpatch("train", TOY, "--output", "run", "--max-updates", "3")
    assert failed.code == 1
    assert "run.json cannot be written (No space left on device); the model of update 3 is kept" in failed.err


@pytest.mark.parametrize("written", [0, 1, 40])
def test_a_piece_that_does_not_fit_leaves_no_part_of_itself(tmp_path: Path, written: int) -> None:
    file = AppendedFile(tmp_path / "file")
    file.append(b"first\n")

    class Full:
        """A file on a disk with little room."""

        def __init__(self) -> None:
            self.inner, self.room = file._file, written

        def fileno(self) -> int:
            return self.inner.fileno()

        def write(self, data: bytes) -> int:
            if not self.room:
                raise OSError(28, "No space left on device")
            count = self.inner.write(bytes(data[: self.room]))
            self.room -= count
            return count

    whole, file._file = file._file, Full()  # type: ignore[assignment]
    with pytest.raises(OSError, match="No space"):
        file.append(b"second, which is longer than there is room for\n")
    assert (tmp_path / "file").read_bytes() == b"first\n"
    file._file = whole
    file.append(b"third\n")
    assert (tmp_path / "file").read_bytes() == b"first\nsecond, which is longer than there is room for\nthird\n"


def test_the_writer_asks_once_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RunWriter(tmp_path)
    with writer.open_files():
        monkeypatch.setattr(AppendedFile, "append", lambda self, data: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(StopProcess):
            writer.append_log(b"x")
        writer.append_log(b"y")
        assert not writer.sync_updates()
    assert writer.failure == "log.txt cannot be written (full)"


# Output without end


def run_python(code: str, on_line: Callable[[bytes], None]) -> int:
    """Run a line of Python as a trainer is run."""
    return run_launch(Launch(Path(sys.executable), ("-c", code), Path.cwd(), {}), on_line)


def test_a_line_without_end_comes_in_pieces() -> None:
    lengths: list[int] = []
    status = run_python(
        "import sys; [sys.stdout.write('x' * 100000) for _ in range(500)]", lambda line: lengths.append(len(line))
    )
    assert status == 0
    assert sum(lengths) == 50_000_000
    assert max(lengths) <= LONGEST_LINE


def test_a_reader_may_ask_to_stop() -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *of: sys.exit(print('stopped')))\n"
        "print('begun', flush=True)\n"
        "time.sleep(60)"
    )
    lines: list[bytes] = []

    def read(line: bytes) -> None:
        lines.append(line)
        if line == b"begun\n":
            raise StopProcess

    assert run_python(code, read) == 0
    assert lines == [b"begun\n", b"stopped\n"]


#: What a trainer prints that makes no sense.
NONSENSE = [
    pytest.param("'Epoch 0 Update ' + '9' * 5000 + ' Cost 1.0 UD 0.5'", id="5000 digits"),
    pytest.param("'Epoch 0 Update 1 Cost ' + '[' * 10 ** 6", id="brackets"),
    pytest.param("'Valid error: ' + '9' * 10 ** 6", id="a figure without end"),
    pytest.param("'x' * 10 ** 7", id="a line without end"),
    pytest.param("'lnpatch-event ' + '[' * 50000", id="an event that is none"),
    pytest.param(
        '\'lnpatch-event {"event": "compiled", "shapes": 5, "compiled": 1, "bound": 0, "seconds": 1}\'',
        id="an event of others",
    ),
    pytest.param("'lnpatch-event {\"event\": [1]}'", id="an event without a name"),
    pytest.param("'\\x00\\x1b[2J\\udcff'.encode('utf-8', 'surrogateescape').decode('latin-1')", id="noise"),
]


@pytest.mark.cases_by_default(4)
@pytest.mark.parametrize("printed", NONSENSE)
def test_output_that_makes_no_sense(lnpatch: Run, toy: Path, printed: str) -> None:
    trainer = toy / "train.py"
    text = trainer.read_text()
    trainer.write_text(text.replace("    uidx = 0\n", f"    uidx = 0\n    print({printed})\n"))
    done = lnpatch("train", TOY, "--output", "run", "--max-updates", "3")
    assert done.code == 0, done.err
    assert [update.update for update in read_run("run").updates] == [1, 2, 3]


def test_a_failure_after_endless_output_is_a_short_message(lnpatch: Run, toy: Path) -> None:
    trainer = toy / "train.py"
    trainer.write_text(trainer.read_text().replace("    uidx = 0\n", "    raise ValueError('x' * 10 ** 6)\n"))
    failed = lnpatch("train", TOY, "--output", "run")
    assert failed.code == 1
    assert len(failed.err) < 20_000
