"""Folders of runs as strangers have them, and damaged ones: read as far as that makes sense, or refused in one message."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lnpatch.errors import NotARunError
from lnpatch.training.run_folder import RunState, read_run
from lnpatch.training.run_lock import find_process_start
from lnpatch.training.update_log import cut_updates
from tests.conftest import Output
from tests.curves.runs import fall, write_run

Cli = Callable[..., Output]


def change_info(run: Path, **values: Any) -> None:
    """Change what ``run.json`` says."""
    file = run / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


DIGITS = "9" * 5000

#: What stands in a run.json, and words of the message.
DAMAGED = [
    pytest.param(b"", ["run.json:1"], id="empty"),
    pytest.param(b"{\n\n}x", ["run.json:3"], id="more after it"),
    pytest.param(b"[" * 100_000, ["run.json"], id="deep"),
    pytest.param(b'{"a":' * 100_000, ["run.json"], id="deep tables"),
    pytest.param(b"\xff\xfe\x00", ["run.json"], id="not UTF-8"),
    pytest.param(b"[]", ["expected a table"], id="a list"),
    pytest.param(b"null", ["expected a table"], id="null"),
    pytest.param(b"{}", ["target is missing"], id="nothing in it"),
    pytest.param(b'{"updates": %s}' % DIGITS.encode(), ["run.json"], id="5000 digits"),
    pytest.param(bytes(range(255, 0, -1)), ["run.json"], id="noise"),
]

#: Keys, values that they cannot have, and words of the message.
WRONG_VALUES = [
    pytest.param("updates", "many", "updates: expected a number", id="updates in words"),
    pytest.param("updates", -1, "updates: expected a number", id="updates below 0"),
    pytest.param("updates", True, "updates: expected a number", id="updates true"),
    pytest.param("updates", 10**400, "updates: expected a number", id="updates huge"),
    pytest.param("updates", 1.5, "updates: expected a number", id="updates in parts"),
    pytest.param("elapsed", float("nan"), "elapsed: expected a finite number", id="NaN"),
    pytest.param("elapsed", float("inf"), "elapsed: expected a finite number", id="Infinity"),
    pytest.param("elapsed", 10**400, "elapsed: expected a finite number", id="elapsed huge"),
    pytest.param("state", "fine", "state: expected one of running, done", id="no state"),
    pytest.param("state", ["done"], "state: expected one of running, done", id="states"),
    pytest.param("settings", [1], "settings: expected a table", id="settings in a list"),
    pytest.param("settings", {"dim": [1]}, "settings: expected a table", id="settings of lists"),
    pytest.param("settings", {"dim": float("nan")}, "settings: expected a table", id="settings of NaN"),
    pytest.param("arguments", "--dim 3", "arguments: expected a list", id="arguments in words"),
    pytest.param("versions", {"numpy": 2}, "versions: expected a table of strings", id="versions in numbers"),
    pytest.param("target", 5, "target: expected a string", id="target in numbers"),
    pytest.param("cell", None, "cell: expected a string", id="no cell"),
    pytest.param("smoke", 1, "smoke: expected true or false", id="smoke in numbers"),
    pytest.param("model", "../../etc/passwd", "model: expected the name of a file", id="model elsewhere"),
    pytest.param("model", "..", "model: expected the name of a file", id="model above"),
    pytest.param("pid", "1; rm", "pid: expected a number", id="pid in words"),
]


def assert_refused(lnpatch: Cli, run: Path, words: list[str]) -> None:
    """A run is refused in one message, by each command that reads it."""
    with pytest.raises(NotARunError):
        read_run(run)
    for command in (["curves", run], ["train", "demo", "--resume", "--output", run]):
        refused = lnpatch(*command)
        assert refused.code == 3
        assert "Traceback" not in refused.err
        assert len(refused.err.splitlines()) <= 3
        for word in words if command[0] == "curves" else ():
            assert word in refused.err


@pytest.mark.parametrize(("data", "words"), DAMAGED)
def test_a_damaged_run_json(lnpatch: Cli, data: bytes, words: list[str]) -> None:
    run = write_run("run", "gru", fall())
    (run / "run.json").write_bytes(data)
    assert_refused(lnpatch, run, words)


@pytest.mark.parametrize(("key", "value", "words"), WRONG_VALUES)
def test_a_run_json_with_wrong_values(lnpatch: Cli, key: str, value: Any, words: str) -> None:
    run = write_run("run", "gru", fall())
    change_info(run, **{key: value})
    assert_refused(lnpatch, run, ["run.json", words])


def test_a_run_json_with_a_mark_and_more_keys_is_read(lnpatch: Cli) -> None:
    run = write_run("run", "gru", fall())
    change_info(run, news={"deep": [1]})
    (run / "run.json").write_bytes(b"\xef\xbb\xbf" + (run / "run.json").read_bytes())
    assert lnpatch("curves", run).code == 0


@pytest.mark.parametrize("name", ["run.json", "updates.jsonl"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(lnpatch: Cli, name: str) -> None:
    run = write_run("run", "gru", fall())
    (run / name).unlink()
    os.mkfifo(run / name)
    refused = lnpatch("curves", run)
    assert refused.code == 3
    assert "Traceback" not in refused.err


UPDATE = '{"epoch": 0, "update": %s, "cost": 1.0, "seconds": 0.5, "elapsed": 1.0}\n'

#: What stands in an updates.jsonl, the updates that are read, and the line that a note names.
LOGS = [
    pytest.param((UPDATE * 3) % (1, 2, 3), [1, 2, 3], 0, id="whole"),
    pytest.param((UPDATE * 2) % (1, 2) + UPDATE[:20], [1, 2], 0, id="the last line cut off"),
    pytest.param((UPDATE * 4) % (1, 2, 2, 3), [1, 2, 3], 3, id="one twice"),
    pytest.param((UPDATE * 4) % (1, 3, 2, 4), [1, 3, 4], 3, id="out of order"),
    pytest.param((UPDATE * 3) % (1, DIGITS, 2), [1, 2], 2, id="5000 digits"),
    pytest.param((UPDATE * 5) % (1, 10**300, -1, "true", 2), [1, 2], 2, id="no such updates"),
    pytest.param(UPDATE % 1 + "x" * 3_000_000 + "\n" + UPDATE % 2, [1, 2], 2, id="an endless line"),
    pytest.param(UPDATE % 1 + "[" * 90_000 + "\n" + UPDATE % 2, [1, 2], 2, id="a deep line"),
    pytest.param(UPDATE % 1 + "\udcff\udc80\udcfe\n" + UPDATE % 2, [1, 2], 2, id="noise"),
    pytest.param(UPDATE % 1 + '{"update": 1, "validation": [1]}\n' + UPDATE % 2, [1, 2], 2, id="figures in a list"),
    pytest.param(UPDATE % 1 + '{"update": 1, "news": 3}\n' + UPDATE % 2, [1, 2], 0, id="something new"),
]


@pytest.mark.parametrize(("text", "updates", "line"), LOGS)
def test_updates_of_all_sorts(lnpatch: Cli, text: str, updates: list[int], line: int) -> None:
    run = write_run("run", "gru", [])
    (run / "updates.jsonl").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert [update.update for update in read_run(run).updates] == updates
    shown = lnpatch("curves", run, "--format", "json")
    assert shown.code == 0, shown.err
    assert shown.json["runs"][0]["cost"]["updates"] == updates
    assert [f"line {line}." in note for note in shown.json["notes"]] == ([True] if line else [])
    cut_updates(run / "updates.jsonl", 2)
    numbers = [json.loads(entry)["update"] for entry in (run / "updates.jsonl").read_text().splitlines()]
    assert numbers == [number for number in updates if number <= 2]


@pytest.mark.parametrize("value", ['"low"', "null", "NaN", "Infinity", "[1]", DIGITS[:400], '{"a": 1}'])
def test_figures_of_all_sorts(lnpatch: Cli, value: str) -> None:
    run = write_run("run", "gru", fall(3), {2: {"error": 0.5}})
    with (run / "updates.jsonl").open("a") as file:
        file.write(f'{{"epoch": {value}, "update": 4, "cost": {value}, "seconds": {value}, "elapsed": {value}}}\n')
        file.write(f'{{"update": 4, "elapsed": {value}, "validation": {{"error": {value}}}}}\n')
    assert len(read_run(run).updates) == 4
    shown = lnpatch("curves", run)
    assert shown.code == 0, shown.err
    assert "Traceback" not in shown.err


def test_names_of_figures_can_be_shown(lnpatch: Cli) -> None:
    run = write_run("run", "gru", fall(3), {2: {"\x1b[31mred\n": 0.5, "n" * 10_000: 0.25}})
    shown = lnpatch("curves", run, "--format", "json")
    assert shown.code == 0, shown.err
    assert sorted(map(len, shown.json["runs"][0]["validation"])) == [9, 103]
    assert "\x1b" not in lnpatch("curves", run).text


#: Logs of a training that are none, or none that can be trusted.
TEXTS = [
    pytest.param(b"Epoch 0 Update %s Cost 1.0 UD 0.5\n" % DIGITS.encode(), id="5000 digits"),
    pytest.param(b"Epoch " + b" " * 1_000_000 + b"\n", id="blanks"),
    pytest.param(b"Epoch 1 " * 500_000, id="one endless line"),
    pytest.param(b"Epoch 0 Update 1 Cost " + b"(" * 1_000_000 + b"\n", id="brackets"),
    pytest.param(b"Text to image (dev set): " + b"1" * 1_000_000 + b"\n", id="a figure without end"),
    pytest.param(bytes(range(1, 256)) * 1000, id="noise"),
]


@pytest.mark.parametrize("data", TEXTS)
def test_logs_that_are_none(lnpatch: Cli, data: bytes) -> None:
    Path("train.log").write_bytes(data)
    refused = lnpatch("curves", "train.log")
    assert refused.code == 1
    assert "no line of a training" in refused.err
    Path("train.log").write_bytes(data + b"\nEpoch 0 Update 1 Cost 2.0 UD 0.5\n")
    assert lnpatch("curves", "train.log", "--format", "json").json["runs"][0]["cost"]["values"] == [2.0]


# Whether a run that says that it runs does so


HERE = socket.gethostname()


def test_a_run_whose_process_is_gone_is_killed(lnpatch: Cli) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    run = write_run("run", "gru", fall(), state="running", pid=int(gone.stdout), host=HERE, process_start="1@x")
    shown = lnpatch("curves", run, "--format", "json").json
    assert shown["runs"][0]["state"] == "killed"
    assert any("was killed" in note for note in shown["notes"])


@pytest.mark.parametrize(
    ("start", "state"),
    [
        pytest.param(find_process_start(os.getpid()), RunState.RUNNING, id="the same process"),
        pytest.param("another time", RunState.KILLED, id="a later one with its number"),
        pytest.param("", RunState.RUNNING, id="nobody knows"),
    ],
)
def test_a_number_of_a_process_that_is_used_again(tmp_path: Path, start: str, state: RunState) -> None:
    run = write_run(tmp_path / "run", "gru", fall(), state="running", pid=os.getpid(), host=HERE, process_start=start)
    assert read_run(run).info.state is state


@pytest.mark.parametrize(
    ("pid", "age", "state"),
    [
        (3, 5, RunState.RUNNING),
        (3, 3000, RunState.UNKNOWN),
        (None, 5, RunState.RUNNING),
        (None, 3000, RunState.UNKNOWN),
    ],
)
def test_a_run_on_another_machine_is_known_by_its_age(
    lnpatch: Cli, tmp_path: Path, pid: int | None, age: float, state: RunState
) -> None:
    run = write_run(tmp_path / "run", "gru", fall(), state="running", pid=pid, host="elsewhere" if pid else "")
    for file in run.iterdir():
        os.utime(file, (time.time() - age,) * 2)
    info = read_run(run).info
    assert info.state is state
    assert ("not been heard of for 50 minutes" in info.reason) == (state is RunState.UNKNOWN)
    assert ("elsewhere" in info.reason) == (state is RunState.UNKNOWN and pid is not None)
