"""Servers that cut off, swap, trickle, never end or lead astray: one clear message, and no bad file under a good name."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.downloads import stall, transfer
from tests.downloads.server import (
    MODEL,
    OPTIONS,
    OTHER,
    PAGE,
    Cli,
    Handler,
    Served,
    Server,
    archive,
    names,
    sha256,
)

NOTES = bytes(range(256)) * 400  # a file that does not show by itself whether it is whole
TABLE = pickle.dumps({f"word{i}.": i for i in range(9000)}, 2)
CUT_TABLE = TABLE[: TABLE.index(b"word500.") + len(b"word500.")]  # its last byte is a STOP by chance


def archive_of_archives() -> bytes:
    """A zip file of .npz files that are not packed again, cut off right behind the first of them."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name in ("a.npz", "b.npz"):
            file.writestr(zipfile.ZipInfo(name), archive(5))
    return data.getvalue()


MODELS = archive_of_archives()
CUT_MODELS = MODELS[: MODELS.index(archive(5)) + len(archive(5))]


Serve = Callable[..., Path]


def assert_nothing_bad(dest: Path, name: str) -> None:
    assert not dest.exists() or name not in names(dest)


# Bodies that end early, where nobody says how long they are


@pytest.mark.parametrize("framing", [{"says_length": False}, {"chunked": True}], ids=["closed", "chunked"])
@pytest.mark.parametrize(
    ("name", "body", "cut"),
    [
        ("m.npz", MODEL, 60_000),
        ("models.zip", MODELS, len(CUT_MODELS)),
        ("table.pkl", TABLE, len(CUT_TABLE)),
        ("table.pkl", TABLE, len(TABLE) - 1),
    ],
    ids=["npz", "behind-a-member", "stop-by-chance", "one-byte"],
)
def test_a_cut_that_nobody_tells_of_is_noticed_and_resumed(
    lnpatch: Cli, serve: Serve, server: Server, dest: Path, framing: dict[str, bool], name: str, body: bytes, cut: int
) -> None:
    out = lnpatch("download", serve(name, Served(body, cut=[cut], **framing)))
    assert out.code == 0, out.err
    assert (dest / name).read_bytes() == body
    assert [request.range for request in server.requests] == ["", f"bytes={max(0, cut - transfer.OVERLAP)}-"]
    assert names(dest) == [name]


@pytest.mark.parametrize("known", [f"size = {len(NOTES)}", f'sha256 = "{sha256(NOTES)}"'], ids=["size", "checksum"])
def test_the_recipe_shows_that_it_was_cut_off(
    lnpatch: Cli, serve: Serve, server: Server, dest: Path, known: str
) -> None:
    out = lnpatch("download", serve("notes.bin", Served(NOTES, says_length=False, cut=[60_000]), known))
    assert out.code == 0, out.err
    assert (dest / "notes.bin").read_bytes() == NOTES
    assert len(server.requests) == 2
    assert "does not say" not in out.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("m.npz", MODEL[:60_000], "is not a complete .npz archive"),
        ("models.zip", CUT_MODELS, "is not a complete .zip archive"),
        ("table.pkl", CUT_TABLE, "is not a complete pickle"),
        ("table.pkl", OPTIONS + b"\xff.", "is a damaged pickle"),
    ],
    ids=["npz", "behind-a-member", "stop-by-chance", "second-pickle"],
)
def test_a_body_that_always_ends_early(
    lnpatch: Cli, serve: Serve, dest: Path, name: str, body: bytes, words: str
) -> None:
    out = lnpatch("download", serve(name, Served(body, etag="", says_length=False)))
    assert (out.code, words in out.err) == (1, True), out.err
    assert names(dest) == [f"{name}.rejected"]


def test_a_cut_that_moves_is_told_as_one(lnpatch: Cli, serve: Serve, dest: Path) -> None:
    file = Served(MODEL, etag="", says_length=False, cut=[60_000, 50_000, 40_000, 30_000, 20_000])
    out = lnpatch("download", serve("m.npz", file))
    assert out.code == 5
    assert "cut off after 20000 bytes" in out.err
    assert "does not say how many" in out.err
    assert "the same command resumes it" not in out.err  # without a validator it cannot
    assert_nothing_bad(dest, "m.npz")


@pytest.mark.parametrize(
    ("name", "body", "file", "said"),
    [
        ("notes.bin", NOTES, {"says_length": False}, "nothing shows that it is whole"),
        ("notes.bin", NOTES, {"chunked": True}, "nothing shows that it is whole"),
        ("m.npz", MODEL, {"says_length": False}, "only its own format shows that it is whole"),
        ("table.pkl", TABLE, {"says_length": False}, "only its own format shows that it is whole"),
        ("two.pkl", OPTIONS + TABLE, {"says_length": False}, "only its own format shows that it is whole"),
        ("notes.bin", NOTES, {}, ""),
        ("m.npz", MODEL, {}, ""),
    ],
)
def test_a_file_of_which_nobody_says_how_long_it_is(
    lnpatch: Cli, serve: Serve, dest: Path, name: str, body: bytes, file: dict[str, bool], said: str
) -> None:
    out = lnpatch("download", serve(name, Served(body, **file)))
    assert out.code == 0, out.err
    assert (dest / name).read_bytes() == body
    assert ("the server does not say how many bytes it has" in out.err) == bool(said)
    assert said in out.err


# Another file under the same ETag


@pytest.mark.parametrize("file", [{}, {"looks_at_if_range": False}], ids=["if-range", "if-range-ignored"])
@pytest.mark.parametrize("name", ["notes.bin", "table.pkl"])
def test_another_body_under_the_same_etag_is_not_mixed(
    lnpatch: Cli, serve: Serve, server: Server, dest: Path, name: str, file: dict[str, bool]
) -> None:
    recipe = serve(name, Served(NOTES, cut=[60_000, *[0] * 20]))
    assert lnpatch("download", recipe).code == 5
    server.files[f"/{name}"] = Served(NOTES[::-1] if name == "notes.bin" else TABLE, **file)
    out = lnpatch("download", recipe)
    assert out.code == 0, out.err
    assert (dest / name).read_bytes() == server.files[f"/{name}"].body
    assert names(dest) == [name]


@pytest.mark.parametrize(
    ("name", "body", "known", "said"),
    [
        ("notes.bin", NOTES, "", True),
        ("table.pkl", TABLE, "", True),
        ("m.npz", MODEL, "", False),
        ("notes.bin", NOTES, f'sha256 = "{sha256(NOTES)}"', False),
    ],
    ids=["bytes", "pickle", "archive", "checksum"],
)
def test_it_is_said_where_only_the_server_vouches_for_the_parts(
    lnpatch: Cli, serve: Serve, name: str, body: bytes, known: str, said: bool
) -> None:
    out = lnpatch("download", serve(name, Served(body, cut=[60_000]), known))
    assert out.code == 0, out.err
    assert ("show that its parts belong together" in out.err) == said


@pytest.mark.parametrize("name", ["m.npz", "notes.bin"])
def test_where_the_checksum_is_known_a_mixture_is_fetched_once_more(
    lnpatch: Cli, serve: Serve, server: Server, dest: Path, name: str
) -> None:
    new = OTHER
    old = OTHER[:10_000] + b"\0" + OTHER[10_001:]  # the overlap is the same
    recipe = serve(name, Served(old, cut=[60_000, *[0] * 20]), f'sha256 = "{sha256(new)}"')
    assert lnpatch("download", recipe).code == 5
    server.files[f"/{name}"] = Served(new)
    server.requests.clear()
    out = lnpatch("download", recipe)
    assert out.code == 0, out.err
    assert (dest / name).read_bytes() == new
    assert [request.range != "" for request in server.requests] == [True, False]


def test_a_partial_file_that_a_power_cut_spoilt_is_not_continued(
    lnpatch: Cli, serve: Serve, server: Server, dest: Path
) -> None:
    recipe = serve("notes.bin", Served(NOTES, cut=[60_000, *[0] * 20]))
    lnpatch("download", recipe)
    (dest / "notes.bin.part").write_bytes(NOTES[:50_000] + bytes(10_000))
    server.files["/notes.bin"].cut.clear()
    assert lnpatch("download", recipe).code == 0
    assert (dest / "notes.bin").read_bytes() == NOTES


@pytest.mark.parametrize(
    "file",
    [
        {"range_as": "bytes 0-{end}/{size}"},
        {"range_as": "bytes {start}-{end}/999999"},
        {"range_as": "bytes {start}-{end}/*"},
        {"range_as": "bytes {end}-{start}/{size}"},
        {"range_as": "bytes {start}-{size}/{size}"},
        {"range_as": "items {start}-{end}/{size}"},
        {"range_as": "bytes {start}-" + "9" * 5000 + "/{size}"},
        {"range_as": " "},
        {"etag": '"two"', "looks_at_if_range": False},
        {"ranges": False},
        {"extra": b"more", "says_length": False},
    ],
    ids=lambda file: next(iter(file.values())) if "range_as" in file else next(iter(file)),
)
def test_parts_that_do_not_fit(
    lnpatch: Cli, serve: Serve, server: Server, dest: Path, file: dict[str, str | bool | bytes]
) -> None:
    """Right with ``/*``; else the whole is asked for."""
    recipe = serve("notes.bin", Served(NOTES, cut=[60_000, *[0] * 20]))
    assert lnpatch("download", recipe).code == 5

    def behave(handler: Handler) -> None:
        asked_for_part = "Range" in handler.headers
        server.files["/notes.bin"] = Served(NOTES, **file) if asked_for_part else Served(NOTES)  # type: ignore[arg-type]
        server.requests.pop()
        handler.do_GET()
        server.files["/notes.bin"] = Served(b"", script=behave)

    server.files["/notes.bin"] = Served(b"", script=behave)
    out = lnpatch("download", recipe)
    assert out.code == 0, out.err
    assert (dest / "notes.bin").read_bytes() == NOTES
    assert names(dest) == ["notes.bin"]


def test_what_can_be_resumed_is_kept_until_there_is_better(
    lnpatch: Cli, serve: Serve, server: Server, dest: Path
) -> None:
    recipe = serve("notes.bin", Served(NOTES, cut=[60_000, *[0] * 20]))
    lnpatch("download", recipe)
    for bad in (
        Served(PAGE, ranges=False),
        Served(b"no", status=503, ranges=False),
        Served(b"", status=302, headers={"Location": "file:///etc/passwd"}, ranges=False),
        Served(NOTES, headers={"Content-Encoding": "gzip"}),
        Served(b"", status=404, ranges=False),
    ):
        server.files["/notes.bin"] = bad
        assert lnpatch("download", recipe).code in (3, 5)
        assert (dest / "notes.bin.part").read_bytes() == NOTES[:60_000]
    server.files["/notes.bin"] = Served(NOTES)
    assert lnpatch("download", recipe).code == 0
    assert server.requests[-1].range == f"bytes={60_000 - transfer.OVERLAP}-"


# More bytes than there should be


@pytest.mark.parametrize("framing", ["Connection: close", "Transfer-Encoding: chunked"])
def test_more_bytes_than_the_recipe_says(
    lnpatch: Cli, serve: Serve, dest: Path, framing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = b"a" * 4096
    if "chunked" in framing:
        piece = b"1000\r\n" + piece + b"\r\n"
    head = f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode()
    recipe = serve("notes.bin", Served(b"", script=lambda h: h.repeat(head, piece)), "size = 100000")
    out = lnpatch("download", recipe)
    assert out.code == 1
    assert "more bytes came, and were not read; the recipe says 100000 bytes" in out.err
    assert names(dest) == []


@pytest.mark.parametrize("announced", [0, 99_999, 100_001, 10**17])
def test_another_length_than_the_recipe_says_is_refused_at_once(
    lnpatch: Cli, serve: Serve, dest: Path, announced: int
) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {announced}\r\n\r\n".encode()
    recipe = serve("notes.bin", Served(b"", script=lambda h: h.repeat(head, b"a" * 64)), "size = 100000")
    out = lnpatch("download", recipe)
    assert out.code == 1
    assert f"{announced} bytes are announced; the recipe says 100000 bytes" in out.err
    assert_nothing_bad(dest, "notes.bin")


@pytest.mark.parametrize("length", ["0", "5000"])
def test_more_bytes_than_the_server_itself_announced(lnpatch: Cli, serve: Serve, dest: Path, length: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    recipe = serve("notes.bin", Served(b"", script=lambda h: h.repeat(head, b"1000\r\n" + b"a" * 4096 + b"\r\n")))
    out = lnpatch("download", recipe)
    assert out.code == 5
    assert "the server sends more bytes than it announced" in out.err
    assert names(dest) == []


def test_a_file_of_a_folder_that_has_another_size(lnpatch: Cli, serve: Serve, dest: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.bin").write_bytes(NOTES)
    out = lnpatch("download", serve("notes.bin", Served(NOTES), "size = 7"), "--mirror", ".")
    assert out.code == 1
    assert f"there are {len(NOTES)} bytes; the recipe says 7 bytes" in out.err
    assert_nothing_bad(dest, "notes.bin")


# Servers that never come to an end


TRICKLES = {
    "a byte now and then": (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nETag: %s\r\n\r\n" % b'"one"', b"a"),
    "the same without a length": (b"HTTP/1.1 200 OK\r\n\r\n", b"a"),
    "a header": (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "one preliminary answer after another": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "the extension of a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000;", b"a"),
    "the trailer": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: ", b"a"),
}


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param(*each, id=name, marks=() if name in ("a byte now and then", "a header") else pytest.mark.slow)
        for name, each in TRICKLES.items()
    ],
)
def test_a_server_that_trickles(
    lnpatch: Cli, serve: Serve, dest: Path, monkeypatch: pytest.MonkeyPatch, head: bytes, piece: bytes
) -> None:
    monkeypatch.setattr(stall, "WINDOW", 0.3)
    out = lnpatch("download", serve("notes.bin", Served(b"", script=lambda h: h.repeat(head, piece, 0.02))))
    assert out.code == 5
    assert "fewer than 1000 bytes a second came for" in out.err
    assert_nothing_bad(dest, "notes.bin")


def test_a_stall_is_resumed(
    lnpatch: Cli, serve: Serve, server: Server, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stall, "WINDOW", 0.3)

    def trickle(handler: Handler) -> None:
        server.files["/notes.bin"] = Served(NOTES)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(NOTES)}\r\nETag: {Served.etag}\r\n\r\n".encode()
        handler.repeat(head + NOTES[:30_000], b"", 0.1, most=2)

    out = lnpatch("download", serve("notes.bin", Served(b"", script=trickle)))
    assert out.code == 0, out.err
    assert "fewer than 1000 bytes a second" in out.err
    assert [request.range for request in server.requests] == ["", f"bytes={30_000 - transfer.OVERLAP}-"]
    assert (dest / "notes.bin").read_bytes() == NOTES


def test_what_is_slow_but_not_that_slow_is_waited_for(
    lnpatch: Cli, serve: Serve, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stall, "WINDOW", 0.2)
    monkeypatch.setattr(stall, "MIN_RATE", 10)  # of the 300 kB that come in half a second it sees enough

    def send(handler: Handler) -> None:
        handler.repeat(f"HTTP/1.1 200 OK\r\nContent-Length: {100 * 50}\r\n\r\n".encode(), b"a" * 100, 0.02, most=1.5)

    out = lnpatch("download", serve("notes.bin", Served(b"", script=send)))
    assert out.code == 0, out.err
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("head", "piece", "words"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 200, "too long"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"a" * 1000, "too long"),
        (b"", b"a" * 1000, "too long"),
        (b"no HTTP at all\r\n\r\n", b"\x1b[31m", "illegal status line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"a", "Content-Length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", b"a", "Transfer-Encoding"),
    ],
    ids=["endless-headers", "endless-header", "endless-status", "no-http", "two-lengths", "encoded-transfer"],
)
def test_answers_that_are_no_http(
    lnpatch: Cli, serve: Serve, dest: Path, head: bytes, piece: bytes, words: str
) -> None:
    out = lnpatch("download", serve("notes.bin", Served(b"", script=lambda h: h.repeat(head, piece))))
    assert (out.code, words in out.err) == (5, True), out.err
    assert "\x1b" not in out.err
    assert max(map(len, out.err.splitlines())) < 600
    assert_nothing_bad(dest, "notes.bin")


# What servers say beside the file


def test_a_bomb_as_content_encoding_is_not_unpacked(lnpatch: Cli, serve: Serve, dest: Path) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    for encoding in ("gzip", "identity, gzip", "GZIP", "br"):
        out = lnpatch("download", serve("notes.bin", Served(bomb, headers={"Content-Encoding": encoding})))
        assert (out.code, "compressed" in out.err) == (5, True)
        assert_nothing_bad(dest, "notes.bin")


def test_the_servers_name_for_the_file_is_not_used(lnpatch: Cli, serve: Serve, dest: Path, tmp_path: Path) -> None:
    headers = {"Content-Disposition": 'attachment; filename="../../evil.bin"'}
    assert lnpatch("download", serve("notes.bin", Served(NOTES, headers=headers))).code == 0
    assert names(dest) == ["notes.bin"]
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("etag", ['"\xe9"', '"a\x7fb"', "unquoted", '"' + "a" * 5000 + '"', 'W/"one"'])
def test_an_etag_that_cannot_be_sent_back(lnpatch: Cli, serve: Serve, server: Server, dest: Path, etag: str) -> None:
    out = lnpatch("download", serve("notes.bin", Served(NOTES, etag=etag, cut=[60_000])))
    assert out.code == 0, out.err
    assert [request.range for request in server.requests] == ["", ""]
    assert (dest / "notes.bin").read_bytes() == NOTES


@pytest.mark.parametrize("pieces", [1, 7])
def test_a_web_page_that_comes_in_small_pieces(lnpatch: Cli, serve: Serve, dest: Path, pieces: int) -> None:
    def send(handler: Handler) -> None:
        handler.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(PAGE)}\r\n\r\n".encode())
        for start in range(0, len(PAGE), pieces):
            handler.wfile.write(PAGE[start : start + pieces])
            handler.wfile.flush()

    out = lnpatch("download", serve("notes.bin", Served(b"", script=send)))
    assert (out.code, "a web page is there" in out.err) == (3, True)
    assert_nothing_bad(dest, "notes.bin")
