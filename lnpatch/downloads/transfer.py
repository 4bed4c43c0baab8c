"""Bring the bytes of a file here, over http or https: resumed where it was cut off, begun anew where that is not safe.

They come into a part file (``NAME.part``), beside which ``NAME.part.json`` says what they are a part of. Both stay after
a failure or an interruption, for the next time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

from lnpatch import __version__
from lnpatch.errors import CutOffError, DeadLinkError, FileError, LnpatchError, NoSpaceError, UnreachableError

if TYPE_CHECKING:
    import httpx

#: How often a transfer that brings nothing new is begun, and how long to wait before the second time (seconds, doubled
#: each time).
ATTEMPTS = 5
PAUSE = 1.0

#: Seconds without an answer, and without a single byte of one that has begun.
CONNECT_TIMEOUT = 20.0
READ_TIMEOUT = 60.0

_BLOCK = 1 << 18


class Watcher(Protocol):
    """Told of how a download goes on."""

    def at(self, done: int, total: int) -> None:
        """*done* bytes of *total* are here; *total* is 0 where that is not known."""

    def note(self, text: str) -> None:
        """Something that a person may want to know."""


@dataclass(frozen=True)
class _Part:
    """What a part file is a part of: the address, the server's mark of this version of the file, and its whole size.

    The mark is a strong ETag or a date of change; without one, nothing says that the rest belongs to the same file.
    """

    address: str
    mark: str
    total: int


class _AgainError(Exception):
    """An attempt failed in a way that may pass; ``failure`` is what to say if it does not."""

    def __init__(self, failure: LnpatchError, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure


def part_of(path: Path) -> Path:
    """Where the bytes of *path* are until it is whole."""
    return path.with_name(path.name + ".part")


def forget(part: Path) -> None:
    """Remove a part file and what is kept about it."""
    part.unlink(missing_ok=True)
    _about(part).unlink(missing_ok=True)


def settle(part: Path, path: Path) -> None:
    """Give a whole file its final name, so that it is there after a power cut too."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(path)
    _about(part).unlink(missing_ok=True)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def quoted(address: str) -> str:
    """*address* as it is sent: brackets and blanks in its path are escaped, what is escaped already stays."""
    scheme, host, path, query, _ = urlsplit(address)
    return urlunsplit((scheme, host, quote(path, safe="/%~:@!$&'()*+,;="), query, ""))


def shown(address: str) -> str:
    """*address* without the password that may stand in it."""
    scheme, host, path, query, fragment = urlsplit(address)
    return urlunsplit((scheme, host.rpartition("@")[2], path, query, fragment))


def fetch(address: str, part: Path, watcher: Watcher) -> bool:
    """Bring the file at *address* to *part*; whether it was put together from parts that came one after another.

    Raises:
        UnreachableError, DeadLinkError, CutOffError: with the reason; the part file is kept where it is of use.
        NoSpaceError, FileError: the system refuses to write it.
    """
    failed = 0
    most = 0
    with _client(address) as client:
        while True:
            try:
                return _attempt(client, address, part, watcher, begun=failed > 0)
            except _AgainError as error:
                size = _size(part)
                failed = 1 if size >= most + _BLOCK else failed + 1  # a server that brings us on is worth asking again
                most = max(most, size)
                if failed >= ATTEMPTS:
                    raise error.failure from error
                watcher.note(f"{error}; trying again.")
                time.sleep(PAUSE * 2 ** (failed - 1))


def copy(source: Path, part: Path, watcher: Watcher) -> None:
    """Copy a file of this machine to *part*.

    Raises:
        DeadLinkError: it is not there.
        NoSpaceError, FileError: the system refuses to read or write.
    """
    if not source.is_file():
        raise DeadLinkError(str(source), "there is no such file")
    with _writing(part), source.open("rb") as file:
        total = os.fstat(file.fileno()).st_size
        forget(part)  # what came from an address is no beginning of this one, nor the other way round
        _need_space(part, total)
        _write(part, 0, iter(lambda: file.read(_BLOCK), b""), total, watcher)


def _client(address: str) -> httpx.Client:
    import httpx

    # what the server would compress on the way could be neither resumed nor measured
    headers = {"User-Agent": f"lnpatch/{__version__}", "Accept-Encoding": "identity"}
    timeout = httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
    try:
        return httpx.Client(headers=headers, timeout=timeout, follow_redirects=True)
    except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:  # proxies and certificates of the environment
        raise UnreachableError(shown(address), f"the environment's proxy or certificates: {error}") from error


def _attempt(client: httpx.Client, address: str, part: Path, watcher: Watcher, begun: bool) -> bool:
    """Ask once, for the rest where a part is known; whether that part was used.

    A server that cannot be reached is asked again only where the transfer has *begun*: a dead link is said at once.
    """
    import httpx

    known = _resumable(part, address)
    offset = _size(part) if known else 0
    headers = {"Range": f"bytes={offset}-", "If-Range": known.mark} if known else {}
    answered = False
    try:
        with client.stream("GET", quoted(address), headers=headers) as response:
            answered = True
            return _receive(response, address, part, watcher, known, offset)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = _reason(error)
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) and not begun:
            raise UnreachableError(shown(address), reason) from error
        if not isinstance(error, httpx.NetworkError | httpx.TimeoutException | httpx.RemoteProtocolError):
            raise UnreachableError(shown(address), reason) from error
        failure: LnpatchError = UnreachableError(shown(address), reason)
        if answered or begun:
            about = _read_about(part)
            failure = CutOffError(shown(address), _size(part), about.total if about else 0, str(part), reason)
        raise _AgainError(failure, reason) from error


def _receive(
    response: httpx.Response, address: str, part: Path, watcher: Watcher, known: _Part | None, offset: int
) -> bool:
    """Write what a response brings; whether it went on from *offset*."""
    status = response.status_code
    start, total = _range(response)
    if status == 416 and known:
        if total == offset == known.total:  # it was whole already, and only its name was missing
            return True
        forget(part)
        raise _AgainError(UnreachableError(shown(address), "the server cannot resume"), "the server cannot resume")
    _refuse(response, address)
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise UnreachableError(shown(address), "the server sends it compressed, though it was asked not to")
    mark = _mark(response)
    if status == 206:
        same = known is not None and start == offset and total in (0, known.total) and mark in ("", known.mark)
        if not same:
            forget(part)
            reason = "the server's part does not fit to what is here"
            raise _AgainError(UnreachableError(shown(address), reason), reason)
        assert known is not None
        total = known.total
    else:
        offset, total = 0, _number(response.headers.get("Content-Length", ""))
    blocks = response.iter_raw()  # as they come: blocks of one size would be lost in part when it is cut off
    first = next(blocks, b"")
    if not offset and looks_like_html(first):
        raise DeadLinkError(shown(address), "a web page is there instead of the file")
    with _writing(part):
        if not offset:
            part.unlink(missing_ok=True)
            _about(part).write_text(json.dumps(asdict(_Part(shown(address), mark, total))), encoding="utf-8")
        _need_space(part, total - offset)
    done = _write(part, offset, chain([first], blocks), total, watcher)
    if total and done != total:
        reason = f"{done} bytes came, {total} were announced"
        raise _AgainError(CutOffError(shown(address), done, total, str(part), reason), reason)
    return offset > 0


def _write(part: Path, offset: int, blocks: Iterator[bytes], total: int, watcher: Watcher) -> int:
    """Write *blocks* to the part file behind its first *offset* bytes; its size then.

    Only the system's refusals to write are failures of the file; the blocks have failures of their own.
    """
    with _writing(part):
        file = part.open("ab" if offset else "wb")
    done = offset
    watcher.at(done, total)
    try:
        for block in blocks:
            with _writing(part):
                file.write(block)
            done += len(block)
            watcher.at(done, total)
    finally:
        with _writing(part):
            file.close()
    return done


@contextmanager
def _writing(part: Path) -> Iterator[None]:
    """Turns the system's refusal to write a part file into a failure that names it."""
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise FileError(str(error.filename or part), error.strerror or str(error)) from error


def _need_space(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise NoSpaceError(str(part.parent), needed, free)


def _refuse(response: httpx.Response, address: str) -> None:
    """Raise what an answer other than a file means."""
    status = response.status_code
    if status in (200, 206):
        return
    reason = f"{status} {response.reason_phrase}".strip()
    if status in (404, 410):
        raise DeadLinkError(shown(address), reason)
    failure = UnreachableError(shown(address), reason)
    if status in (408, 425, 429) or status >= 500:
        raise _AgainError(failure, reason)
    raise failure


def looks_like_html(head: bytes) -> bool:
    """Whether a file that begins so is a web page, such as servers send in place of what they do not have."""
    return re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|head|\?xml|!--)", head[:200], re.IGNORECASE) is not None


def _mark(response: httpx.Response) -> str:
    """What tells this version of the file from others: a strong ETag, else the date of its last change."""
    etag: str = response.headers.get("ETag", "")
    modified: str = response.headers.get("Last-Modified", "")
    return etag if etag.startswith('"') else modified


def _range(response: httpx.Response) -> tuple[int, int]:
    """The first byte and the whole size that an answer names; -1 and 0 where it names none."""
    found = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)", response.headers.get("Content-Range", "").strip())
    return (int(found[1] or -1), int(found[2] or 0)) if found else (-1, 0)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _about(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _read_about(part: Path) -> _Part | None:
    """What is kept about a part file; None where that cannot be read."""
    try:
        about = _Part(**json.loads(_about(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return about if isinstance(about.mark, str) and isinstance(about.total, int) else None


def _resumable(part: Path, address: str) -> _Part | None:
    """What is known of a part file, if the rest of it can be asked for."""
    about = _read_about(part)
    return about if about and about.address == shown(address) and about.mark and _size(part) else None


def _reason(error: Exception) -> str:
    """Why a request failed, from its first cause."""
    import socket
    import ssl

    import httpx

    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return f"the name of the server is not known here ({cause.strerror or cause})"
        if isinstance(cause, ssl.SSLError):
            return f"no safe connection (TLS): {getattr(cause, 'verify_message', '') or cause.reason or cause}"
        if isinstance(cause, ConnectionRefusedError):
            return "the server refuses connections"
    if isinstance(error, httpx.ConnectTimeout):
        return f"no answer within {CONNECT_TIMEOUT:.0f} seconds"
    if isinstance(error, httpx.TimeoutException):
        return f"nothing came for {READ_TIMEOUT:.0f} seconds"
    return str(error) or type(error).__name__
