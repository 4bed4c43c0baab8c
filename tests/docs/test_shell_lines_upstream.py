"""The commands of README and pages, one after another on the real repositories, as a reader would paste them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.recipes import known_recipes
from tests.conftest import Output
from tests.docs.shell_lines import LINES, ShellLine

pytestmark = pytest.mark.upstream

Run = Callable[..., Output]
Clone = Callable[[str], Path]

#: What only a reader has: what a command that names it says to be missing, and its exit code.
BROUGHT = {
    "books.txt": ("books.txt", 3),
    "english.txt": ("english.txt", 3),
    "lngru_may13_1700000.npz": ("lngru_may13_1700000.npz", 3),
    "--task": ("runs/ln", 3),
    "runs/smoke": ("runs/smoke", 3),
    "runs/skip-thoughts/*": ("runs/skip-thoughts/*", 3),
    "study": ("study", 3),
}


def needs(line: ShellLine) -> tuple[str, int] | None:
    """What a command says to be missing, and with which exit code; None for one that has all it needs."""
    return next((said for word, said in BROUGHT.items() if word in line.words), None)


@pytest.mark.parametrize("page", sorted({line.page for line in LINES}))
def test_they_do_what_the_page_says(
    lnpatch: Run, upstream: Clone, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for recipe in known_recipes():
        if recipe.repository.url:
            clone = upstream(recipe.name)
            mirror = tmp_path / "mirror" / recipe.repository.directory
            mirror.parent.mkdir(exist_ok=True)
            mirror.symlink_to(clone)
    monkeypatch.setenv("LNPATCH_MIRROR", str(tmp_path / "mirror"))
    lines = [line for line in LINES if line.page == page]
    applied = {line.words[1] for line in lines if line.words[0] == "apply"}
    for target in {word for line in lines for word in line.words} & {
        recipe.name for recipe in known_recipes()
    } - applied:
        assert lnpatch("apply", target).code == 0  # as another page says
    failed = []
    for line in lines:
        with monkeypatch.context() as patched:
            if line.words[0] == "cache":  # not that of whoever runs the tests
                patched.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
            done = lnpatch(*line.words)
        missing = needs(line)
        if missing is None and done.code:
            failed.append(f"{line}: {shlex.join(line.words)}: {done.err}")
        elif missing is not None and (done.code != missing[1] or missing[0] not in done.err):
            failed.append(f"{line}: {shlex.join(line.words)}: exit code {done.code}: {done.err}{os.linesep}")
    assert failed == []
