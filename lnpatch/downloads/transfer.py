"""Bring the bytes of a file here, over http or https: resumed where it was cut off, begun anew where that is not safe."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import httpx

from lnpatch import __version__
from lnpatch.downloads.address import escape_address, hide_password
from lnpatch.downloads.answer import ContentRange, choose_validator, parse_content_length, parse_content_range
from lnpatch.downloads.content import looks_like_html, may_become_html
from lnpatch.downloads.partial_file import DownloadWatcher, PartialFile, PartialFileInfo, explain_refusal
from lnpatch.downloads.redirects import RedirectRefusedError, open_response, refuse_redirect
from lnpatch.downloads.stall import StallGuard
from lnpatch.errors import CutOffError, DeadLinkError, FileError, LnpatchError, UnreachableError, WrongSizeError

#: How often a transfer that brings nothing new is begun, and how long to wait before the second time (seconds, doubled
#: each time).
ATTEMPTS = 5
PAUSE = 1.0

#: Seconds without an answer, and without a single byte of one that has begun; ``stall`` sees to those that trickle.
CONNECT_TIMEOUT = 20.0
READ_TIMEOUT = 60.0

#: The last bytes of a partial file, which are asked for again and compared: some servers send another file under the
#: same ETag, and not every disk has kept what was written right before a power cut.
OVERLAP = 1 << 14

#: Bytes that are copied at once; as many new ones show that a server is worth asking again.
_BLOCK = 1 << 18


@dataclass(frozen=True)
class Arrival:
    """How a file came."""

    #: Its parts came from more than one answer.
    resumed: bool
    #: The server or the recipe says how many bytes it has, and as many came.
    size_known: bool


class _TooLongError(Exception):
    """A body goes on behind its end."""


class _TryAgainError(Exception):
    """An attempt failed in a way that may pass; ``failure`` is what to raise if it does not."""

    def __init__(self, failure: LnpatchError, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure


def fetch_address(
    address: str, partial: PartialFile, size: int, is_whole: Callable[[], bool], watcher: DownloadWatcher
) -> Arrival:
    """Bring the file at *address* to a partial file.

    Args:
        size: the bytes that it has to have, 0 where that is not known.
        is_whole: tells whether the partial file looks whole; asked where nobody says how many bytes it has.

    Raises:
        UnreachableError, DeadLinkError, CutOffError: with the reason; the partial file is kept where it is of use.
        WrongSizeError: it has another size.
        NoSpaceError, FileError: the system refuses to write it.
    """
    failures = 0
    largest = 0
    with _open_client(address) as client:
        transfer = _Transfer(client, address, partial, size, is_whole, watcher)
        while True:
            try:
                return transfer.attempt(begun=failures > 0)
            except _TryAgainError as error:
                # a server that brings us on, however often it cuts off, is asked without end
                here = partial.size
                failures = 1 if here >= largest + _BLOCK else failures + 1
                largest = max(largest, here)
                if failures >= ATTEMPTS:
                    raise error.failure from error
                watcher.note(f"{error}; trying again.")
                time.sleep(PAUSE * 2 ** (failures - 1))


def copy_file(source: Path, partial: PartialFile, size: int, watcher: DownloadWatcher) -> None:
    """Copy a file of this machine to a partial file, from its beginning; *size* is as in :func:`fetch_address`.

    Raises:
        DeadLinkError: it is not there.
        WrongSizeError: it has another size.
        NoSpaceError, FileError: the system refuses to read or write.
    """
    if not source.is_file():
        raise DeadLinkError(str(source), "there is no such file")
    try:
        with source.open("rb") as file:
            total = os.fstat(file.fileno()).st_size
            if size and total != size:
                raise WrongSizeError(str(source), f"there are {total} bytes", size)
            partial.require_space(total)
            # bytes that came from an address are not the beginning of this file, nor these of one that comes from there
            partial.remove()
            done = partial.write_blocks(
                0, iter(lambda: file.read(min(_BLOCK, total + 1 - file.tell())), b""), total, watcher
            )
            if done != total:
                partial.remove()
                raise FileError(str(source), "it changed while it was copied")
    except OSError as error:
        raise explain_refusal(error, source) from error


class _Transfer:
    """The attempts to bring one file here."""

    def __init__(
        self,
        client: httpx.Client,
        address: str,
        partial: PartialFile,
        size: int,
        is_whole: Callable[[], bool],
        watcher: DownloadWatcher,
    ) -> None:
        self._client = client
        self._address = address
        self._shown_address = hide_password(address)
        self._partial = partial
        self._size = size
        self._is_whole = is_whole
        self._watcher = watcher
        #: Whether what is here may be continued; a server that sends parts which do not fit is asked for the whole.
        self._may_resume = True
        #: The size of the last body that ended although nobody had said how long it is, -1 before there is one.
        self._last_end = -1

    def attempt(self, begun: bool) -> Arrival:
        """Ask once, for the rest where the beginning is here.

        A server that cannot be reached is asked again only where the transfer has *begun*: a dead link is told at once.

        Raises:
            _TryAgainError: with a failure that may pass.
            LnpatchError: a failure that will not.
        """
        info = self._read_resumable_info()
        answered = False
        with StallGuard() as guard:
            try:
                with open_response(self._client, self._make_request(info, guard)) as response:
                    answered = True
                    return self._receive(response, info, guard)
            except RedirectRefusedError as error:
                raise UnreachableError(self._shown_address, str(error)) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                reason = guard.reason if guard.stalled else _explain_failure(error)
                unreachable = UnreachableError(self._shown_address, reason)
                if not guard.stalled and not _may_pass(error, begun):
                    raise unreachable from error
                failure = self._cut_off(reason) if answered or self._partial.size else unreachable
                raise _TryAgainError(failure, reason) from error

    def _read_resumable_info(self) -> PartialFileInfo | None:
        """Return what is known of the partial file, if the rest of it can be asked for."""
        info, here = self._partial.read_info(), self._partial.size
        if not self._may_resume or not info or not here:
            return None
        same_file = info.address == self._shown_address and self._size in (0, info.total or self._size)
        return info if same_file and info.validator and here <= (info.total or here) else None

    def _make_request(self, info: PartialFileInfo | None, guard: StallGuard) -> httpx.Request:
        start = max(0, self._partial.size - OVERLAP)
        # If-Range: where the file has changed since, the server sends all of it instead of a part that does not fit
        headers = {"Range": f"bytes={start}-", "If-Range": info.validator} if info else {}
        address = escape_address(self._address)
        return self._client.build_request("GET", address, headers=headers, extensions={"trace": guard.trace})

    def _receive(self, response: httpx.Response, info: PartialFileInfo | None, guard: StallGuard) -> Arrival:
        """Write what a response brings."""
        if response.status_code == 416 and info:
            raise self._begin_anew("the server cannot resume")
        self._refuse_status(response)
        if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            raise UnreachableError(self._shown_address, "the server sends it compressed, though it was asked not to")
        blocks = guard.count(response.iter_raw())  # as they come: blocks of one size would be lost in part at a cut
        if response.status_code == 206:
            return self._continue(response, blocks, info, guard)
        return self._begin(response, blocks, guard)

    def _begin(self, response: httpx.Response, blocks: Iterator[bytes], guard: StallGuard) -> Arrival:
        """Write a whole file. What is here goes only once the answer looks like one."""
        announced = parse_content_length(response)
        self._refuse_size(announced)
        total = announced or self._size
        head = _take_head(blocks)
        if looks_like_html(head):
            raise DeadLinkError(self._shown_address, "a web page is there instead of the file")
        self._partial.require_space(total)
        self._partial.begin(PartialFileInfo(self._shown_address, choose_validator(response), total))
        self._may_resume = True
        limit = total if announced is not None or total else None
        done = self._write(0, _bound(chain([head], blocks), limit), total)
        return self._end(done, total, limit is not None, False, guard)

    def _continue(
        self, response: httpx.Response, blocks: Iterator[bytes], info: PartialFileInfo | None, guard: StallGuard
    ) -> Arrival:
        """Write a part behind what is here, if it fits there."""
        part, here = parse_content_range(response), self._partial.size
        # some servers ignore If-Range, or send another range than the one that was asked for
        if info is None or part is None or not _fits(part, info, here, choose_validator(response)):
            raise self._begin_anew("the part that the server sent does not continue what is here")
        total = part.total or info.total
        self._refuse_size(total or None)
        self._partial.require_space(total - here)
        rest = _bound(self._skip_overlap(blocks, here - part.start), part.end + 1 - here)
        done = self._write(here, rest, total)
        return self._end(done, total, total > 0, True, guard)

    def _skip_overlap(self, blocks: Iterator[bytes], count: int) -> Iterator[bytes]:
        """Leave out the first *count* bytes, which are here already; they have to be the same."""
        overlap = self._partial.read_tail(count)
        for block in blocks:
            known, overlap = overlap[: len(block)], overlap[len(block) :]
            if not block.startswith(known):
                raise self._begin_anew("the file has changed on the server, which does not say so")
            yield block[len(known) :]

    def _write(self, offset: int, blocks: Iterable[bytes], total: int) -> int:
        """Write *blocks* behind the first *offset* bytes, and return the size then; nothing stays of a body that is too long."""
        try:
            return self._partial.write_blocks(offset, blocks, total, self._watcher)
        except _TooLongError as error:
            self._partial.remove()
            if self._size:
                raise WrongSizeError(self._shown_address, "more bytes came, and were not read", self._size) from error
            raise self._begin_anew("the server sends more bytes than it announced") from error

    def _end(self, done: int, total: int, size_known: bool, resumed: bool, guard: StallGuard) -> Arrival:
        """Judge what has come when the server says that this is all, by its framing or by closing the connection."""
        if guard.stalled:
            raise _TryAgainError(self._cut_off(guard.reason), guard.reason)
        if total and done != total:
            reason = f"{done} bytes came, {total} were announced"
            raise _TryAgainError(self._cut_off(reason), reason)
        # one that ends twice at the same place is as the server has it; whether that is the file, is judged by others
        if not size_known and done != self._last_end and not self._is_whole():
            self._last_end = done
            reason = f"{done} bytes came, which are not the whole file; the server does not say how many it has"
            raise _TryAgainError(self._cut_off(reason), reason)
        return Arrival(resumed, size_known)

    def _refuse_status(self, response: httpx.Response) -> None:
        """Raise what an answer other than a file means."""
        status = response.status_code
        if status in (200, 206):
            return
        reason = f"{status} {response.reason_phrase[:100]}".strip()
        if status in (404, 410):
            raise DeadLinkError(self._shown_address, reason)
        failure = UnreachableError(self._shown_address, reason)
        if status in (408, 425, 429) or status >= 500:  # too slow, too early, too many requests, or the server's fault
            raise _TryAgainError(failure, reason)
        raise failure

    def _refuse_size(self, announced: int | None) -> None:
        if self._size and announced not in (None, self._size):
            raise WrongSizeError(self._shown_address, f"{announced} bytes are announced", self._size)

    def _begin_anew(self, reason: str) -> _TryAgainError:
        """Return what makes the next attempt ask for the whole; what is here stays until that comes."""
        self._may_resume = False
        return _TryAgainError(UnreachableError(self._shown_address, reason), reason)

    def _cut_off(self, reason: str) -> CutOffError:
        info = self._partial.read_info()
        total = info.total if info else 0
        part = str(self._partial.path) if info and info.validator else ""
        return CutOffError(self._shown_address, self._partial.size, total, part, reason)


def _open_client(address: str) -> httpx.Client:
    # what the server would compress on the way could be neither resumed nor measured
    headers = {"User-Agent": f"lnpatch/{__version__}", "Accept-Encoding": "identity"}
    timeout = httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
    # a new connection for each request, so that a StallGuard never misses the one of its own
    limits = httpx.Limits(max_keepalive_connections=0)
    hooks = {"response": [refuse_redirect]}
    try:
        return httpx.Client(headers=headers, timeout=timeout, limits=limits, event_hooks=hooks)
    except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:  # proxies and certificates of the environment
        reason = f"the environment's proxy or certificates: {error}"
        raise UnreachableError(hide_password(address), reason) from error


def _take_head(blocks: Iterator[bytes]) -> bytes:
    """Return the first bytes of a body, enough to see whether it is a web page; what cannot become one is not waited for."""
    head = next(blocks, b"")
    while may_become_html(head) and (block := next(blocks, b"")):
        head += block
    return head


def _bound(blocks: Iterable[bytes], limit: int | None) -> Iterator[bytes]:
    """Stop at *limit* bytes: who sends more may never end.

    Raises:
        _TooLongError: there are more.
    """
    left = limit
    for block in blocks:
        if left is not None:
            if len(block) > left:
                raise _TooLongError
            left -= len(block)
        yield block


def _fits(part: ContentRange, info: PartialFileInfo, here: int, validator: str) -> bool:
    """Tell whether a part, of the version *validator*, continues a partial file of *here* bytes."""
    same_file = info.total in (0, part.total or info.total) and validator in ("", info.validator)
    return same_file and part.start == max(0, here - OVERLAP) and here <= part.end + 1


def _may_pass(error: Exception, begun: bool) -> bool:
    """Tell whether a failure of the network may be another one next time."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return begun
    return isinstance(error, httpx.NetworkError | httpx.TimeoutException | httpx.RemoteProtocolError)


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
    if isinstance(error, httpx.TimeoutException):
        return f"nothing came for {READ_TIMEOUT:.0f} seconds"
    return str(error)[:200] or type(error).__name__  # some quote what the server sent, of any length
