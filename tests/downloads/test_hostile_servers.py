"""Servers that cut off without a word, change what they have, send without end, drip, or send elsewhere."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from lnpatch.downloads import partial_file, transfer
from lnpatch.errors import UnreachableError
from tests.downloads.server import MODEL, OPTIONS, OTHER, Cli, Served, Server, make_recipe, names, sha256

NUMBERS = bytes(range(256)) * 1200  # no archive and no pickle: nothing in it says whether it is whole
CHANGED = NUMBERS[:40_000] + b"changed" * 20_000
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


@pytest.fixture
def recipe(tmp_path: Path, server: Server) -> Path:
    """Files of which the recipe knows the size, the checksum, or nothing."""
    base = server.address
    server.files |= {f"/{name}": Served(NUMBERS) for name in ("sized.npy", "summed.npy", "plain.npy")}
    server.files |= {"/model.npz": Served(MODEL), "/options.pkl": Served(OPTIONS)}
    return make_recipe(
        tmp_path / "recipe.toml",
        ("sized", f"{base}/sized.npy", f"size = {len(NUMBERS)}"),
        ("summed", f"{base}/summed.npy", f'sha256 = "{sha256(NUMBERS)}"'),
        ("plain", f"{base}/plain.npy", ""),
        ("model", f"{base}/model.npz", ""),
        ("options", f"{base}/options.pkl", ""),
    )


def chunked(body: bytes) -> bytes:
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + f"{len(body):x}\r\n".encode() + body + b"\r\n"


@pytest.mark.parametrize(
    ("name", "file", "served", "code", "words"),
    [
        ("sized", "sized.npy", Served(NUMBERS[:-5], says_length=False), 5, "bytes came, 307200 were expected"),
        ("sized", "sized.npy", Served(NUMBERS[:-5]), 1, "has 307195 bytes instead of 307200"),
        ("summed", "summed.npy", Served(NUMBERS[:-5], says_length=False), 1, "the checksum differs"),
        ("model", "model.npz", Served(MODEL[:-5], says_length=False), 1, "is not a complete .npz archive"),
        ("model", "model.npz", Served(MODEL[:99] + MODEL[199:], says_length=False), 1, "damaged archive"),
        ("options", "options.pkl", Served(OPTIONS[:-1], says_length=False), 1, "is not a complete pickle"),
        ("plain", "plain.npy", Served(b"", raw=chunked(NUMBERS)), 5, "cut off"),
        ("plain", "plain.npy", Served(b"", raw=chunked(NUMBERS)[:-9]), 5, "cut off"),
        ("plain", "plain.npy", Served(b"", raw=OK + b"Content-Length: 99\r\n\r\nshort"), 5, "cut off"),
    ],
    ids=[
        "size", "size announced", "checksum", "archive", "damaged archive", "pickle", "chunks", "chunk", "announced",
    ],
)  # fmt: skip
def test_a_body_that_is_cut_off_is_not_whole(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, name: str, file: str, served: Served, code: int, words: str
) -> None:
    server.files[f"/{file}"] = served
    out = lnpatch("download", recipe, name)
    assert (out.code, words in out.err) == (code, True), out.err
    assert not (dest / file).exists()


def test_where_nobody_knows_the_length_it_is_said(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    server.files["/plain.npy"] = Served(NUMBERS, says_length=False)
    out = lnpatch("download", recipe, "plain")
    assert (out.code, "does not say how long the file is" in out.err) == (0, True)
    assert (dest / "plain.npy").read_bytes() == NUMBERS
    server.files["/sized.npy"] = Served(NUMBERS, says_length=False)
    assert "how long" not in lnpatch("download", recipe, "sized").err


@pytest.mark.parametrize("change", [CHANGED, NUMBERS[::-1], NUMBERS[:9]], ids=["in part", "all", "shorter"])
@pytest.mark.parametrize("name", ["sized", "summed", "plain"])
def test_another_body_under_the_same_etag_is_not_mixed_in(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, name: str, change: bytes
) -> None:
    file = server.files[f"/{name}.npy"]
    file.cut = [50_000, *[0] * 20]
    assert lnpatch("download", recipe, name).code == 5
    server.files[f"/{name}.npy"] = Served(change)
    out = lnpatch("download", recipe, name)
    whole = dest / f"{name}.npy"
    assert not whole.exists() or whole.read_bytes() == change
    known = name == "summed" or (name == "sized" and len(change) != len(NUMBERS))
    assert (out.code != 0) == known


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": "bytes 0-9/307200"},
        {"Content-Range": "bytes 45904-307199/999999"},
        {"Content-Range": f"bytes {'9' * 5000}-1/{'9' * 5000}"},
        {"Content-Range": "lines 1-2/3"},
        {"ETag": '"two"', "Content-Range": "bytes 45904-307199/307200"},
    ],
    ids=["start", "total", "digits", "unit", "etag"],
)
def test_a_part_that_was_not_asked_for(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, headers: dict[str, str]
) -> None:
    server.files["/plain.npy"].cut = [50_000, *[0] * 20]
    assert lnpatch("download", recipe, "plain").code == 5
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    part = NUMBERS[45_904:]
    raw = f"HTTP/1.1 206 Partial\r\n{lines}Connection: close\r\nContent-Length: {len(part)}\r\n\r\n".encode() + part

    class Partial(Served):
        @property
        def raw(self) -> bytes:
            return raw if server.requests[-1].range else b""

        @raw.setter
        def raw(self, value: bytes) -> None:
            pass

    server.files["/plain.npy"] = Partial(NUMBERS)
    out = lnpatch("download", recipe, "plain")
    assert out.code == 0, out.err
    assert (dest / "plain.npy").read_bytes() == NUMBERS


@pytest.mark.parametrize(
    "served",
    [
        Served(NUMBERS + b"x"),
        Served(NUMBERS * 3, says_length=False),
        Served(b"", raw=OK + b"\r\n", drip=0.0005),
        Served(b"", raw=OK + b"Content-Length: 99999999999999999\r\n\r\n", drip=0.0005),
    ],
    ids=["announced", "not announced", "without end", "announced without end"],
)
def test_no_more_is_taken_than_the_recipe_says(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, served: Served
) -> None:
    server.files["/sized.npy"] = served
    out = lnpatch("download", recipe, "sized", "--format", "json")
    failed = out.json["error"]["details"]["failures"][0]
    assert (out.code, failed["kind"]) == (1, "TooLongError")
    assert "more than the 307200 bytes that the recipe says" in failed["message"]
    assert not dest.exists() or names(dest) == []


def test_an_answer_without_end_leaves_room_on_the_disk(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial_file, "_SPACE_EVERY", 1 << 18)
    monkeypatch.setattr(partial_file, "_SPACE_LEFT", 1 << 60)
    server.files["/plain.npy"] = Served(b"", raw=OK + b"\r\n", drip=0.0005)
    out = lnpatch("download", recipe, "plain")
    assert (out.code, "are free" in out.err) == (5, True)
    assert (dest / "plain.npy.part").stat().st_size < 1 << 20


def test_a_server_that_drips_has_stalled(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "SLOW_SECONDS", 0.1)
    head = OK + b'ETag: "one"\r\nContent-Length: 307200\r\n\r\n'
    server.files["/plain.npy"] = Served(b"", raw=head + NUMBERS[:50_000], drip=0.02)
    out = lnpatch("download", recipe, "plain")
    assert (out.code, "less than 1000 bytes a second" in out.err) == (5, True)
    assert "the same command resumes it" in out.err
    assert names(dest) == ["plain.npy.part", "plain.npy.part.json"]


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("file:///etc/passwd", "file://"),
        ("ftp://h/x", "ftp://"),
        ("http://user:secret@{host}/model.npz", "a name and a password"),
        ("//user@{host}/model.npz", "a name and a password"),
        ("/plain.npy", "redirect"),
        ("http://[", "redirect"),
        ("http://h:99999999/", "redirect"),
        ("data:text/plain,x", "data:"),
    ],
)
def test_redirects_that_are_not_followed(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, location: str, words: str
) -> None:
    host = server.address.removeprefix("http://")
    server.files["/plain.npy"] = Served(b"", status=302, headers={"Location": location.format(host=host)})
    out = lnpatch("download", recipe, "plain")
    assert (out.code, "Traceback" in out.err, "secret" in out.err) == (5, False, False), out.err
    assert not dest.exists() or names(dest) == []


@pytest.mark.parametrize(
    ("address", "location", "refused"),
    [
        ("https://h/x", "http://h/x", True),
        ("https://h/x", "https://other/x", False),
        ("http://h/x", "https://h/x", False),
        ("http://h/x", "http://other/x", False),
        ("https://h/x", "//other/x", False),
        ("https://h/x", "/y", False),
        ("http://me:pw@h/x", "http://me:pw@h/y", False),
        ("http://me:pw@h/x", "http://me:other@h/y", True),
    ],
)
def test_redirects_keep_what_was_agreed_to(address: str, location: str, refused: bool) -> None:
    response = httpx.Response(302, headers={"Location": location}, request=httpx.Request("GET", address))
    if refused:
        with pytest.raises(UnreachableError) as caught:
            transfer._refuse_redirect(response)
        assert "pw" not in caught.value.message
    else:
        transfer._refuse_redirect(response)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000,
        b"".join([b"HTTP/1.1 200 OK\r\n", *(b"X%d: y\r\n" % i for i in range(20_000))]),
        b"\x00\xff\x1b[2J",
        b"HTTP/1.1 999 \x1b[2J\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 204 No\r\n\r\n",
        b"",
    ],
    ids=[
        "long header", "many headers", "no HTTP", "reason", "two lengths", "long length", "no chunk", "gzip", "204", "empty",
    ],
)  # fmt: skip
def test_answers_that_are_no_http(lnpatch: Cli, recipe: Path, server: Server, dest: Path, raw: bytes) -> None:
    server.files["/plain.npy"] = Served(b"", raw=raw or b"\r\n")
    out = lnpatch("download", recipe, "plain")
    assert out.code in (1, 5)
    assert "error: Not downloaded" in out.err
    assert not (dest / "plain.npy").exists()


def test_a_name_that_the_server_proposes_is_not_taken(
    lnpatch: Cli, recipe: Path, server: Server, dest: Path, tmp_path: Path
) -> None:
    headers = {"Content-Disposition": 'attachment; filename="../../evil"'}
    server.files["/plain.npy"] = Served(NUMBERS, headers=headers)
    assert lnpatch("download", recipe, "plain").code == 0
    assert names(dest) == ["plain.npy"]
    assert not (tmp_path / "evil").exists()


def test_another_archive_under_the_same_etag(lnpatch: Cli, recipe: Path, server: Server, dest: Path) -> None:
    server.files["/model.npz"].cut = [50_000, *[0] * 20]
    assert lnpatch("download", recipe, "model").code == 5
    server.files["/model.npz"] = Served(OTHER)
    out = lnpatch("download", recipe, "model")
    assert (out.code, "another one by now" in out.err) == (0, True)
    assert (dest / "model.npz").read_bytes() == OTHER
