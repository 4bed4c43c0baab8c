"""Run a launch to its end: its output line by line, the signals that ask to stop passed on to it."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from lnpatch.errors import FileError
from lnpatch.runtimes.launch import Launch

_logger = logging.getLogger(__name__)

#: Bytes of a line; a longer one, such as a progress bar without newlines, comes in pieces of so many.
LONGEST_LINE = 65536


#: What asks a process to stop: Ctrl-C, a batch scheduler, a batch scheduler ahead of its time limit, a terminal that is closed.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP)


class StopProcess(Exception):
    """Raised by the reader of a process's output: it is to stop, as by SIGTERM, while its output is read on."""


def run_launch(launch: Launch, on_line: Callable[[bytes], None], keep_open: Sequence[int] = ()) -> int:
    """Run *launch* and return its exit status, which is negative for a process that a signal has ended.

    The process is out of reach of the terminal's Ctrl-C, which is passed on instead: once, and again, so that it can
    stop cleanly or at once as it chooses; the third time it is killed. SIGTERM and SIGUSR1, from a batch scheduler, and
    SIGHUP, from a terminal that is closed, are passed on as they are, however often. No line of the output is lost by that.

    Args:
        on_line: called with each line of its output and errors, newline included; it may raise :class:`StopProcess`.
        keep_open: descriptors that the process inherits.

    Raises:
        FileError: it could not be started.
    """
    _logger.debug("$ %s", shlex.join(map(str, launch.command)))
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
        with signals_to(stopper.pass_on):
            while True:
                try:
                    _pass_lines(process, on_line)
                    return process.wait()
                except StopProcess:
                    stopper.pass_on(signal.SIGTERM)
                except KeyboardInterrupt:  # where no handler could be set: not in the main thread
                    stopper.pass_on(signal.SIGINT)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


class _Stopper:
    """Passes signals on to a process; Ctrl-C each time more firmly."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._interrupts = 0

    def pass_on(self, number: int) -> None:
        if number == signal.SIGINT:
            self._interrupts += 1
            number = signal.SIGINT if self._interrupts < 3 else signal.SIGKILL
        self._process.send_signal(number)


@contextmanager
def signals_to(pass_on: Callable[[int], None]) -> Iterator[None]:
    """Call *pass_on* at each of the signals that ask to stop; one that is ignored, as SIGHUP under nohup, stays so.

    In another thread than the main one, where no handler can be set, nothing is done.

    An exception, as Python raises it at Ctrl-C, would come in the middle of a line, and lose it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        pass_on(number)

    numbers = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
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
