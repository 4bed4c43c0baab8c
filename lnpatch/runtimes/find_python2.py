"""Find a real Python 2.7 on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path


@cache
def find_python2() -> Path | None:
    """Find a Python 2.7 that runs: the one that LNPATCH_PYTHON27 names, one on PATH, or one that pyenv or conda has installed."""
    return next((path for path in _candidates() if is_python2(path)), None)


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("LNPATCH_PYTHON27"):
        yield Path(named)
    for name in ("python2.7", "python2"):
        if on_path := shutil.which(name):
            yield Path(on_path)
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    yield from reversed(_find_files(Path(pyenv), "versions/2.7*/bin/python2.7"))
    if conda := os.environ.get("CONDA_EXE"):
        yield from _find_files(Path(conda).parent.parent, "envs/*/bin/python2.7")


def _find_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files that match; none where the folder is not there, or not ours to read."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def is_python2(python: Path) -> bool:
    """Return whether *python* is a Python 2.7, not a shim for one that is not selected."""
    code = "import sys; sys.exit(sys.version_info[:2] != (2, 7))"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def compile_errors(python: Path, files: list[Path]) -> list[str]:
    """Return what *python* says against each file that it does not compile; nothing is written, and no file is run."""
    code = (
        "import sys\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        compile(open(path, 'rb').read().replace('\\r\\n', '\\n') + '\\n', path, 'exec')\n"
        "    except (SyntaxError, TypeError) as error:\n"
        "        print('%s:%s: %s' % (path, getattr(error, 'lineno', 0), error))\n"
    )
    try:
        run = subprocess.run([python, "-c", code, *files], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [str(error)]
    output, errors = (stream.decode("utf-8", "replace") for stream in (run.stdout, run.stderr))
    return [*output.splitlines(), *([errors.strip()] if run.returncode else [])]
