"""Servers that do not answer with the file, and machines that cannot keep it."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from tests.conftest import unpriviledged
from tests.downloads.server import (
    MODEL,
    OPTIONS,
    PAGE,
    Cli,
    Served,
    Server,
    make_recipe,
    names,
)


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
        (Served(MODEL[:-9]), 1, "is not a complete .npz archive"),
        (Served(b""), 1, "is empty"),
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
    assert "is not a complete pickle" in out.err
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
