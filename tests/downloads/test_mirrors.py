"""`lnpatch download --mirror`: addresses and folders that have the files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.downloads.server import (
    LONG_NAME,
    OPTIONS,
    OTHER,
    Cli,
    Served,
    Server,
    names,
)


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


def test_a_copy_does_not_resume_what_came_from_an_address(
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
    info = (dest / "model.npz.pkl.part.json").read_text()
    assert (good.code, bad.code, cut.code) == (0, 3, 5)
    assert "secret" not in "".join([good.text, good.err, bad.err, cut.err, record, info])
    server.files["/~r/model.npz.pkl"].cut.clear()
    assert lnpatch("download", recipe, "options", "--mirror", base).code == 0
    assert server.requests[-1].range == "bytes=0-"  # all of it is compared
