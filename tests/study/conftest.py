"""The toy repository, not yet patched, for studies whose processes train it without Theano."""

from __future__ import annotations

from pathlib import Path

import pytest

from lnpatch.runtimes import choose
from tests.conftest import FIXTURES, folder_contents, make_checkout
from tests.training.conftest import elsewhere as elsewhere
from tests.training.here_runtime import HereRuntime


@pytest.fixture
def toy_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: None) -> Path:
    """A repository to clone, and a corpus beside it; every runtime, in every process, is the Python of the tests."""
    monkeypatch.setattr(choose, "runtimes", lambda: {"theano": HereRuntime, "pytensor": HereRuntime})
    (tmp_path / "corpus.txt").write_text("a b c\nd e f\n")
    return make_checkout(tmp_path / "source", folder_contents(FIXTURES / "toy"))
