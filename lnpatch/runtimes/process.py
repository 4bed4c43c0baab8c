"""Run a launch to its end: its output line by line, Ctrl-C and its like passed on to it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from lnpatch.errors import FileError
from lnpatch.runtimes.launch import Launch

#: Bytes of a line; a longer one, such as a progress bar without newlines, comes in pieces of so many.
LONGEST_LINE = 65536


class StopProcess(Exception):
    """Raised by the reader of a process's output: it is to stop, as by Ctrl-C, while its output is read on."""


def run_launch(launch: Launch, on_line: Callable[[bytes], None], keep_open: Sequence[int] = ()) -> int:
    """Run *launch* and return its exit status, which is negative for a process that a signal has ended.

    The process is out of reach of the terminal's Ctrl-C, which is passed on instead: once, and again, so that it can
    stop cleanly or at once as it chooses; the third time it is killed. SIGTERM, from a batch scheduler, and SIGHUP, from a
    terminal that is closed, are passed on as if they were Ctrl-C. No line of the output is lost by that.

    Args:
        on_line: called with each line of its output and errors, newline included; it may raise :class:`StopProcess`.
        keep_open: descriptors that the process inherits.

    Raises:
        FileError: it could not be started.
    """
    try:
        process = subprocess.Popen(
            launch.command,
            cwd=launch.directory,
            env=launch.full_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=keep_open,
        )
    except OSError as error:
        raise FileError(os.fspath(launch.python), error.strerror or str(error)) from error
    stopper = _Stopper(process)
    try:
        with _signals_to(stopper.stop):
            while True:
                try:
                    _pass_lines(process, on_line)
                    return process.wait()
                except (
                    KeyboardInterrupt,
                    StopProcess,
                ):  # the former where no handler could be set: not in the main thread
                    stopper.stop()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


class _Stopper:
    """Stops a process, each time more firmly."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._times = 0

    def stop(self) -> None:
        self._times += 1
        self._process.send_signal(signal.SIGINT if self._times < 3 else signal.SIGKILL)


@contextmanager
def _signals_to(stop: Callable[[], None]) -> Iterator[None]:
    """Call *stop* at Ctrl-C, SIGTERM and SIGHUP; one that is ignored, as SIGHUP under nohup, stays so.

    An exception, as Python raises it at Ctrl-C, would come in the middle of a line, and lose it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        stop()

    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pass_lines(process: subprocess.Popen[bytes], on_line: Callable[[bytes], None]) -> None:
    assert process.stdout is not None
    while line := process.stdout.readline(LONGEST_LINE):
        on_line(line)
