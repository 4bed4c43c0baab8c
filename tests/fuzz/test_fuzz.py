"""What strangers hand to lnpatch ends in a result or in one of lnpatch's own errors: the corpus, and a search from there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.corpus import CORPORA
from tests.fuzz.readers import READERS, is_accepted

#: How long each reader is searched, in seconds, and how long that may take with all around it.
SECONDS, DEADLINE = 30, 600


def test_every_reader_has_a_corpus() -> None:
    assert READERS.keys() == CORPORA.keys()


@pytest.mark.parametrize("name", READERS)
def test_corpus(name: str) -> None:
    sound, *others = CORPORA[name]()
    assert is_accepted(READERS[name], sound)
    for data in others:
        is_accepted(READERS[name], data)  # any other error fails the test


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_search(name: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has wheels for Linux only")
    command = [sys.executable, "-m", "tests.fuzz", name, str(SECONDS), str(tmp_path)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=DEADLINE)
    found = {path.name: path.read_bytes()[:2000] for path in tmp_path.iterdir()}
    assert (done.returncode, found) == (0, {}), done.stderr[-5000:]
    assert "stat::number_of_executed_units" in done.stderr
