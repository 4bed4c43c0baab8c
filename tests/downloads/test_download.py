"""`lnpatch download`: released files into a folder, and files that are there already."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.downloads.server import (
    MODEL,
    PAGE,
    Cli,
    Server,
    names,
    sha256,
)


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


@pytest.mark.parametrize("present", [MODEL[:-1], PAGE, b""], ids=["truncated", "page", "empty"])
def test_a_file_that_is_there_and_wrong_is_put_aside(lnpatch: Cli, recipe: Path, dest: Path, present: bytes) -> None:
    dest.mkdir(parents=True)
    (dest / "model.npz").write_bytes(present)
    out = lnpatch("download", recipe, "model")
    assert out.code == 0
    assert "model.npz.rejected" in out.err
    assert (dest / "model.npz.rejected").read_bytes() == present
    assert (dest / "model.npz").read_bytes() == MODEL
