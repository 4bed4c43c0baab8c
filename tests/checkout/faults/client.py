"""Start lnpatch with a fault at one of its calls, and see what it leaves."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.checkout.faults.control import Control, Harm

_SOURCE = Path(__file__).with_name("faults.c")


def why_not() -> str:
    """Why faults cannot be made here; empty where they can."""
    if sys.platform != "linux":
        return "LD_PRELOAD is used as Linux has it"
    return "" if shutil.which("cc") else "there is no C compiler"


@dataclass(frozen=True)
class Run:
    """What a command left: its exit code (negative for a signal), what it printed, and its changing calls."""

    code: int
    out: str
    err: str
    #: How many calls changed something.
    count: int
    #: The call at which the fault was.
    call: str


class FaultyLnpatch:
    """Runs lnpatch with faults; *folder* is for the library and the memory that is shared with it."""

    def __init__(self, folder: Path) -> None:
        library, control = folder / "faults.so", folder / "control"
        command = ["cc", "-shared", "-fPIC", "-O1", "-w", "-o", library, _SOURCE, "-ldl"]
        subprocess.run(command, check=True, capture_output=True)
        control.write_bytes(bytes(ctypes.sizeof(Control)))
        environment = {**os.environ, "LD_PRELOAD": str(library), "FAULTS_CONTROL": str(control)}
        # the same commit, the same logs: what two faults leave can be compared
        environment |= {f"GIT_{who}_DATE": "2016-07-21T00:00:00Z" for who in ("AUTHOR", "COMMITTER")}
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.checkout.faults.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=Path(__file__).parents[3],
            text=True,
        )
        assert self._answer() == "ready"

    def close(self) -> None:
        """End the server."""
        self._server.communicate(timeout=60)

    def __call__(
        self,
        *arguments: str | Path,
        cwd: Path,
        at: int = 0,
        harm: Harm = Harm.NOTHING,
        sent: int = signal.SIGKILL,
    ) -> Run:
        """Run a command, with a fault at its *at*-th changing call."""
        words = [str(argument) for argument in arguments]
        request = {"arguments": words, "cwd": str(cwd), "at": at, "harm": int(harm), "signal": int(sent)}
        assert self._server.stdin
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return Run(**self._answer())

    def _answer(self) -> Any:
        assert self._server.stdout
        return json.loads(self._server.stdout.readline())
