"""Runs lnpatch again and again, each time in a child process that is harmed at a call of its own or of its gits.

Importing what a command needs takes longer than the command. So this process imports it once, with the library of
``faults.c`` loaded, and forks for each request: a line of JSON on standard input, answered by one on standard output.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import mmap
import os
import selectors
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.checkout.faults.control import Control

_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Answer requests until there are no more."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)  # the gits of a killed lnpatch become our children
    control = map_control(Path(os.environ["FAULTS_CONTROL"]))
    from lnpatch.cli import main as lnpatch

    with (
        tempfile.TemporaryDirectory() as folder,
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        for command in ("apply", "status", "revert"):
            lnpatch([command, "demo", "--dir", f"{folder}/demo", "--format", "json"])
    gc.freeze()
    say("ready")
    for line in sys.stdin:
        request = json.loads(line)
        if request["harm"]:
            arm(control, request)
        else:
            control.armed = 0
        say(answer(control, request))


def say(answer: object) -> None:
    """Answer in one line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def map_control(path: Path) -> Control:
    """The memory that is shared with every process that has the library."""
    with path.open("r+b") as file:
        return Control.from_buffer(mmap.mmap(file.fileno(), ctypes.sizeof(Control)))


def arm(control: Control, request: dict[str, Any]) -> None:
    """Set what is to happen, and when; the child says when it begins."""
    control.count, control.at, control.call = 0, request["at"], b""
    control.harm, control.signal = request["harm"], request["signal"]


def answer(control: Control, request: dict[str, Any]) -> dict[str, Any]:
    """Run one command and wait for all its processes to end."""
    pipes = [os.pipe(), os.pipe()]
    process = os.fork()
    if not process:
        run_command(control, request, [end for _, end in pipes])
    for _, end in pipes:
        os.close(end)
    out, err = read_all([end for end, _ in pipes])
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    control.armed = 0
    return {"code": code, "out": out, "err": err, "count": control.count, "call": control.call.decode()}


def run_command(control: Control, request: dict[str, Any], ends: list[int]) -> None:
    """Be the command; does not return."""
    code = 99
    try:
        os.setsid()
        os.chdir(request["cwd"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, end in enumerate(ends, 1):
            os.dup2(end, number)
        # streams of their own: those of the server may be of a file, which can be sought in
        sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115
        from lnpatch.cli import main as lnpatch

        control.process = os.getpid()
        control.armed = int(bool(request["harm"]))
        code = lnpatch(request["arguments"])
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def read_all(ends: list[int]) -> list[str]:
    """What is written to pipes, until nobody can write any more."""
    read = dict.fromkeys(ends, b"")
    with selectors.DefaultSelector() as selector:
        for end in ends:
            selector.register(end, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                data = os.read(key.fd, 65536)
                read[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return [data.decode("utf-8", "replace") for data in read.values()]


if __name__ == "__main__":
    main()
