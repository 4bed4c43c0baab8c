"""The tokenizer: words, positions, brackets, and what it refuses."""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module
from importlib.util import find_spec

import pytest

import lnpatch
from lnpatch.source.tokens import InvalidSource, tokenize

WORDS = [
    ("x = 0777L", ["x", "=", "0777L"]),
    ("1if x else 2", ["1", "if", "x", "else", "2"]),
    ("0xfor x", ["0xf", "or", "x"]),
    ("a <> b", ["a", "<>", "b"]),
    ("`a`", ["`", "a", "`"]),
    ("ur'a' u\"b\" b'c'", ["ur'a'", 'u"b"', "b'c'"]),
    ("'''a'b\n''' ''", ["'''a'b\n'''", "''"]),
    (r"'\'' '\\'", [r"'\''", r"'\\'"]),
    ("'a\\\nb'", ["'a\\\nb'"]),
    ("x # y\\\n", ["x", "\n"]),
    ("(a,\nb)\n", ["(", "a", ",", "b", ")", "\n"]),
    ("a \\\n b\n", ["a", "b", "\n"]),
    ("a\r\rb\r\n", ["a", "\r", "b", "\r\n"]),
    ("1.5e-3j .5 1. 1e5 1_000", ["1.5e-3j", ".5", "1.", "1e5", "1_000"]),
    ("a **= b // c -> d := e", ["a", "**=", "b", "//", "c", "->", "d", ":=", "e"]),
    ("\f\n  é = 1", ["é", "=", "1"]),
    # CPython 3.11.0 to 3.11.4, Debian 12's among them, match possessive quantifiers wrongly: these fell apart there
    ("x = '''a'''; y", ["x", "=", "'''a'''", ";", "y"]),
    ("'''a'b''c\\''' '''", ["'''a'b''c\\''' '''"]),
    ('"""a"b""c\\""" """', ['"""a"b""c\\""" """']),
]

REFUSED = [
    ("x = 1\ny = ?\n", 2, "unexpected '?'"),
    ("x = 'a\n", 1, "unterminated string"),
    ("x = 1\n'''\n\n", 2, "unterminated string"),
    ("x = (\n1\n", 1, "'(' was never closed"),
    ("x = (\n]\n", 2, "unmatched ']'"),
    ("x = 1)\n", 1, "unmatched ')'"),
    ("x = " + "(" * 201 + ")" * 201, 1, "more than 200 brackets are nested"),
]


@pytest.mark.parametrize(("text", "words"), WORDS)
def test_words(text: str, words: list[str]) -> None:
    tokens = tokenize(text)
    assert tokens.words == [*words, ""]
    assert [text[tokens.starts[i] : tokens.end(i)] for i in range(len(words))] == words


@pytest.mark.parametrize(("text", "line", "reason"), REFUSED)
def test_refused(text: str, line: int, reason: str) -> None:
    with pytest.raises(InvalidSource) as caught:
        tokenize(text)
    assert (caught.value.line, caught.value.reason) == (line, reason)


def test_no_pattern_has_possessive_quantifiers() -> None:
    """They mean what an atomic group does, which CPython 3.11.0 to 3.11.4 get right."""
    left_out = ["lnpatch.__main__", *(["lnpatch.torch", "lnpatch.pretrained."] if find_spec("torch") is None else [])]
    names = [module.name for module in pkgutil.walk_packages(lnpatch.__path__, "lnpatch.")]
    modules = [import_module(name) for name in names if not name.startswith(tuple(left_out))]
    patterns = [value for module in modules for value in vars(module).values() if isinstance(value, re.Pattern)]
    texts = [p.pattern if isinstance(p.pattern, str) else p.pattern.decode("latin-1") for p in patterns]
    assert len(texts) > 10
    assert [text for text in texts if re.search(r"(?<!\\)[*+?}]\+", re.sub(r"\[[^]]*\]", "x", text))] == []


@pytest.mark.parametrize(
    ("text", "indent"),
    [
        ("x = 1\n", None),
        ("if a:\n\tb\n", "\t"),
        ("if a:\n  b\nif a:\n    b\nif a:\n    b\n", "    "),
        ("if a:\n    if b:\n      c\n    if b:\n      c\n", "  "),
        ("if a: (b,\n         c)\nif a:\n d\n", " "),
        ("if a:\n    b\nif a:\n  b\n", "    "),
    ],
)
def test_dominant_indent(text: str, indent: str | None) -> None:
    assert tokenize(text).dominant_indent() == indent


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("if a:\n\tb\n  \tc\n", "if a:\n        b\n        c\n"),
        ("x = '''\n\tb\n'''\n\ty\n", "x = '''\n\tb\n'''\n        y\n"),
        ("\f\tx\n", "        x\n"),
        ("x\ty\n", "x\ty\n"),
    ],
)
def test_expand_tabs(text: str, expanded: str) -> None:
    assert tokenize(text).expand_tabs() == expanded
