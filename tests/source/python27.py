"""The real Python 2.7, where one is installed, as the judge of what is valid."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
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


def library(executable: Path) -> Path:
    """The folder of its standard library."""
    code = "import os, sys; sys.stdout.write(os.path.dirname(os.__file__))"
    return Path(subprocess.run([executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def compiles(executable: Path, sources: Sequence[bytes]) -> list[bool]:
    """Which of these files it compiles."""
    texts = json.dumps([source.decode("latin-1") for source in sources])
    done = subprocess.run([executable, "-c", _COMPILE], input=texts, capture_output=True, text=True, check=True)
    answers: list[bool] = json.loads(done.stdout)
    return answers
