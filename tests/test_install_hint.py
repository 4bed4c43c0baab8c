"""What is said to install an extra: requirements, in the way of the installer that lnpatch came by."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from lnpatch.errors.install_hint import how_to_install

PLOT = "'matplotlib<4,>=3.8' 'plotext<6,>=5.3'"
WITH = "--with 'matplotlib<4,>=3.8' --with 'plotext<6,>=5.3'"


@pytest.mark.parametrize(
    ("prefix", "origin", "command"),
    [
        pytest.param("/home/me/.venv", None, f"/an/python -m pip install {PLOT}", id="pip"),
        pytest.param("/home/pipx/venv", None, f"/an/python -m pip install {PLOT}", id="a folder called pipx"),
        pytest.param("/home/me/.local/share/pipx/venvs/lnpatch", None, f"pipx inject lnpatch {PLOT}", id="pipx"),
        pytest.param(
            "/home/me/.local/share/uv/tools/lnpatch",
            {"url": "file:///home/me/a%20copy", "dir_info": {}},
            f"uv tool install {WITH} '/home/me/a copy'",
            id="uv, from a folder",
        ),
        pytest.param(
            "/home/me/.local/share/uv/tools/lnpatch",
            {"url": "https://example.org/lnpatch", "vcs_info": {"vcs": "git", "commit_id": "0"}},
            f"uv tool install {WITH} git+https://example.org/lnpatch",
            id="uv, from a repository",
        ),
    ],
)
def test_the_command(prefix: str, origin: Any, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setattr(sys, "executable", "/an/python")
    text = json.dumps(origin) if origin else None
    # not a method of its class: the backport importlib_metadata, where a package has imported it, brings another one
    installed = SimpleNamespace(read_text=lambda name: text)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: installed)
    monkeypatch.setattr(
        importlib.metadata,
        "requires",
        lambda name: [
            "click<9,>=8.1",
            'matplotlib<4,>=3.8; extra == "plot"',
            "plotext<6,>=5.3; extra == 'plot'",
            'jax; extra == "pytensor"',
        ],
    )
    assert how_to_install("plot") == command
