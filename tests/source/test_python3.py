"""Source that only Python 3 reads: left as it is, and edited all the same."""

from __future__ import annotations

import pytest

from lnpatch.errors import SourceSyntaxError
from lnpatch.source import Source
from tests.source.edits import check_identity, rename, write

SOURCES = [
    "async def f(old):\n    async with old: await old\n    async for x in old: pass\n",
    "def f(old: int, /, *, x: str = 'a') -> None:\n    nonlocal y\n",
    "x = f'{old!r:>{width}}' f\"{d['a']}\"\n",
    "if (n := old) > 1: pass\n",
    "match old:\n    case [1, *_] if x: print(x), 1\n    case Point(x=0) | None: pass\n",
    "try: old\nexcept* (A, B) as e: pass\n",
    "x = 1_000 + 0x_ff + old\n",
    "print(x, file=old)\n",
    "print(*old, sep='')\n",
    "print(old, end='') if x else None\n",
    "x: list[int] = [*old, *a]\n",
    "raise E from old\n",
    "x = old @ y\nx @= y\n",
    "x = rb'\\d', bR'\\d', old\n",
    "x = [await y async for y in old]\n",
    "class A(B, metaclass=old): pass\n",
    "é = old\n",
    "x = '\\N{DEGREE SIGN}', old\n",
    "await (old)\n",
]

LATER = [
    pytest.param("type X[T] = list[old]\n", id="3.12 type statement"),
    pytest.param("def f[T](a: T) -> T: return old\n", id="3.12 type parameters"),
    pytest.param('x = f"{d["a"]}" + old\n', id="3.12 nested quotes"),
    pytest.param('x = f"{d["print"]}", old\n', id="3.12 a keyword between nested quotes"),
]


@pytest.mark.parametrize("text", SOURCES + LATER)
def test_python3(text: str) -> None:
    data = text.encode()
    source = check_identity(data)
    assert not source.python2_only
    assert source.module.code == text
    renamed = data.replace(b"old", b"renamed")
    assert write(data, rename("old", "renamed")) == renamed
    assert write(renamed, rename("renamed", "old")) == data


def test_utf8_needs_no_declaration() -> None:
    assert write(b"x: int = old\n", rename("old", "\xe9")) == "x: int = \xe9\n".encode()


def test_python2_wins_where_both_can_read() -> None:
    assert Source.read(b"print >>f, x\n").python2_only


@pytest.mark.skipif("\U0002ebf0".isidentifier(), reason="this Python knows the letter")
def test_refuses_names_of_a_later_unicode() -> None:
    """libcst's parser knows letters that the running Python does not."""
    with pytest.raises(SourceSyntaxError):
        Source.read("\U0002ebf0 = 1\n".encode(), "names.py")
