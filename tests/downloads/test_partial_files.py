"""What is found under the partial file's name, disks that fill up, and other processes that do not see our lock."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import pytest

from lnpatch.downloads import partial_file, transfer
from tests.downloads.server import MODEL, OPTIONS, OTHER, Cli, Handler, Served, Server, make_recipe, names

PRECIOUS = b"nobody's but the user's"

Put = Callable[[Path, Path], None]


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    path = tmp_path / "precious"
    path.write_bytes(PRECIOUS)
    return path


def begin(lnpatch: Cli, recipe: Path, server: Server) -> None:
    """Leave a partial file of 50 000 bytes that can be resumed."""
    server.files["/~r/model.npz"].cut = [50_000, *[0] * 20]
    assert lnpatch("download", recipe, "model").code == 5
    server.files["/~r/model.npz"].cut.clear()


@pytest.mark.skipif(os.name != "posix", reason="links are POSIX's")
@pytest.mark.parametrize("name", ["model.npz.part", "model.npz.part.json"])
@pytest.mark.parametrize(
    "put",
    [
        lambda path, precious: path.symlink_to(precious),
        lambda path, precious: path.hardlink_to(precious),
        lambda path, precious: path.symlink_to(path),
        lambda path, precious: path.symlink_to(path.parent / "nothing"),
        lambda path, precious: os.mkfifo(path),
    ],
    ids=["link", "second-name", "link-to-itself", "link-to-nothing", "pipe"],
)
def test_what_is_no_file_of_its_own_is_never_written_to(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, precious: Path, name: str, put: Put
) -> None:
    begin(lnpatch, recipe, server)
    (dest / name).unlink()
    put(dest / name, precious)
    out = lnpatch("download", recipe, "model")
    assert out.code == 0, out.err
    assert precious.read_bytes() == PRECIOUS
    assert (dest / "model.npz").read_bytes() == MODEL
    assert names(dest) == ["model.npz"]
    assert server.requests[-1].range == ""


@pytest.mark.parametrize("name", ["model.npz", "model.npz.part", "model.npz.part.json"])
def test_a_folder_is_in_the_way(lnpatch: Cli, recipe: Path, server: Server, dest: Path, name: str) -> None:
    (dest / name / "inside").mkdir(parents=True)
    out = lnpatch("download", recipe, "model")
    assert out.code == 1
    assert f"{Path('data/reader') / name}: a folder is in the way" in out.err
    assert server.requests == []


@pytest.mark.skipif(os.name != "posix", reason="pipes are POSIX's")
def test_a_pipe_is_in_the_way(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    dest.mkdir(parents=True)
    os.mkfifo(dest / "model.npz")
    out = lnpatch("download", recipe, "model")
    assert (out.code, "not a file is in the way" in out.err) == (1, True)
    assert (dest / "model.npz").is_fifo()


@pytest.mark.skipif(os.name != "posix", reason="links are POSIX's")
def test_links_in_a_circle_under_the_final_name(lnpatch: Cli, recipe: Path, dest: Path) -> None:
    dest.mkdir(parents=True)
    (dest / "model.npz").symlink_to("model.npz")
    out = lnpatch("download", recipe, "model")
    assert out.code == 0, out.err
    assert (dest / "model.npz").read_bytes() == MODEL


@pytest.mark.parametrize(
    "info",
    [
        "",
        "[" * 100_000,
        '{"address": 1, "validator": 2, "total": 3}',
        {"total": -1},
        {"total": True},
        {"total": 40_000},
        {"validator": '"one"\r\nX: y'},
        {"validator": '"\xe9"'},
        {"validator": ""},
        {"more": 1},
    ],
    ids=[
        "empty",
        "deep",
        "types",
        "negative",
        "boolean",
        "less",
        "line-end",
        "no-ascii",
        "no-validator",
        "unknown-key",
    ],
)
def test_what_is_kept_about_it_cannot_be_used(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, info: str | dict[str, object]
) -> None:
    begin(lnpatch, recipe, server)
    path = dest / "model.npz.part.json"
    path.write_text(info if isinstance(info, str) else json.dumps(json.loads(path.read_text()) | info))
    out = lnpatch("download", recipe, "model")
    assert out.code == 0, out.err
    assert server.requests[-1].range == ""
    assert (dest / "model.npz").read_bytes() == MODEL


def test_killed_between_the_name_and_the_end(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    begin(lnpatch, recipe, server)
    (dest / "model.npz.part").unlink()
    (dest / "model.npz").write_bytes(MODEL)
    server.requests.clear()
    assert lnpatch("download", recipe, "model").code == 0
    assert server.requests == []
    assert names(dest) == ["model.npz"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.bin", "a.bin"),
        ("a.bin", "A.bin"),
        ("a.bin", "a.bin.part"),
        ("a.bin.part.json", "a.bin"),
        ("d/a", "d/a.part"),
    ],
)
def test_files_of_a_recipe_in_each_others_way(
    lnpatch: Cli, server: Server, tmp_path: Path, first: str, second: str
) -> None:
    artefacts = [(f"n{i}", f"{server.address}/x{i}", f'file = "{file}"') for i, file in enumerate((first, second))]
    out = lnpatch("download", make_recipe(tmp_path / "recipe.toml", *artefacts), "n0")
    assert (out.code, "artefacts[1].file" in out.err, "artefacts[0]" in out.err) == (2, True, True), out.err
    assert server.requests == []


def test_a_copy_that_grows_while_it_is_copied(
    lnpatch: Cli, recipe: Path, dest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.npz").write_bytes(MODEL)
    write_all = partial_file._write_all

    def write_and_grow(file: FileIO, block: bytes) -> None:
        write_all(file, block)
        with (tmp_path / "model.npz").open("ab") as source:
            source.write(block)

    monkeypatch.setattr(partial_file, "_write_all", write_and_grow)
    out = lnpatch("download", recipe, "model", "--mirror", ".")
    assert (out.code, "it changed while it was copied" in out.err) == (1, True), out.err
    assert names(dest) == []


# Disks that fill up while a file is written


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full behind 100 000 bytes."""
    write_all = partial_file._write_all

    def write_some(file: FileIO, block: bytes) -> None:
        write_all(file, block[: max(0, 100_000 - file.tell())])
        if file.tell() >= 100_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(partial_file, "_write_all", write_some)


@pytest.mark.usefixtures("full_disk")
def test_a_disk_that_fills_up(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = lnpatch("download", recipe, "model")
    assert out.code == 5
    assert "data/reader: the disk is full" in out.err.replace("\\", "/")
    assert "the partial file is kept" in out.err
    assert (dest / "model.npz.part").read_bytes() == MODEL[:100_000]
    monkeypatch.undo()
    assert lnpatch("download", recipe, "model", "--dest", str(dest)).code == 0
    assert server.requests[-1].range == f"bytes={100_000 - transfer.OVERLAP}-"
    assert (dest / "model.npz").read_bytes() == MODEL


@pytest.mark.usefixtures("full_disk")
def test_an_endless_body_does_not_keep_the_disk_full(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    def send(handler: Handler) -> None:
        handler.repeat(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 1000)

    server.files["/~r/model.npz"] = Served(b"", script=send)
    out = lnpatch("download", recipe, "model")
    assert out.code == 5
    assert "nothing is kept of the file" in out.err
    assert names(dest) == []


@pytest.mark.skipif(os.name != "posix", reason="limits of files are POSIX's")
def test_a_limit_on_the_size_of_files(recipe: Path, server: Server, dest: Path, tmp_path: Path) -> None:
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    code += "from lnpatch.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "download", str(recipe), "model"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "File too large" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (dest / "model.npz").exists()


# A second lnpatch with a folder of its own for locks


@pytest.mark.parametrize("swap", ["replaced", "appended", "removed"])
def test_another_process_writes_the_same_partial_file(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, swap: str
) -> None:
    part = dest / "model.npz.part"

    def send(handler: Handler) -> None:
        handler.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(MODEL)}\r\n\r\n".encode() + MODEL[:100_000])
        handler.wfile.flush()
        while not part.exists() or not part.stat().st_size:  # appended to nothing, all of it would be written over
            pass
        if swap == "appended":
            with part.open("ab") as file:
                file.write(OTHER[: len(MODEL)])
        else:
            part.unlink()
        if swap == "replaced":
            part.write_bytes(OTHER)
        handler.wfile.write(MODEL[100_000:])

    server.files["/~r/model.npz"] = Served(b"", script=send)
    out = lnpatch("download", recipe, "model")
    assert out.code == 4
    assert "another process is downloading this file" in out.err
    assert not (dest / "model.npz").exists()


@pytest.mark.slow
def test_two_at_once_without_a_common_lock(recipe: Path, server: Server, dest: Path, tmp_path: Path) -> None:
    server.files["/~r/model.npz"].stall = 3
    command = [sys.executable, "-m", "lnpatch", "download", str(recipe), "model"]
    processes = [
        subprocess.Popen(
            command,
            cwd=tmp_path,
            env=os.environ | {"LNPATCH_DATA": str(tmp_path / f"locks{i}")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(2)
    ]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert "Traceback" not in "".join(errors)
    assert sorted(process.returncode for process in processes) == [0, 4]
    assert "another process is downloading this file" in "".join(errors)
    assert (dest / "model.npz").read_bytes() == MODEL


# The record


@pytest.mark.parametrize("sha256", ["", "a" * 63, 5, None])
def test_a_checksum_that_is_none_agrees_with_no_file(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, sha256: object
) -> None:
    assert lnpatch("download", recipe, "options").code == 0
    record = Path(os.environ["LNPATCH_DATA"], "checksums.json")
    table = json.loads(record.read_text())
    for entry in table.values():
        entry["sha256"] = sha256
    record.write_text(json.dumps(table))
    (dest / "model.npz.pkl").write_bytes(OPTIONS + OPTIONS)
    out = lnpatch("download", recipe, "options")
    assert (out.code, str(record) in out.err) == (1, True)


def test_a_mirror_with_bytes_that_are_no_text(lnpatch: Cli, recipe: Path) -> None:
    out = lnpatch("download", recipe, "model", "--mirror", "http://127.0.0.1/\udcff")
    assert (out.code, "Traceback" in out.err) == (2, False), out.err
