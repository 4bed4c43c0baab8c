"""Released files from a server that cuts off, ignores ranges, changes its files or does not have them."""

import hashlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from lnpatch.downloads import transfer
from tests.conftest import FIXTURES, Output, unpriviledged

Cli = Callable[..., Output]


def archive(filler: int) -> bytes:
    """A zip file of some size."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("numbers.bin", bytes(i * filler % 251 for i in range(300_000)))
    return data.getvalue()


MODEL = archive(7)
OTHER = archive(11)  # as long as MODEL, with other bytes
OPTIONS = b"(dp0\nS'dim'\np1\nI240\ns."
PAGE = b"\n<!DOCTYPE HTML PUBLIC '-//IETF//DTD HTML 2.0//EN'>\n<title>Not Found</title>"
LONG_NAME = "stats_[240]_clip-c_[10.0] s1.npz.pkl"


@dataclass
class Served:
    """A file as the server has it, and how well it behaves."""

    body: bytes
    etag: str = '"one"'
    modified: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: list[int] = field(default_factory=list)  # bytes to send before each of the next answers is cut off
    ranges: bool = True
    looks_at_if_range: bool = True
    says_length: bool = True
    stall: float = 0.0  # seconds to wait behind the first half


class Request(NamedTuple):
    path: str
    range: str
    if_range: str


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, Served] = {}
        self.requests: list[Request] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        wanted = self.headers.get("Range", "")
        condition = self.headers.get("If-Range", "")
        self.server.requests.append(Request(self.path, wanted, condition))
        file = self.server.files.get(self.path)
        if file is None:
            self.send_error(404)
            return
        status, start, headers = file.status, 0, dict(file.headers)
        same = not file.looks_at_if_range or condition in (file.etag, file.modified)
        if wanted and file.ranges and same:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            status = 206 if start < len(file.body) else 416
            within = f"{start}-{len(file.body) - 1}" if status == 206 else "*"
            headers["Content-Range"] = f"bytes {within}/{len(file.body)}"
        body = file.body[start:] if status != 416 else b""
        headers |= {"ETag": file.etag} if file.etag else {}
        headers |= {"Last-Modified": file.modified} if file.modified else {}
        headers |= {"Content-Length": str(len(body))} if file.says_length else {}
        self.send_response(status)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if file.cut:
            body = body[: file.cut.pop(0)]
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        if file.stall:
            time.sleep(file.stall)
        self.wfile.write(body[len(body) // 2 :])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record of checksums of the test's own, no proxy, and no patience."""
    monkeypatch.setenv("LNPATCH_DATA", str(tmp_path_factory.mktemp("data")))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr(transfer, "PAUSE", 0.001)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with a model, its options and a log."""
    server = Server()
    server.files = {
        "/~r/model.npz": Served(MODEL),
        "/~r/model.npz.pkl": Served(OPTIONS, etag="", modified="Thu, 21 Jul 2016 00:00:00 GMT"),
        "/~r/stats_%5B240%5D_clip-c_%5B10.0%5D%20s1.npz.pkl": Served(OPTIONS),
    }
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def make_recipe(path: Path, *artefacts: tuple[str, str, str]) -> Path:
    """A recipe with released files: name, address, further lines."""
    tables = (
        f'\n[[artefacts]]\nname = "{name}"\nurl = "{url}"\nwhat = "{name}"\n{more}\n' for name, url, more in artefacts
    )
    path.write_text((FIXTURES / "reader.toml").read_text() + "".join(tables))
    return path


@pytest.fixture
def recipe(tmp_path: Path, server: Server) -> Path:
    base = f"{server.address}/~r"
    return make_recipe(
        tmp_path / "recipe.toml",
        ("model", f"{base}/model.npz", ""),
        ("options", f"{base}/model.npz.pkl", ""),
        ("log", f"{base}/{LONG_NAME}", 'file = "log.npz.pkl"'),
    )


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "data/reader"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_all_files_into_the_default_folder(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    out = lnpatch("download", recipe)
    assert out.code == 0, out.err
    assert names(dest) == ["log.npz.pkl", "model.npz", "model.npz.pkl"]
    assert (dest / "model.npz").read_bytes() == MODEL
    assert [line.split()[0] for line in out.text.splitlines()] == ["model", "options", "log"]
    assert f"checksum recorded now ({sha256(MODEL)[:12]})" in out.text
    assert "\x1b" not in out.text + out.err


def test_chosen_files_as_json(lnpatch: Cli, recipe: Path, server: Server, tmp_path: Path) -> None:
    out = lnpatch("download", recipe, "log", "model", "log", "--dest", "here", "--format", "json")
    assert (out.code, out.json["target"], out.json["dest"]) == (0, "reader", "here")
    model = out.json["files"][1]
    assert [file["name"] for file in out.json["files"]] == ["log", "model"]
    assert model == {
        "name": "model",
        "path": os.path.join("here", "model.npz"),
        "state": "downloaded",
        "source": f"{server.address}/~r/model.npz",
        "size": len(MODEL),
        "sha256": sha256(MODEL),
        "trust": "first-seen",
    }
    assert names(tmp_path / "here") == ["log.npz.pkl", "model.npz"]


def test_what_is_there_is_not_fetched_again(lnpatch: Cli, recipe: Path, server: Server) -> None:
    lnpatch("download", recipe)
    server.requests.clear()
    files = lnpatch("download", recipe, "--format", "json").json["files"]
    assert {(file["state"], file["trust"]) for file in files} == {("present", "recorded")}
    assert server.requests == []


def test_a_file_that_came_by_other_means_is_taken_up(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    dest.mkdir(parents=True)
    (dest / "model.npz").write_bytes(MODEL)
    assert "there already, checksum recorded now" in lnpatch("download", recipe, "model").text
    assert server.requests == []


@pytest.mark.parametrize("there", [MODEL[:-1], PAGE, b""], ids=["truncated", "page", "empty"])
def test_a_file_that_is_there_and_wrong_is_put_aside(lnpatch: Cli, recipe: Path, dest: Path, there: bytes) -> None:
    dest.mkdir(parents=True)
    (dest / "model.npz").write_bytes(there)
    out = lnpatch("download", recipe, "model")
    assert out.code == 0
    assert "model.npz.rejected" in out.err
    assert (dest / "model.npz.rejected").read_bytes() == there
    assert (dest / "model.npz").read_bytes() == MODEL


# Resuming


@pytest.mark.parametrize(
    ("file", "condition"),
    [
        (Served(MODEL, cut=[70_000, 100_000]), '"one"'),
        (
            Served(MODEL, etag="", modified="Thu, 21 Jul 2016 00:00:00 GMT", cut=[70_000]),
            "Thu, 21 Jul 2016 00:00:00 GMT",
        ),
        (
            Served(MODEL, etag='W/"x"', modified="Thu, 21 Jul 2016 00:00:00 GMT", cut=[9]),
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
    offsets = [sum(sent[: i + 1]) for i in range(len(sent))]
    assert [(r.range, r.if_range) for r in server.requests[1:]] == [(f"bytes={n}-", condition) for n in offsets]
    assert names(dest) == ["model.npz"]
    assert "trying again" in out.err


def test_cut_off_too_often_and_resumed_the_next_time(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    file = server.files["/~r/model.npz"]
    file.cut = [50_000, *[0] * 20]
    out = lnpatch("download", recipe, "model")
    assert out.code == 5
    assert f"cut off after 50000 of {len(MODEL)} bytes" in out.err
    assert "the same command goes on from there" in out.err
    assert names(dest) == ["model.npz.part", "model.npz.part.json"]
    assert len(server.requests) == transfer.ATTEMPTS
    file.cut.clear()
    assert lnpatch("download", recipe, "model").code == 0
    assert server.requests[-1].range == "bytes=50000-"
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


def test_without_a_mark_of_its_version_a_file_is_not_resumed(lnpatch: Cli, recipe: Path, server: Server) -> None:
    server.files["/~r/model.npz"] = Served(MODEL, etag="", cut=[50_000])
    assert lnpatch("download", recipe, "model").code == 0
    assert [request.range for request in server.requests] == ["", ""]


def test_a_part_from_elsewhere_is_not_gone_on_with(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
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
    assert lnpatch("download", recipe, "model").code == 0
    assert (dest / "model.npz").read_bytes() == MODEL


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
        assert "the same command goes on from there" in err
        assert "Traceback" not in err
    assert names(dest) == ["model.npz.part", "model.npz.part.json"]
    server.files["/~r/model.npz"].stall = 0
    assert lnpatch("download", recipe, "model").code == 0
    assert server.requests[-1].range.startswith("bytes=")
    assert (dest / "model.npz").read_bytes() == MODEL


def test_a_server_that_always_resumes_with_another_file(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    class TwoFaced(Served):
        @property
        def body(self) -> bytes:
            return OTHER if server.requests[-1].range else MODEL

        @body.setter
        def body(self, value: bytes) -> None:
            pass

    server.files["/~r/model.npz"] = TwoFaced(b"", cut=[50_000, 10**9] * 9)
    out = lnpatch("download", recipe, "model")
    assert out.code == 1
    assert "a damaged archive in it" in out.err
    assert names(dest) == ["model.npz.rejected"]


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


# What goes wrong


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("file", "code", "words"),
    [
        (None, 3, "404 Not Found"),
        (Served(b"gone", status=410), 3, "410 Gone"),
        (Served(PAGE), 3, "a web page is there instead of the file"),
        (Served(b"no", status=403), 5, "403 Forbidden"),
        (Served(b"later", status=503), 5, "503 Service Unavailable"),
        (Served(b"", status=302, headers={"Location": "file:///etc/passwd"}), 5, "file://"),
        (Served(b"", status=302, headers={"Location": "/~r/model.npz"}), 5, "redirect"),
        (Served(MODEL, headers={"Content-Encoding": "gzip"}), 5, "compressed"),
        (Served(MODEL[:-9]), 1, "no whole .npz archive in it"),
        (Served(b""), 1, "nothing in it"),
    ],
    ids=["404", "410", "page", "403", "503", "redirect-to-file", "redirect-loop", "compressed", "no-archive", "empty"],
)
def test_an_answer_that_is_no_file(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, file: Served | None, code: int, words: str
) -> None:
    server.files.pop("/~r/model.npz")
    if file:
        server.files["/~r/model.npz"] = file
    out = lnpatch("download", recipe, "model")
    assert out.code == code, out.err
    assert words in out.err.replace("Redirect", "redirect")
    assert f"{server.address}/~r/model.npz" in out.err
    assert ("--mirror BASE" in out.err) == (code != 1)
    assert not dest.exists() or not {"model.npz", "model.npz.part"} & set(names(dest))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:{unused}/m.npz", "the server refuses connections"),
        ("http://nobody.invalid/m.npz", "the name of the server is not known here"),
        ("https://127.0.0.1:{port}/m.npz", "no safe connection (TLS)"),
    ],
    ids=["refused", "unknown-host", "tls"],
)
def test_a_server_that_is_not_there(lnpatch: Cli, server: Server, tmp_path: Path, address: str, words: str) -> None:
    url = address.format(unused=unused_port(), port=server.server_port)
    out = lnpatch("download", make_recipe(tmp_path / "recipe.toml", ("model", url, "")))
    assert out.code == 5
    assert f"{url}: {words}" in out.err
    assert "trying again" not in out.err


def test_every_file_is_tried_and_all_failures_are_listed(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path
) -> None:
    del server.files["/~r/model.npz"]
    server.files["/~r/model.npz.pkl"] = Served(b"no", status=403)
    out = lnpatch("download", recipe, "--format", "json")
    assert out.code == 5
    assert [file["name"] for file in out.json["files"]] == ["log"]
    failures = out.json["error"]["details"]["failures"]
    assert [(f["name"], f["kind"], f["exit_code"]) for f in failures] == [
        ("model", "DeadLinkError", 3),
        ("options", "UnreachableError", 5),
    ]
    assert "model options --mirror BASE" in out.json["error"]["hint"]
    assert names(dest) == ["log.npz.pkl"]
    text = lnpatch("download", recipe)
    assert "2 of 3 files of" in text.err
    assert text.text.startswith("log ")


def test_a_pickle_that_the_server_cuts_without_saying_so(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path
) -> None:
    server.files["/~r/model.npz.pkl"] = Served(OPTIONS[:-3], says_length=False)
    out = lnpatch("download", recipe, "options")
    assert out.code == 1
    assert "no whole pickle in it" in out.err
    assert names(dest) == ["model.npz.pkl.rejected"]


def test_unknown_names_are_all_named_before_anything_is_fetched(lnpatch: Cli, recipe: Path, server: Server) -> None:
    out = lnpatch("download", recipe, "model", "modle", "x", "--format", "json")
    assert out.code == 3
    assert out.json["error"]["details"]["names"] == ["modle", "x"]
    assert out.json["error"]["details"]["there"] == ["model", "options", "log"]
    assert server.requests == []
    assert "has no released files" in lnpatch("download", "demo").err


def test_a_full_disk(lnpatch: Cli, recipe: Path, dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(Path.cwd())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    out = lnpatch("download", recipe, "model", "options")
    assert out.code == 5
    assert f"{len(MODEL)} more bytes are needed, 1000 are free" in out.err
    assert (dest / "model.npz.pkl").read_bytes() == OPTIONS  # the small one still fits


def test_folders_that_cannot_be_written(lnpatch: Cli, recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = lnpatch("download", recipe, "model", "--dest", "file")
    assert out.code == 1
    assert "file" in out.err
    assert "Traceback" not in out.err
    (tmp_path / "folder/model.npz").mkdir(parents=True)
    assert "a folder is in the way" in lnpatch("download", recipe, "model", "--dest", "folder").err


@pytest.mark.skipif(not unpriviledged(), reason="permissions mean nothing to the superuser")
def test_a_folder_without_permission(lnpatch: Cli, recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    out = lnpatch("download", recipe, "model", "--dest", "closed")
    assert (out.code, "Permission denied" in out.err) == (1, True)


# Checksums


def test_a_file_that_changed_since_it_was_first_seen(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, tmp_path: Path
) -> None:
    lnpatch("download", recipe, "model")
    (dest / "model.npz").unlink()
    server.files["/~r/model.npz"] = Served(OTHER)
    out = lnpatch("download", recipe, "model")
    assert out.code == 1
    assert sha256(MODEL) in out.err
    assert sha256(OTHER) in out.err
    assert "--trust-new" in out.err
    assert names(dest) == ["model.npz.rejected"]
    (dest / "model.npz.rejected").rename(dest / "model.npz")  # as the message says
    server.requests.clear()
    assert lnpatch("download", recipe, "model", "--trust-new").code == 0
    assert server.requests == []
    assert lnpatch("download", recipe, "model", "--dest", "again").code == 0
    assert (tmp_path / "again/model.npz").read_bytes() == OTHER


def test_neither_of_two_wrong_files_is_lost(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    lnpatch("download", recipe, "model")
    (dest / "model.npz").write_bytes(archive(13))
    server.files["/~r/model.npz"] = Served(OTHER)
    for _ in range(2):
        assert lnpatch("download", recipe, "model").code == 1
        assert names(dest) == ["model.npz.rejected", "model.npz.rejected-2"]
    assert (dest / "model.npz.rejected").read_bytes() == archive(13)
    assert (dest / "model.npz.rejected-2").read_bytes() == OTHER


def test_what_the_recipe_says_is_not_overruled(lnpatch: Cli, server: Server, tmp_path: Path, dest: Path) -> None:
    url = f"{server.address}/~r/model.npz"
    known = f'sha256 = "{sha256(MODEL)}"\nsize = {len(MODEL)}'
    recipe = make_recipe(tmp_path / "recipe.toml", ("model", url, known))
    assert lnpatch("download", recipe, "--format", "json").json["files"][0]["trust"] == "recipe"
    (dest / "model.npz").unlink()
    server.files["/~r/model.npz"] = Served(OTHER)
    for options in ((), ("--trust-new",)):
        out = lnpatch("download", recipe, *options)
        assert out.code == 1
        assert "(the recipe)" in out.err
        assert "--trust-new" not in out.err
    assert names(dest) == ["model.npz.rejected"]


def test_a_record_that_cannot_be_read(lnpatch: Cli, recipe: Path, dest: Path) -> None:
    record = Path(os.environ["LNPATCH_DATA"], "checksums.json")
    record.write_text("[1")
    out = lnpatch("download", recipe, "model", "--trust-new")
    assert out.code == 1
    assert str(record) in out.err
    assert not dest.exists()


@pytest.mark.parametrize(
    ("url", "more", "words"),
    [
        ("http://h/m.npz", 'sha256 = "ABC"', "64 hexadecimal digits"),
        ("http://h/m.npz", "size = -1", "a number of bytes"),
        ("http://h/", "", "ends in a file's name"),
        ("http://h/..", "", "ends in a file's name"),
        ("http://h/%2e%2e%2fm.npz", "", "ends in a file's name"),
        ("http://[h/m.npz", "", "ends in a file's name"),
        ("http://h/m.npz", 'file = "../m.npz"', "a path inside"),
        ("ftp://h/m.npz", "", "a http or https address"),
    ],
)
def test_mistakes_in_a_recipe(lnpatch: Cli, tmp_path: Path, url: str, more: str, words: str) -> None:
    out = lnpatch("download", make_recipe(tmp_path / "recipe.toml", ("model", url, more)))
    assert (out.code, words in out.err) == (2, True), out.err


# Mirrors


@pytest.mark.parametrize("base", ["{address}/m", "{address}/m/", "{address}/get?name="])
def test_a_mirror_on_the_network(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, tmp_path: Path, base: str
) -> None:
    name = "stats_%5B240%5D_clip-c_%5B10.0%5D%20s1.npz.pkl"
    path = base.removeprefix("{address}") + ("" if base.endswith(("/", "=")) else "/") + name
    server.files = {path: Served(OPTIONS)}
    out = lnpatch("download", recipe, "log", "--mirror", base.format(address=server.address))
    assert out.code == 0, out.err
    assert [request.path for request in server.requests] == [path]
    assert (dest / "log.npz.pkl").read_bytes() == OPTIONS


@pytest.mark.parametrize("name", [LONG_NAME, "log.npz.pkl"])
@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_folder_as_mirror(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, tmp_path: Path, name: str, scheme: str
) -> None:
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies" / name).write_bytes(OPTIONS)
    base = (tmp_path / "copies").as_uri() if scheme else "copies"
    assert lnpatch("download", recipe, "log", "--mirror", base).code == 0
    assert (dest / "log.npz.pkl").read_bytes() == OPTIONS
    out = lnpatch("download", recipe, "model", "--mirror", base)
    assert (out.code, "there is no such file" in out.err) == (3, True)
    assert server.requests == []


def test_a_copy_does_not_go_on_from_what_came_from_an_address(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, tmp_path: Path
) -> None:
    server.files["/~r/model.npz"].cut = [50_000, *[0] * 20]
    assert lnpatch("download", recipe, "model").code == 5
    (tmp_path / "model.npz").write_bytes(OTHER)
    assert lnpatch("download", recipe, "model", "--mirror", ".").code == 0
    assert (dest / "model.npz").read_bytes() == OTHER
    assert names(dest) == ["model.npz"]


@pytest.mark.parametrize(("base", "code"), [("ftp://h/", 2), ("http://[h/", 2), ("nowhere", 3), ("", 2)])
def test_no_mirror(lnpatch: Cli, recipe: Path, base: str, code: int) -> None:
    assert lnpatch("download", recipe, "--mirror", base).code == code


def test_a_password_is_not_shown_nor_kept(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    base = server.address.replace("//", "//user:secret@") + "/~r"
    good = lnpatch("download", recipe, "model", "--mirror", base, "--format", "json")
    bad = lnpatch("download", recipe, "model", "--mirror", base + "/x", "--dest", "other")
    server.files["/~r/model.npz.pkl"].cut = [20, *[0] * 20]
    cut = lnpatch("download", recipe, "options", "--mirror", base)
    record = Path(os.environ["LNPATCH_DATA"], "checksums.json").read_text()
    about = (dest / "model.npz.pkl.part.json").read_text()
    assert (good.code, bad.code, cut.code) == (0, 3, 5)
    assert "secret" not in "".join([good.text, good.err, bad.err, cut.err, record, about])
    server.files["/~r/model.npz.pkl"].cut.clear()
    assert lnpatch("download", recipe, "options", "--mirror", base).code == 0
    assert server.requests[-1].range == "bytes=20-"
