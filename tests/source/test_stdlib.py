"""The standard library of Python 2.7: every file that the real Python 2.7 compiles is read, edited and undone."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lnpatch.source import check_syntax
from tests.source import python27
from tests.source.edits import check_identity, check_undo

SAMPLE = 16


@pytest.fixture(autouse=True)
def room_for_visitors() -> Iterator[None]:
    """Some files have literals of a thousand strings, in which the visitors of the edits recurse."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.slow
def test_sample(python2: Path) -> None:
    paths = [path for path in _paths(python2) if path.stat().st_size < 60_000]
    paths.sort(key=lambda path: hashlib.sha256(path.name.encode()).digest())
    assert _check(python2, paths[:SAMPLE]) > SAMPLE * 3 // 4


@pytest.mark.corpus
def test_every_file(python2: Path) -> None:
    assert _check(python2, _paths(python2)) > 1000


def _paths(python2: Path) -> list[Path]:
    return sorted(python27.library(python2).rglob("*.py"))


def _check(python2: Path, paths: Sequence[Path]) -> int:
    """Check each of these files that Python 2.7 compiles; how many they are."""
    files = {path: path.read_bytes() for path in paths}
    valid = [
        path for path, compiles in zip(files, python27.compiles(python2, list(files.values())), strict=True) if compiles
    ]
    edited: dict[Path, bytes] = {}
    for path in valid:
        check_syntax(files[path], str(path))
        check_identity(files[path], str(path))
        edited[path] = check_undo(files[path], str(path))
    compiled = python27.compiles(python2, list(edited.values()))
    assert [str(path) for path, compiles in zip(edited, compiled, strict=True) if not compiles] == []
    return len(valid)
