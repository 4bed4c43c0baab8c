"""Regular expressions that may take for ever, and those that may not."""

from __future__ import annotations

import pytest

from lnpatch.recipes import known_recipes
from lnpatch.recipes.job import Job
from lnpatch.recipes.patterns import has_nested_repeats

EVIL = [
    "(a+)+$",
    "(a*)*b",
    "(?:(?:a|b)+c?)+x",
    "(a{2,})+",
    "((a{0,200})b?){1,}",
    "(?P<x>(?P<y>\\d+)*)+",
    "(?=(a+)+)b",
    "(a+?)+?b",
]
GOOD = ["a+b+", "(a{1,3})+", "(ab){1,3}", r"(?P<error>\S+)\s+x", "(a+){1,50}", "[ab]+", "(a|b)+"]


@pytest.mark.parametrize("pattern", EVIL)
def test_evil(pattern: str) -> None:
    assert has_nested_repeats(pattern)
    problems = dict(Job("train:trainer", validation=(f"(?P<figure>{pattern})",)).problems())
    assert "for ever" in problems["validation[0]"]


@pytest.mark.parametrize("pattern", GOOD)
def test_good(pattern: str) -> None:
    assert not has_nested_repeats(pattern)


def test_those_of_the_recipes_are_good() -> None:
    assert not [
        pattern
        for recipe in known_recipes()
        for job in recipe.jobs.values()
        for pattern in job.validation
        if has_nested_repeats(pattern)
    ]
