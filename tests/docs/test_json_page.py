"""`docs/reference/json.md` names the keys that the documents have, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Output
from tests.curves.runs import fall, write_run

Run = Callable[..., Output]

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "json.md"

#: What the document of a command has beside its own table.
MORE = {"diff": ["status"], "apply": ["status", "diff"], "revert": ["status", "diff", "apply"]}

#: Keys under which anything may stand: tables by name, and what has keys in words on the page.
ANY = re.compile(r"\.\*$|\[\]$")


def documented(name: str) -> set[str]:
    """The keys in the table of a command."""
    keys: set[str] = set()
    for command in (*MORE.get(name, ()), "apply" if name == "revert" else name):
        (table,) = re.findall(rf"^\| `{command}` \| \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGE.read_text(), re.MULTILINE)
        keys |= set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    return keys


def paths(value: Any, path: str, known: set[str]) -> Iterator[str]:
    """The keys of a document, as the page writes them; what is in a table or list that the page does not open is left out."""
    if isinstance(value, dict) and (path == "" or any(key.startswith(f"{path}.") for key in known)):
        if f"{path}.*" in known:
            yield f"{path}.*"
            return
        for key, inner in value.items():
            yield from paths(inner, f"{path}.{key}" if path else key, known)
    elif isinstance(value, list):
        yield f"{path}[]" if f"{path}[]" in known or not value else ""
        for inner in value if f"{path}[]" not in known else ():
            yield from paths(inner, f"{path}[]", known)
    else:
        yield path


@pytest.fixture
def runs(tmp_path: Path) -> None:
    for cell in ("gru", "lngru"):
        for seed in (1, 2):
            write_run(
                str(tmp_path / "runs" / f"{cell}-{seed}"),
                cell,
                fall(),
                {20: {"error": 0.5}},
                seed=seed,
                data_sha256="0",
                started="2026-01-01T00:00:00+00:00",
            )


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("apply", ["apply", "demo"]),
        ("diff", ["diff", "demo"]),
        ("status", ["status", "demo"]),
        ("revert", ["revert", "demo"]),
        ("curves", ["curves", "runs/gru-1", "runs/gru-2", "runs/lngru-1", "runs/lngru-2"]),
        ("runs", ["runs", "runs"]),
        ("doctor", ["doctor"]),
        ("demo", ["demo"]),
        ("cache info", ["cache", "info"]),
        ("error", ["show", "nothing"]),
    ],
)
@pytest.mark.usefixtures("runs")
def test_the_keys_of_a_document(lnpatch: Run, name: str, command: list[str]) -> None:
    if name in ("diff", "status", "revert"):
        lnpatch("apply", "demo")
    document = json.loads(lnpatch(*command, "--format", "json").out)
    assert document.pop("schema") == 1
    known = documented(name)
    found = set(paths(document, "", known)) - {""}
    # a list that is empty here has its elements' keys on the page
    empty = tuple(key for key in found if key.endswith("[]") and key not in known)
    assert found - set(empty) - known == set()
    missing = known - found
    assert {key for key in missing if not key.startswith(empty) and not key.startswith("studies")} == set()
