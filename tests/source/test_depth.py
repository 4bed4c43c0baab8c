"""Texts that nest deeply: read where a parser comes back from them, refused where it may not."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst
import pytest

from lnpatch.errors import LnpatchError, SourceTooDeepError
from lnpatch.source import Source
from lnpatch.source.document import check_syntax

#: A text of a depth, and the word for it.
NESTS: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "x = " + "(" * n + "a" + ")" * n,
    "lists": lambda n: "x = " + "[" * n + "a" + "]" * n,
    "dictionaries": lambda n: "x = " + "{1: " * n + "a" + "}" * n,
    "calls": lambda n: "x = " + "f(" * n + "a" + ")" * n,
}
CHAINS: dict[str, Callable[[int], str]] = {
    "minus": lambda n: "x = " + "-" * n + "a",
    "not": lambda n: "x = " + "not " * n + "a",
    "lambda": lambda n: "x = " + "lambda: " * n + "a",
    "lambda-with-parameters": lambda n: "x = " + "lambda a=1, b=2: " * n + "a",
    "elif": lambda n: "if x: pass\n" + "elif x: pass\n" * n,
    "attributes": lambda n: "x = a" + ".a" * n,
    "imports": lambda n: "import a" + ".a" * n,
    "sum": lambda n: "x = " + "a + " * n + "a",
    "sum-on-lines": lambda n: "x = (" + "a +\n  " * n + "a)",
    "power": lambda n: "x = " + "a ** " * n + "a",
    "or": lambda n: "x = " + "a or " * n + "a",
    "conditionals": lambda n: "x = " + "a if b else " * n + "c",
    "called-again": lambda n: "x = a" + "()" * n,
    "subscripts": lambda n: "x = a" + "[0]" * n,
    "conditions": lambda n: "x = [a for a in b " + "if a " * n + "]",
    "backquotes": lambda n: "x = " + "`a` + " * n + "a",
}


def read_and_add(text: str) -> None:
    """Read a text, and add a statement."""
    data = f"{text}\ny = 1\n".encode()
    source = Source.read(data, "a.py")
    edited = source.module.with_changes(body=[*source.module.body, cst.parse_statement("z = 2\n")])
    assert source.write(edited) == data + b"z = 2\n"


@pytest.mark.parametrize("kind", [*NESTS, *CHAINS])
def test_what_people_write_is_read(kind: str) -> None:
    read_and_add((NESTS | CHAINS)[kind](90))


@pytest.mark.parametrize(
    "kind", ["minus", "elif", "sum", "or", "attributes", "imports", "lambda", "called-again", "subscripts"]
)
def test_up_to_the_bound_everything_works(kind: str) -> None:
    read_and_add(CHAINS[kind](480))


#: What a field of an f-string holds, to a depth.
FIELDS: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "{" + "(" * n + "a" + ")" * n + "}",
    "fields": lambda n: "{a" + ":{a" * n + "}" * n + "}",
    "f-strings": lambda n: '{a + f"' * n + "{a}" + '"}' * n,
    "subscripts": lambda n: "{a" + "[0]" * n + "}",
    "sum": lambda n: "{a" + " + a" * n + "!r:>{w}}",
    "lambda": lambda n: "{(" + "lambda a, b: " * n + "a)}",
    "strings-between": lambda n: "{a" + ' + "," + a' * n + "}",
}
#: What holds it, and its quotes.
FSTRINGS = ["f'", "x = a, rF'''b{{\n", "x = [t'\\", "f(a, b=f'}}{a:{b}}"]
BEHIND = ["'", "'''", "' 'a']", "{c}', d=1)"]


@pytest.mark.parametrize("around", [*zip(FSTRINGS, BEHIND, strict=True)])
@pytest.mark.parametrize("kind", FIELDS)
def test_within_fstrings(kind: str, around: tuple[str, str]) -> None:
    before, behind = around
    if kind != "f-strings":
        read_and_add(before + FIELDS[kind](60) + behind)
    for depth in (1001, 10_000):
        with pytest.raises(SourceTooDeepError):
            Source.read((before + FIELDS[kind](depth) + behind).encode(), "a.py")


@pytest.mark.parametrize("depth", [1001, 20_000])
@pytest.mark.parametrize("kind", [*NESTS, *CHAINS])
def test_beyond_it_is_refused(kind: str, depth: int) -> None:
    data = f"a = 1\n{(NESTS | CHAINS)[kind](depth)}\n".encode()
    for read in (Source.read, check_syntax):
        with pytest.raises(SourceTooDeepError) as refused:
            read(data, "a.py")
        assert refused.value.message.startswith("a.py:")


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param("f'{' ' + " + "(" * 3000, id="string-in-a-string"),
        pytest.param("f'{a['" + "(" * 3000 + "']}'", id="quotes-in-an-f-string"),
        pytest.param("x = '\n" + "(" * 3000, id="unterminated"),
        pytest.param("x = '\n" + "-" * 3000, id="unterminated-operators"),
        pytest.param("x = $\n" + "[" * 3000 + "]" * 3000, id="no-token"),
        pytest.param("(]\n" + "f(" * 3000, id="unmatched"),
        pytest.param("x = f'{a" + "\n[0]" * 1500 + "}'", id="lines-in-a-field"),
        pytest.param("x = f'{(" + "a+\n" * 1500 + "a)}'", id="operators-in-a-field"),
        pytest.param("x = f'{(" + "a,\n[0][0]" * 500 + ")'", id="a-field-that-is-not-closed"),
        pytest.param("x = '\nif a: pass\n" + "elif a: pass\n" * 10_000, id="unterminated-elif"),
    ],
)
def test_what_hides_it_does_not_help(hidden: str) -> None:
    with pytest.raises(LnpatchError, match=r"a\.py:\d+"):
        Source.read(hidden.encode(), "a.py")


def test_a_thousand_strings_in_a_row() -> None:
    read_and_add("x = (" + "'a'\n  " * 1500 + ")")


@pytest.mark.slow
def test_long_is_not_deep() -> None:
    for text in (
        "x = [" + "a + b, " * 5000 + "]",
        "x = {" + "1: a.b.c, " * 3000 + "}",
        "f(" + "a=b(c), " * 3000 + ")",
        "a.b.c()\n" * 3000,
        "x = {" + "f'{a}': f(a.b[c]), " * 3000 + "}",
        "x = f'''" + "<a href='{u}'>--- (({{</a>\n" * 2000 + "'''",
        "x = f'{f(" + "a.b + c, " * 1000 + ")}'",
        "if a: pass\n" + "elif b: pass\n" * 400 + "if a: pass\n" + "elif b: pass\n" * 400,
    ):
        read_and_add(text)


def test_depths_add_up() -> None:
    """Chains within brackets within chains nest as one."""
    inner = "a" + ".a" * 100
    with pytest.raises(SourceTooDeepError):
        read_and_add("x = " + f"f({'a + ' * 100}" * 12 + inner + ")" * 12)
