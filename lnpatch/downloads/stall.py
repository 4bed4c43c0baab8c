"""End a transfer that brings next to nothing, whatever the server keeps it busy with.

A timeout ends a server that is silent. One that sends a byte now and then, of the file, of an endless header or of one
preliminary answer after another, is never silent, and nothing of httpx looks at the whole; so a thread does.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Self

#: A transfer that brings fewer bytes of the file a second than this, over so many seconds, has stalled.
MIN_RATE = 1000
WINDOW = 60.0


class _Mark(NamedTuple):
    """Where a window began."""

    time: float
    received: int


class StallGuard:
    """Watches over one request; once it stalls, the connection is shut, and whoever reads from it sees its end."""

    def __init__(self) -> None:
        #: Whether the connection was shut.
        self.stalled = False
        self._received = 0
        self._mark = _Mark(time.monotonic(), 0)
        self._socket: socket.socket | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="lnpatch stall guard", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def reason(self) -> str:
        """What to say of a transfer that has stalled."""
        return f"fewer than {MIN_RATE} bytes a second came for {WINDOW:.0f} seconds"

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take up the connection: httpx's ``trace`` extension calls this with the result of each step of a request."""
        find_socket = getattr(info.get("return_value"), "get_extra_info", None)
        if find_socket is not None:
            self._socket = find_socket("socket")
            if self.stalled:
                self._hang_up()

    def count(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass on blocks of the file, for which a window begins."""
        self._mark = _Mark(time.monotonic(), self._received)
        for block in blocks:
            self._received += len(block)
            yield block

    def _watch(self) -> None:
        while not self._over.wait(WINDOW / 20):
            if time.monotonic() < self._mark.time + WINDOW:
                continue
            # until there is a connection, the timeout for making it is enough
            if self._socket is not None and self._received < self._mark.received + MIN_RATE * WINDOW:
                self.stalled = True
                self._hang_up()
                return
            self._mark = _Mark(time.monotonic(), self._received)

    def _hang_up(self) -> None:
        # the plain socket's own method: that of a TLS socket would change what the other thread is reading from
        with suppress(OSError):
            if self._socket is not None:
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
