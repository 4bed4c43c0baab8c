"""Files whose checksum is recorded, or in the recipe, and recipes with mistakes in their files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.downloads.server import (
    MODEL,
    OTHER,
    Cli,
    Served,
    Server,
    archive,
    make_recipe,
    names,
    sha256,
)


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
