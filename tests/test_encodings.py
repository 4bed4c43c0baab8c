"""Streams that cannot encode all that lnpatch says: it is shown in escapes, and what was done is not undone by a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

#: An encoding as the user's environment sets it.
ENVIRONMENTS = {
    "ascii": {"PYTHONIOENCODING": "ascii:strict"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "c-locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "utf-8": {"PYTHONIOENCODING": "utf-8:strict"},
}

#: Commands after one another, and their exit codes.
COMMANDS = [
    (("apply", "demo"), 0),
    (("status", "demo", "--format", "json"), 0),
    (("apply", "d\N{SNOWMAN}"), 3),
    (("--\N{SNOWMAN}",), 2),
]

#: Names of folders; the second is not UTF-8.
NAMES = [os.fsencode("\N{SNOWMAN} \N{GREEK SMALL LETTER ALPHA}"), b"caf\xe9\xff"]


@pytest.mark.parametrize("name", NAMES, ids=["snowman", "bytes"])
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_traceback(tmp_path: Path, name: bytes, environment: str) -> None:
    folder = os.path.join(os.fsencode(tmp_path), name)
    os.mkdir(folder)
    for arguments, code in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "lnpatch", *arguments],
            cwd=folder,
            env={**os.environ, **ENVIRONMENTS[environment]},
            capture_output=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert b"Traceback" not in done.stderr
        if "json" in arguments:
            assert json.loads(done.stdout)["state"] == "applied"
