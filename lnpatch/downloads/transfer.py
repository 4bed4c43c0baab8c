"""Bring the bytes of a file here, over http or https: resumed where it was cut off, begun anew where that is not safe."""

from __future__ import annotations

import os
import re
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import httpx

from lnpatch import __version__
from lnpatch.downloads.address import escape_address, hide_password
from lnpatch.downloads.content import looks_like_html
from lnpatch.downloads.partial_file import DownloadWatcher, PartialFile, PartialFileInfo
from lnpatch.errors import CutOffError, DeadLinkError, FileError, LnpatchError, TooLongError, UnreachableError

#: How often a transfer that brings nothing new is begun, and how long to wait before the second time (seconds, doubled
#: each time).
ATTEMPTS = 5
PAUSE = 1.0

#: Seconds without an answer, and without a single byte of one that has begun.
CONNECT_TIMEOUT = 20.0
READ_TIMEOUT = 60.0

#: A transfer that brings fewer bytes a second, over so many seconds, has stalled; the next attempt resumes it.
LEAST_RATE = 1000
SLOW_SECONDS = 60.0

#: Bytes that are copied at once; as many new ones show that a server is worth asking again.
_BLOCK = 1 << 18

#: The last bytes of a partial file that are asked for once more when it is resumed. They have to be the same: a server may
#: have another file by now under the same ETag.
_OVERLAP = 1 << 12


class _TryAgainError(Exception):
    """An attempt failed in a way that may pass; ``failure`` is what to raise if it does not."""

    def __init__(self, failure: LnpatchError, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure


def fetch_address(address: str, partial: PartialFile, watcher: DownloadWatcher, size: int = 0) -> bool:
    """Bring the file at *address* to a partial file; return whether all of it has to be read to see that it is whole.

    It has to where its parts came from more than one answer, or where nobody has said how long it is.

    Args:
        size: the bytes that it has to have, 0 where that is not known.

    Raises:
        UnreachableError, DeadLinkError, CutOffError: with the reason; the partial file is kept where it is of use.
        TooLongError: it has more bytes than *size*; no more than that were taken.
        NoSpaceError, FileError: the system refuses to write it.
    """
    failures = 0
    largest = 0
    with _open_client(address) as client:
        transfer = _Transfer(client, address, partial, watcher, size)
        while True:
            try:
                return transfer.attempt(begun=failures > 0)
            except _TryAgainError as error:
                # a server that brings us on, however often it cuts off, is asked without end
                size = partial.size
                failures = 1 if size >= largest + _BLOCK else failures + 1
                largest = max(largest, size)
                if failures >= ATTEMPTS:
                    raise error.failure from error
                watcher.note(f"{error}; trying again.")
                time.sleep(PAUSE * 2 ** (failures - 1))


def copy_file(source: Path, partial: PartialFile, watcher: DownloadWatcher) -> None:
    """Copy a file of this machine to a partial file, from its beginning.

    Raises:
        DeadLinkError: it is not there.
        NoSpaceError, FileError: the system refuses to read or write.
    """
    if not source.is_file():
        raise DeadLinkError(str(source), "there is no such file")
    try:
        with source.open("rb") as file:
            total = os.fstat(file.fileno()).st_size
            # bytes that came from an address are not the beginning of this file, nor these of one that comes from there
            partial.remove()
            partial.write_blocks(0, iter(lambda: file.read(_BLOCK), b""), total, watcher)
    except OSError as error:
        raise FileError(str(error.filename or source), error.strerror or str(error)) from error


class _Transfer:
    """The attempts to bring one file here."""

    def __init__(
        self, client: httpx.Client, address: str, partial: PartialFile, watcher: DownloadWatcher, size: int
    ) -> None:
        self._client = client
        self._size = size
        self._address = address
        self._shown_address = hide_password(address)
        self._partial = partial
        self._watcher = watcher

    def attempt(self, begun: bool) -> bool:
        """Ask once, for the rest where the beginning is here; return whether all has to be read, as :func:`fetch_address`.

        A server that cannot be reached is asked again only where the transfer has *begun*: a dead link is told at once.

        Raises:
            _TryAgainError: with a failure that may pass.
            LnpatchError: a failure that will not.
        """
        info = self._read_resumable_info()
        offset = self._partial.size if info else 0
        # If-Range: where the file has changed since, the server sends all of it instead of a part that does not fit
        # nothing is asked for once more of what is whole already, and has only no name yet: 416 says that it is
        overlap = min(offset, _OVERLAP) if info and offset != info.total else 0
        headers = {"Range": f"bytes={offset - overlap}-", "If-Range": info.validator} if info else {}
        answered = False
        try:
            with self._client.stream("GET", escape_address(self._address), headers=headers) as response:
                answered = True
                return self._receive(response, info, offset, overlap)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = _explain_failure(error)
            unreachable = UnreachableError(self._shown_address, reason)
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) and not begun:
                raise unreachable from error
            if not isinstance(error, httpx.NetworkError | httpx.TimeoutException | httpx.RemoteProtocolError):
                raise unreachable from error
            failure = self._cut_off(reason) if answered or begun else unreachable
            raise _TryAgainError(failure, reason) from error

    def _read_resumable_info(self) -> PartialFileInfo | None:
        """Return what is known of the partial file, if the rest of it can be asked for."""
        info = self._partial.read_info()
        if info and info.address == self._shown_address and info.validator and self._partial.size:
            return info
        return None

    def _receive(self, response: httpx.Response, info: PartialFileInfo | None, offset: int, overlap: int) -> bool:
        """Write what a response brings; return whether it continued the partial file at *offset*, or may be cut off."""
        start, range_total = _parse_content_range(response)
        if response.status_code == 416 and info:
            if range_total == offset == info.total:
                return True
            raise self._begin_anew("the server cannot resume")
        self._refuse_status(response)
        if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            raise UnreachableError(self._shown_address, "the server sends it compressed, though it was asked not to")
        validator = _choose_validator(response)
        if response.status_code == 206:
            # some servers ignore If-Range, or send another range than the one that was asked for
            same_file = info is not None and range_total in (0, info.total) and validator in ("", info.validator)
            if info is None or not same_file or start != offset - overlap:
                raise self._begin_anew("the part that the server sent does not continue what is here")
            total = info.total
        else:
            offset, total = 0, _parse_size(response.headers.get("Content-Length", "")) or self._size
        self._refuse_length(total)
        blocks = _require_rate(response.iter_raw())  # as they come: blocks of one size would be lost in part at the end
        first_block = self._skip_overlap(offset - overlap, overlap, blocks) if offset else b""
        if not total:
            self._watcher.note(
                "the server does not say how long the file is; its contents have to show that it is whole."
            )
        first_block = first_block or next(blocks, b"")
        if not offset:
            if looks_like_html(first_block):
                raise DeadLinkError(self._shown_address, "a web page is there instead of the file")
            self._partial.begin(PartialFileInfo(self._shown_address, validator, total))
        done = self._partial.write_blocks(
            offset, self._limit(offset, chain([first_block], blocks), total), total, self._watcher
        )
        if total and done < total:
            reason = f"{done} bytes came, {total} were {'announced' if total != self._size else 'expected'}"
            raise _TryAgainError(self._cut_off(reason), reason)
        return offset > 0 or not total

    def _refuse_length(self, length: int) -> None:
        if self._size and length > self._size:
            self._partial.remove()
            raise TooLongError(self._shown_address, self._size)

    def _limit(self, offset: int, blocks: Iterable[bytes], total: int) -> Iterator[bytes]:
        """Pass on no more bytes than the file has to have."""
        done = offset
        for block in blocks:
            done += len(block)
            self._refuse_length(done)
            if total and done > total:
                raise self._begin_anew(f"more than the {total} bytes came that were announced")
            yield block

    def _skip_overlap(self, start: int, length: int, blocks: Iterator[bytes]) -> bytes:
        """Take the bytes that are here already from the front of *blocks*, and return what came behind them with the last."""
        came = b""
        while len(came) < length and (block := next(blocks, b"")):
            came += block
        here = self._partial.read(start, length)
        if came[:length] != here[: len(came)]:
            raise self._begin_anew("the file on the server is another one by now")
        if len(came) < length:
            reason = "the server sends no more"
            raise _TryAgainError(self._cut_off(reason), reason)
        return came[length:]

    def _refuse_status(self, response: httpx.Response) -> None:
        """Raise what an answer other than a file means."""
        status = response.status_code
        if status in (200, 206):
            return
        reason = f"{status} {response.reason_phrase}".strip()
        if status in (404, 410):
            raise DeadLinkError(self._shown_address, reason)
        failure = UnreachableError(self._shown_address, reason)
        if status in (408, 425, 429) or status >= 500:  # too slow, too early, too many requests, or the server's fault
            raise _TryAgainError(failure, reason)
        raise failure

    def _begin_anew(self, reason: str) -> _TryAgainError:
        """Remove the partial file, and return what makes the next attempt ask for the whole."""
        self._partial.remove()
        return _TryAgainError(UnreachableError(self._shown_address, reason), reason)

    def _cut_off(self, reason: str) -> CutOffError:
        info = self._partial.read_info()
        total = info.total if info else 0
        return CutOffError(self._shown_address, self._partial.size, total, str(self._partial.path), reason)


def _open_client(address: str) -> httpx.Client:
    # what the server would compress on the way could be neither resumed nor measured
    headers = {"User-Agent": f"lnpatch/{__version__}", "Accept-Encoding": "identity"}
    timeout = httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
    try:
        hooks = {"response": [_refuse_redirect]}
        return httpx.Client(headers=headers, timeout=timeout, follow_redirects=True, event_hooks=hooks)
    except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:  # proxies and certificates of the environment
        reason = f"the environment's proxy or certificates: {error}"
        raise UnreachableError(hide_password(address), reason) from error


def _refuse_redirect(response: httpx.Response) -> None:
    """Refuse to be sent where nobody has agreed to: to a way without TLS from one with it, or to a name and a password."""
    if not response.has_redirect_location:
        return
    target = response.url.join(response.headers["Location"])
    here = hide_password(str(response.url))
    if response.url.scheme == "https" and target.scheme == "http":
        raise UnreachableError(here, "it redirects from https to http, where anybody on the way can change the file")
    if target.userinfo and target.userinfo != response.url.userinfo:
        raise UnreachableError(here, "it redirects to an address with a name and a password")


def _require_rate(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Pass on blocks as long as they bring enough bytes.

    Raises:
        httpx.ReadTimeout: they brought too few for too long; less than a byte in a while is for httpx to tell.
    """
    since, brought = time.monotonic(), 0
    for block in blocks:
        brought += len(block)
        now = time.monotonic()
        if now - since >= SLOW_SECONDS:
            if brought < LEAST_RATE * (now - since):
                raise httpx.ReadTimeout(f"less than {LEAST_RATE} bytes a second came for {now - since:.0f} seconds")
            since, brought = now, 0
        yield block


def _choose_validator(response: httpx.Response) -> str:
    """Return what tells this version of the file from others: a strong ETag, else the date of its last change.

    A weak ETag (``W/"..."``) allows for other bytes of the same meaning, so RFC 9110 (13.1.5) rules it out for ranges.
    """
    etag: str = response.headers.get("ETag", "")
    modified: str = response.headers.get("Last-Modified", "")
    return etag if etag.startswith('"') else modified


def _parse_content_range(response: httpx.Response) -> tuple[int, int]:
    """Return the first byte and the whole size that an answer names; -1 and 0 where it names none."""
    match = re.fullmatch(
        r"bytes (?:([0-9]{1,18})-[0-9]+|\*)/(?:([0-9]{1,18})|\*)", response.headers.get("Content-Range", "").strip()
    )
    return (int(match[1] or -1), int(match[2] or 0)) if match else (-1, 0)


def _parse_size(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else 0


def _explain_failure(error: Exception) -> str:
    """Return why a request failed, from its first cause: httpx's own words are mostly the system's error numbers."""
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
    if isinstance(error, httpx.TimeoutException) and error is causes[-1]:
        return str(error)  # our own
    if isinstance(error, httpx.TimeoutException):
        return f"nothing came for {READ_TIMEOUT:.0f} seconds"
    return str(error) or type(error).__name__
