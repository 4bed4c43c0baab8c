"""Run a launch to its end: its output line by line, Ctrl-C passed on to it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

from lnpatch.errors import FileError
from lnpatch.runtimes.launch import Launch


def run_launch(launch: Launch, on_line: Callable[[bytes], None]) -> int:
    """Run *launch* and return its exit status, which is negative for a process that a signal has ended.

    The process is out of reach of the terminal's Ctrl-C, which is passed on instead: once, and again, so that it can
    stop cleanly or at once as it chooses; the third time it is killed.

    Args:
        on_line: called with each line of its output and errors, newline included.

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
        )
    except OSError as error:
        raise FileError(os.fspath(launch.python), error.strerror or str(error)) from error
    interrupts = 0
    try:
        while True:
            try:
                _pass_lines(process, on_line)
                return process.wait()
            except KeyboardInterrupt:
                interrupts += 1
                process.send_signal(signal.SIGINT if interrupts < 3 else signal.SIGKILL)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _pass_lines(process: subprocess.Popen[bytes], on_line: Callable[[bytes], None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        on_line(line)
