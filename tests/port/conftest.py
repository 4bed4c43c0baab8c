"""A cache of the test's own, and the helper as the ported code imports it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from lnpatch.folders import templates


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the cache."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LNPATCH_CACHE", str(folder))
    return folder


@pytest.fixture
def helper(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The run-time helper."""
    pytest.importorskip("numpy")
    monkeypatch.syspath_prepend(str(templates() / "pytensor"))
    monkeypatch.delitem(sys.modules, "lnpatch_py2", raising=False)
    import lnpatch_py2

    return lnpatch_py2
