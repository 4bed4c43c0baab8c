"""Downloads that were cut off or stopped: resumed where it is safe, begun anew where it is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lnpatch.downloads import transfer
from tests.downloads.server import (
    MODEL,
    OPTIONS,
    OTHER,
    Cli,
    Served,
    Server,
    names,
)


@pytest.mark.parametrize(
    ("file", "condition"),
    [
        (Served(MODEL, cut=[70_000, 100_000]), '"one"'),
        (
            Served(MODEL, etag="", modified="Thu, 21 Jul 2016 00:00:00 GMT", cut=[70_000]),
            "Thu, 21 Jul 2016 00:00:00 GMT",
        ),
        (
            Served(MODEL, etag='W/"x"', modified="Thu, 21 Jul 2016 00:00:00 GMT", cut=[20_000]),
            "Thu, 21 Jul 2016 00:00:00 GMT",
        ),
    ],
    ids=["etag", "date", "weak-etag"],
)
def test_cut_off_and_resumed(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, file: Served, condition: str
) -> None:
    server.files["/~r/model.npz"] = file
    sent = list(file.cut)
    out = lnpatch("download", recipe, "model")
    assert out.code == 0, out.err
    assert (dest / "model.npz").read_bytes() == MODEL
    # each answer begins with the last bytes that were here
    offsets = [sum(sent[: i + 1]) - (i + 1) * transfer.OVERLAP for i in range(len(sent))]
    assert [(r.range, r.if_range) for r in server.requests[1:]] == [(f"bytes={n}-", condition) for n in offsets]
    assert names(dest) == ["model.npz"]
    assert "trying again" in out.err


def test_cut_off_too_often_and_resumed_the_next_time(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    file = server.files["/~r/model.npz"]
    file.cut = [50_000, *[0] * 20]
    out = lnpatch("download", recipe, "model")
    assert out.code == 5
    assert f"cut off after 50000 of {len(MODEL)} bytes" in out.err
    assert "the same command resumes it" in out.err
    assert names(dest) == ["model.npz.part", "model.npz.part.json"]
    assert len(server.requests) == transfer.ATTEMPTS
    file.cut.clear()
    assert lnpatch("download", recipe, "model").code == 0
    assert server.requests[-1].range == f"bytes={50_000 - transfer.OVERLAP}-"
    assert (dest / "model.npz").read_bytes() == MODEL
    assert names(dest) == ["model.npz"]


@pytest.mark.parametrize(
    "file",
    [
        Served(OTHER, etag='"two"'),
        Served(OTHER, etag='"two"', looks_at_if_range=False),
        Served(OTHER, ranges=False),
        Served(OTHER, looks_at_if_range=False),
        Served(OPTIONS * 9, etag='"two"', looks_at_if_range=False),
        Served(OTHER, etag="", says_length=False),
    ],
    ids=["changed", "changed-if-range-ignored", "ranges-ignored", "changed-unnoticed", "shorter", "no-length"],
)
def test_what_cannot_be_resumed_begins_anew(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, file: Served
) -> None:
    server.files["/~r/model.npz"].cut = [50_000, *[0] * 20]
    assert lnpatch("download", recipe, "model").code == 5
    server.files["/~r/model.npz"] = file
    if file.body.startswith(b"PK"):
        assert lnpatch("download", recipe, "model").code == 0
        assert (dest / "model.npz").read_bytes() == file.body
        assert names(dest) == ["model.npz"]
    else:
        assert lnpatch("download", recipe, "model").code == 1
        assert (dest / "model.npz.rejected").read_bytes() == file.body


def test_without_a_validator_a_file_is_not_resumed(lnpatch: Cli, recipe: Path, server: Server) -> None:
    server.files["/~r/model.npz"] = Served(MODEL, etag="", cut=[50_000])
    assert lnpatch("download", recipe, "model").code == 0
    assert [request.range for request in server.requests] == ["", ""]


def test_a_partial_file_from_elsewhere_is_not_resumed(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    server.files["/~r/model.npz"].cut = [50_000, *[0] * 20]
    server.files["/mirror/model.npz"] = Served(OTHER)
    assert lnpatch("download", recipe, "model").code == 5
    assert lnpatch("download", recipe, "model", "--mirror", f"{server.address}/mirror").code == 0
    assert (dest / "model.npz").read_bytes() == OTHER
    assert server.requests[-1] == ("/mirror/model.npz", "", "")


def test_whole_but_not_yet_named(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    server.files["/~r/model.npz"].cut = [50_000, *[0] * 20]
    lnpatch("download", recipe, "model")
    (dest / "model.npz.part").write_bytes(MODEL)  # killed right before the file got its name
    server.files["/~r/model.npz"].cut.clear()
    assert lnpatch("download", recipe, "model").code == 0
    assert (dest / "model.npz").read_bytes() == MODEL


@pytest.mark.cases_by_default(1)
@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_stopped(recipe: Path, server: Server, dest: Path, tmp_path: Path, lnpatch: Cli, how: str) -> None:
    server.files["/~r/model.npz"].stall = 30
    command = [sys.executable, "-m", "lnpatch", "download", str(recipe), "model"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    part = dest / "model.npz.part"
    deadline = time.monotonic() + 30
    while (not part.exists() or not part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(getattr(signal, how))
    _, err = process.communicate(timeout=30)
    if how != "SIGKILL":
        assert process.returncode == 1
        assert "the same command resumes it" in err
        assert "Traceback" not in err
    assert names(dest) == ["model.npz.part", "model.npz.part.json"]
    server.files["/~r/model.npz"].stall = 0
    assert lnpatch("download", recipe, "model").code == 0
    assert server.requests[-1].range.startswith("bytes=")
    assert (dest / "model.npz").read_bytes() == MODEL


class TwoFaced(Served):
    """A file whose parts are of another one."""

    server: Server
    part: bytes

    @property
    def body(self) -> bytes:
        return self.part if self.server.requests[-1].range else MODEL

    @body.setter
    def body(self, value: bytes) -> None:
        pass


@pytest.mark.parametrize(
    ("part", "code", "words", "left"),
    [
        (OTHER, 5, "the file has changed on the server", ["model.npz.part", "model.npz.part.json"]),
        (MODEL[:50_000] + OTHER[50_000:], 1, "is a damaged archive", ["model.npz.rejected"]),
    ],
    ids=["shown-by-the-overlap", "shown-by-the-content"],
)
def test_a_server_that_always_resumes_with_another_file(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, part: bytes, code: int, words: str, left: list[str]
) -> None:
    file = TwoFaced(b"", cut=[50_000, 10**9] * 9)
    file.server, file.part = server, part
    server.files["/~r/model.npz"] = file
    out = lnpatch("download", recipe, "model")
    assert (out.code, words in out.err, names(dest)) == (code, True, left), out.err


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
def test_a_bar_in_a_terminal(recipe: Path, server: Server, dest: Path, tmp_path: Path) -> None:
    import pty

    server.files["/~r/model.npz"].stall = 0.5
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "lnpatch", "download", str(recipe), "model"]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=terminal)
    out, _ = process.communicate(timeout=60)
    os.close(terminal)
    shown = os.read(screen, 1 << 16).decode()
    os.close(screen)
    half = f"{len(MODEL) // 2 / 1000:.1f}/{len(MODEL) / 1000:.1f} kB"
    assert process.returncode == 0
    assert half in shown
    assert b"\x1b" not in out


def test_two_at_once_fetch_it_once(recipe: Path, server: Server, dest: Path, tmp_path: Path) -> None:
    server.files["/~r/model.npz"].stall = 1.5
    command = [sys.executable, "-m", "lnpatch", "download", str(recipe), "model", "--format", "json"]
    processes = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60) for process in processes]
    states = sorted(json.loads(out)["files"][0]["state"] for out, _ in outputs)
    assert states == ["downloaded", "present"]
    assert len(server.requests) == 1
