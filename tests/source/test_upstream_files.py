"""Every Python file of the three real repositories, from the folder LNPATCH_UPSTREAM."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lnpatch.errors import SourceSyntaxError
from lnpatch.source import Source, check_syntax
from tests.source import python27
from tests.source.edits import check_identity, check_undo

REPOSITORIES = ["Attentive_reader", "order-embedding", "skip-thoughts"]

pytestmark = pytest.mark.upstream


@pytest.fixture(params=REPOSITORIES)
def files(request: pytest.FixtureRequest) -> dict[str, bytes]:
    folder = os.environ.get("LNPATCH_UPSTREAM")
    if not folder or not Path(folder, request.param).is_dir():
        pytest.skip(f"no checkout of {request.param} in the folder LNPATCH_UPSTREAM")
    root = Path(folder, request.param)
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.py"))}


def test_identity_and_undo(files: dict[str, bytes]) -> None:
    checked = 0
    for name, data in files.items():
        try:
            Source.read(data, name)
        except SourceSyntaxError:
            continue  # whether rightly so is the next test
        check_syntax(data, name)
        check_identity(data, name)
        check_undo(data, name)
        checked += 1
    assert checked >= len(files) - 1


def test_refuses_what_python27_refuses(files: dict[str, bytes], python2: Path) -> None:
    compiles = dict(zip(files, python27.compiles(python2, list(files.values())), strict=True))
    assert {name: _reads(data, name) for name, data in files.items()} == compiles


def _reads(data: bytes, name: str) -> bool:
    try:
        Source.read(data, name)
    except SourceSyntaxError:
        return False
    return True
