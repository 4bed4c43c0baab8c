"""A server that cuts off, ignores ranges, changes its files or does not have them, and recipes of what it has."""

from __future__ import annotations

import hashlib
import io
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import FIXTURES, Output

Cli = Callable[..., Output]


def archive(filler: int) -> bytes:
    """A zip file of some size, the same whenever it is made: ``ZipInfo`` has a date of its own."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr(zipfile.ZipInfo("numbers.bin"), bytes(i * filler % 251 for i in range(300_000)))
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
    chunked: bool = False
    range_as: str = ""  # the Content-Range to send, with {start}, {end} and {size}
    extra: bytes = b""  # sent behind the body, also of a part
    stall: float = 0.0  # seconds to wait behind the first half
    script: Callable[[Handler], None] | None = None  # sends the whole answer in place of all that


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

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing of a client that hung up, as it does on an answer that it refuses: the tests read stderr."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        range_header = self.headers.get("Range", "")
        condition = self.headers.get("If-Range", "")
        self.server.requests.append(Request(self.path, range_header, condition))
        file = self.server.files.get(self.path)
        if file is None:
            self.send_error(404)
            return
        if file.script:
            file.script(self)
            return
        status, start, headers = file.status, 0, dict(file.headers)
        same = not file.looks_at_if_range or condition in (file.etag, file.modified)
        if range_header and file.ranges and same:
            start = int(range_header.removeprefix("bytes=").removesuffix("-"))
            status = 206 if start < len(file.body) else 416
            within = f"{start}-{len(file.body) - 1}" if status == 206 else "*"
            headers["Content-Range"] = f"bytes {within}/{len(file.body)}"
            if file.range_as:
                sizes = {"start": start, "end": len(file.body) - 1, "size": len(file.body)}
                headers["Content-Range"] = file.range_as.format(**sizes)
        body = (file.body[start:] if status != 416 else b"") + file.extra
        headers |= {"ETag": file.etag} if file.etag else {}
        headers |= {"Last-Modified": file.modified} if file.modified else {}
        headers |= {"Content-Length": str(len(body))} if file.says_length and not file.chunked else {}
        headers |= {"Transfer-Encoding": "chunked"} if file.chunked else {}
        self.send_response(status)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        end = b""
        if file.chunked:
            self.wfile.write(b"%x\r\n" % len(body) if body else b"")
            end = b"\r\n0\r\n\r\n" if body else b"0\r\n\r\n"
        if file.cut:
            body, end = body[: file.cut.pop(0)], b""
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        if file.stall:
            time.sleep(file.stall)
        self.wfile.write(body[len(body) // 2 :] + end)

    def repeat(self, head: bytes, piece: bytes, pause: float = 0.0, most: float = 30.0) -> None:
        """Send *head*, and *piece* again and again, until the client hangs up; *most* is for a client that never does."""
        self.wfile.write(head)
        until = time.monotonic() + most
        while time.monotonic() < until:
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(pause)

    def log_message(self, format: str, *args: object) -> None:
        pass


def make_recipe(path: Path, *artefacts: tuple[str, str, str]) -> Path:
    """A recipe with released files: name, address, further lines."""
    tables = (
        f'\n[[artefacts]]\nname = "{name}"\nurl = "{url}"\nwhat = "{name}"\n{more}\n' for name, url, more in artefacts
    )
    path.write_text((FIXTURES / "reader.toml").read_text() + "".join(tables))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
