"""Redirects: those that are followed, and those that would lead astray."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from lnpatch.downloads.redirects import RedirectRefusedError, refuse_redirect
from tests.downloads.server import Cli, Handler, Served, Server, names

NOTES = bytes(range(256)) * 400
Serve = Callable[..., Path]


def assert_nothing_bad(dest: Path, name: str) -> None:
    assert not dest.exists() or name not in names(dest)


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("file:///etc/passwd", "a redirect to file://"),
        ("ftp://127.0.0.1/notes.bin", "neither http nor https"),
        ("data:text/plain,hello", "neither http nor https"),
        ("javascript:alert(1)", "neither http nor https"),
        ("http://user:secret@127.0.0.1/notes.bin", "a name and a password of the server's choice"),
        ("http://[::1/notes.bin", "no address"),
        ("/notes.bin", "more than 10 redirects"),
        ("/notes.bin?again", "more than 10 redirects"),
    ],
)
def test_redirects_that_are_not_followed(
    lnpatch: Cli, serve: Serve, server: Server, dest: Path, location: str, words: str
) -> None:
    recipe = serve("notes.bin", Served(b"", status=302, headers={"Location": location}))
    server.files["/notes.bin?again"] = Served(b"", status=302, headers={"Location": "/notes.bin"})
    out = lnpatch("download", recipe)
    assert (out.code, words in out.err) == (5, True), out.err
    assert "secret" not in out.err
    assert "trying again" not in out.err
    assert_nothing_bad(dest, "notes.bin")


@pytest.mark.parametrize(
    ("address", "location", "refused"),
    [
        ("https://h/m", "http://h/m", True),
        ("https://h/m", "https://other/m", False),
        ("http://h/m", "https://h/m", False),
        ("https://h/m", "//other/m", False),
    ],
)
def test_no_redirect_leads_out_of_tls(address: str, location: str, refused: bool) -> None:
    response = httpx.Response(301, headers={"Location": location}, request=httpx.Request("GET", address))
    if refused:
        with pytest.raises(RedirectRefusedError, match="from https to http://h/m"):
            refuse_redirect(response)
    else:
        refuse_redirect(response)


def test_the_page_of_a_redirect_is_not_read_and_the_password_stays(
    lnpatch: Cli, serve: Serve, server: Server, dest: Path
) -> None:
    seen: list[str] = []
    other = server.address.replace("127.0.0.1", "localhost")

    def lead_on(handler: Handler) -> None:
        seen.append(handler.headers.get("Authorization", ""))
        handler.repeat(f"HTTP/1.1 302 Found\r\nLocation: {other}/there\r\n\r\n".encode(), b"a" * 1000)

    def receive(handler: Handler) -> None:
        seen.append(handler.headers.get("Authorization", ""))
        handler.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(NOTES)}\r\n\r\n".encode() + NOTES)

    recipe = serve("notes.bin", Served(b"", script=lead_on))
    server.files["/there"] = Served(b"", script=receive)
    out = lnpatch("download", recipe, "--mirror", server.address.replace("//", "//user:secret@"))
    assert out.code == 0, out.err
    assert (dest / "notes.bin").read_bytes() == NOTES
    assert seen[0].startswith("Basic ")
    assert seen[1] == ""
