"""Patterns in recipes: what cannot be compiled, and what may take for ever on one line, is refused when a recipe is read."""

from __future__ import annotations

import pytest

from lnpatch.recipes import known_recipes
from lnpatch.recipes.patterns import find_pattern_problem


def test_the_known_recipes_have_good_ones() -> None:
    patterns = [pattern for recipe in known_recipes() for job in recipe.jobs.values() for pattern in job.validation]
    assert len(patterns) > 2
    assert [find_pattern_problem(pattern) for pattern in patterns] == [""] * len(patterns)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<a>\S+)",
        r"(?i)valid: (?:about )?(?P<a>-?[\d.]+(?:e-?\d+)?)",
        r"(?P<a>x{3})(?P<b>(?:ab){4})",
        r"(?P<a>.*), .*, (?P<b>.*)",
        r"(?P<a>one|two)",
        r"(?P<a>x)(?=y)(?(a)y|z)",
    ],
)
def test_what_is_taken(pattern: str) -> None:
    assert find_pattern_problem(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        pytest.param("(?P<a>", "not a regular expression", id="open"),
        pytest.param("(?P<a>x{99999999999999999999})", "not a regular expression", id="repeat"),
        pytest.param("(?P<a>x){2}{3}", "not a regular expression", id="repeat of a repeat"),
        pytest.param("(" * 3000 + "(?P<a>x)" + ")" * 3000, "longer than", id="deep"),
        pytest.param("x", "named groups", id="no groups"),
        pytest.param("", "named groups", id="empty"),
        pytest.param("(?P<a>(x+x+)+y)", "for ever", id="plus in plus"),
        pytest.param("(?P<a>(?:x*)*y)", "for ever", id="star in star"),
        pytest.param("(?P<a>(?:x*?)*?y)", "for ever", id="lazy"),
        pytest.param("(?P<a>(x|x)*y)", "for ever", id="choice"),
        pytest.param("(?P<a>(?:x?){50}x{50})", "for ever", id="optional in a count"),
        pytest.param("(?P<a>((x{1,9}){9}){9})", "for ever", id="counts in counts"),
        pytest.param("(?P<a>(?=(x+)+y))", "for ever", id="in a look-ahead"),
        pytest.param("(?P<a>.*.*.*.*y)", "for ever", id="many wide ones"),
        pytest.param(r"(?P<a>[^x]*[^y]*\S*\w*)", "for ever", id="many wide sets"),
    ],
)
def test_what_is_refused(pattern: str, words: str) -> None:
    assert words in find_pattern_problem(pattern)
