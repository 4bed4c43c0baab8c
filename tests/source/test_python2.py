"""Each construct of Python 2: read, edited next to it, written back; and what is left to libcst as it stands."""

from __future__ import annotations

import re

import pytest

from lnpatch.source import Source, check_syntax
from tests.source.edits import check_identity, rename, write

MASKED = [
    # print
    'print "x", old\n',
    "print old,\n",
    "print>>old\n",
    "print >>f, old,\n",
    "print >> \\\n  f, old\n",
    "print -old\n",
    "print [old]\n",
    "print .5, old\n",
    "print `old`\n",
    "print not old\n",
    "print lambda: old\n",
    'print ("%d") % old\n',
    "print (old).x\n",
    "print (a)[old]\n",
    "if a: print old; print\n",
    "for a in old: print a\nelse: print a\n",
    "class A: print old\n",
    "try: print old\nfinally: print a\n",
    "while {1: lambda: old}: print old\n",
    # exec
    "exec old\n",
    'exec "code" in old\n',
    "exec(old) in ns\n",
    "exec code in a, old\n",
    # raise
    "raise E, old\n",
    "raise E, old, tb\n",
    "raise E, not old; x = 1\n",
    "raise (lambda a, b: old), lambda a, b: old, tb\n",
    "raise a if b else c, old\n",
    # except
    "try:\n  a\nexcept E, old:\n  b\n",
    "try: a\nexcept (E, F), old: b\n",
    "try: a\nexcept E, (old, d): b\n",
    "try: a\nexcept E,d[old]: b\n",
    # numbers
    "x = old, 0777, 10L, 0xFFl, 0b1L, 00L\n",
    "x = 0777if old else 0L\n",
    "x = -0777 .real + old\n",
    # strings
    "x = ur'\\d', uR'''\\d''', old\n",
    "x = Ur'' 'a', old\n",
    "x = '\\u', '\\N', '\\U1', old\n",
    "x = b'a' 'b', b'a' u'b', old\n",
    # operators
    "x = old <> 1\n",
    "x = old <>1<> 2\n",
    "x = `old`, `1, old`, `a + `old``\n",
    "x = [`old`]\n",
    # tuple parameters
    "def f(a, (b, (c, d)), e=old): pass\n",
    "def f((b,\n   c), # d\n   e=old): pass\n",
    "def f(a=lambda x, y: 0, (b, c)=old): pass\n",
    "x = lambda (a, b), (c,): old\n",
    "x = lambda a, (b, c)=(1, 2): old\n",
    # comprehensions
    "x = [a for a in 1, old]\n",
    "x = [a for a in 1, old,]\n",
    "x = [a for a in 1, 2 if old]\n",
    "x = [a for b in old for a in 1, b]\n",
    "x = [a() for a in lambda: 1, lambda: old]\n",
    "x = [[b for b in 1, 0L] for a in 1, old]\n",
    # names
    "async = await = nonlocal = old\n",
    "old.async(await=1)\n",
    "def await(a): return old.await(1)\n",
    "from a import async as nonlocal; x = old\n",
    "True = old\n",
    "True, False = old, 0\n",
    "x = old.True\n",
    "def f(True=old): pass\n",
    # what Python 3 might mean, in a file that is Python 2 for another reason
    "print (a), old\nprint a\n",
    "print (a) if b else old\nprint a\n",
]

NATURAL = [
    "print(old)\n",
    'print ("a", old)\n',
    "print\nx = old\n",
    "if a: print(old); print (a)\n",
    "exec(old)\n",
    "raise E(old)\n",
    "try: a\nexcept (E, F): old\n",
    "try: a\nexcept E as e: old\n",
    "x = 0o777, 0, 00, 0xFF, 077.5, 09e1, 017j, old\n",
    "x = u'a', b'a', r'a', br'a', old\n",
    "x = u'\\u00e9', '\\u00e9', old\n",
    "x = [a for a in (1, old)]\n",
    "x = True, old == False\n",
    "f(print=old)\n",
    "x.print(old)\n",
    "from __future__ import print_function\nprint(old), a\nprint -a\n",
    "print(old), a\n",
    "print(old) if a else b\n",
    "print = old\n",
    "print: old\n",
    "lambda: print(old) % 1\n",
]


@pytest.mark.parametrize("text", MASKED)
def test_masked(text: str) -> None:
    _check_rename(text)
    assert Source.read(text.encode()).python2_only


@pytest.mark.parametrize("text", NATURAL)
def test_natural(text: str) -> None:
    _check_rename(text)
    source = Source.read(text.encode())
    assert not source.python2_only
    assert source.module.code == text


def _check_rename(text: str) -> None:
    data = text.encode()
    check_identity(data)
    check_syntax(data, "m.py")
    edited = write(data, rename("old", "renamed"))
    assert edited == data.replace(b"old", b"renamed")
    assert write(edited, rename("renamed", "old")) == data


def test_placeholders_know_their_tokens() -> None:
    source = Source.read(b"print 0777, `x`\n")
    module = source.module
    names = re.findall(r"\w+", module.code)
    assert [source.original_token(name) for name in names] == ["print", "0777", "`", None, "`"]
    assert source.restore_tokens(module.code) == source.text
    assert source.restore_tokens(names[0]) == "print"


def test_names_that_look_like_placeholders() -> None:
    name = next(iter(Source.read(b"print 0777\n").module.code.split(",")))
    data = f"print {name}, {name}_, 0777, old\n".encode()
    check_identity(data)
    assert Source.read(data).original_token(name) is None
    assert write(data, rename("old", "x")) == data.replace(b"old", b"x")


def test_a_statement_may_move() -> None:
    data = b"print 1, 0777\nx = 1\n"
    moved = write(data, lambda module: module.with_changes(body=module.body[::-1]))
    assert moved == b"x = 1\nprint 1, 0777\n"


def test_a_statement_may_go() -> None:
    data = b"print >>f, `1`\nx = 1\n"
    assert write(data, lambda module: module.with_changes(body=module.body[1:])) == b"x = 1\n"
