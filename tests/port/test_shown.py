"""What the rules and the fixers show in their docstrings is what they do."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.port.convert.code import Code
from lnpatch.port.convert.fixers import run_fixers
from lnpatch.port.convert.rules import Rule, load_rules


def read_example(function: Callable[..., object]) -> list[str]:
    """The three lines that a docstring has as its example."""
    _, _, text = (inspect.getdoc(function) or "").partition("For example::\n\n")
    lines = text.splitlines()
    assert lines[3:4] in ([], [""])
    return textwrap.dedent("\n".join(lines[:3])).splitlines()


def read_diff(function: Callable[..., object]) -> tuple[str, str]:
    """The text before and after, as a docstring shows them."""
    lines = [(line[0], line[1:]) for line in read_example(function)]
    assert {sign for sign, _ in lines} == {" ", "-", "+"}
    sides = ["\n".join(line for sign, line in lines if sign in signs) for signs in (" -", " +")]
    before, after = map(textwrap.dedent, sides)
    return before, after


RULES = {rule.__name__: rule for rule in load_rules()}
REWRITING = [rule for name, rule in RULES.items() if name != "point_out_changes"]


@pytest.mark.parametrize("rule", REWRITING, ids=lambda rule: rule.__name__)
def test_rules(rule: Rule) -> None:
    before, after = read_diff(rule)
    # a generator's yield stands in no function, where only its end is shown
    function = "def function():\n" if "yield" in before else ""
    code = Code(function + textwrap.indent(before, "    " if function else ""))
    rule(code)
    assert code.rewritten_text() == function + textwrap.indent(after, "    " if function else "")
    assert code.remarks == []


def test_the_rule_that_remarks() -> None:
    *lines, remark = read_example(RULES["point_out_changes"])
    code = Code("\n".join([*lines, "    pass\n"]))
    RULES["point_out_changes"](code)
    assert remark.startswith("# remark: ")
    assert code.remarks == [(len(lines), remark.removeprefix("# remark: "))]


def test_fixers(tmp_path: Path) -> None:
    before, after = read_diff(run_fixers)
    assert run_fixers(before, str(tmp_path / "a.py"), False) == (after, [])
