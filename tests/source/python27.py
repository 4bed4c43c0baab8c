"""The real Python 2.7, where one is installed, as the judge of what is valid."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

_COMPILE = """
import json, sys, warnings
warnings.simplefilter("ignore")

def compiles(source):
    try:
        compile(source.encode("latin-1"), "<source>", "exec", 0, True)
    except (SyntaxError, TypeError, ValueError):
        return False
    return True

json.dump([compiles(source) for source in json.load(sys.stdin)], sys.stdout)
"""


def find() -> str | None:
    """An executable of Python 2.7: LNPATCH_PYTHON27, else the PATH's, else pyenv's."""
    given = os.environ.get("LNPATCH_PYTHON27")
    if given:
        return given
    return next((candidate for candidate in _candidates() if _works(candidate)), None)


def _candidates() -> Iterator[str]:
    on_path = shutil.which("python2.7")
    if on_path:
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    yield from map(str, sorted(pyenv.glob("versions/2.7*/bin/python2.7"), reverse=True))


def _works(executable: str) -> bool:
    """A shim of pyenv may be on the PATH and yet run nothing."""
    probe = subprocess.run([executable, "-c", "pass"], capture_output=True, check=False)
    return probe.returncode == 0


def library(executable: str) -> Path:
    """The folder of its standard library."""
    code = "import os, sys; sys.stdout.write(os.path.dirname(os.__file__))"
    return Path(subprocess.run([executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def compiles(executable: str, sources: Sequence[bytes]) -> list[bool]:
    """Which of these files it compiles."""
    texts = json.dumps([source.decode("latin-1") for source in sources])
    done = subprocess.run([executable, "-c", _COMPILE], input=texts, capture_output=True, text=True, check=True)
    answers: list[bool] = json.loads(done.stdout)
    return answers
