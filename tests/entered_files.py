"""Which files of lnpatch a command enters, in order: what to read to understand it.

python -m tests.entered_files apply demo --dir /tmp/demo
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

import lnpatch
from lnpatch.cli import main

ROOT = Path(lnpatch.__file__).parent


def entered_files(arguments: list[str]) -> list[str]:
    """Run a command; return the files whose functions it calls, by their first call (importing a module is no call)."""
    files: dict[str, None] = {}

    def note_call(frame: FrameType, event: str, argument: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(ROOT) and not _is_importing(frame):
            files[path.relative_to(ROOT).as_posix()] = None

    sys.setprofile(note_call)
    try:
        main(arguments)
    finally:
        sys.setprofile(None)
    return list(files)


def _is_importing(frame: FrameType | None) -> bool:
    """Return whether a call is part of an import: of a lazy name, or of what a module does while it is imported."""
    while frame is not None:
        in_lnpatch = Path(frame.f_code.co_filename).is_relative_to(ROOT)
        if in_lnpatch and frame.f_code.co_name in ("<module>", "__getattr__"):
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    for file in entered_files(sys.argv[1:]):
        sys.stderr.write(f"{file}\n")
