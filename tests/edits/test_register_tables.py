"""`register`: calls of dict(), tables of several forms, and what a recipe may say."""

from __future__ import annotations

import textwrap

import libcst as cst
import pytest

from lnpatch import syntax
from lnpatch.edits import EditState
from lnpatch.edits.register import RegisterLayer
from tests.edits.helpers import VALUES, run

EDIT = RegisterLayer(file="layers.py", table="layers", key="{cell}", value=("param_init_{cell}", "{cell}_layer"))
ENTRY = "('param_init_lngru', 'lngru_layer')"

#: (name, before, after)
CHANGED = [
    ("one keyword", "layers = dict(gru=('c', 'd'))\n", f"layers = dict(gru=('c', 'd'), lngru={ENTRY})\n"),
    (
        "one keyword over lines",
        "layers = dict(\n    gru=('c', 'd')\n)\n",
        f"layers = dict(\n    gru=('c', 'd'),\n    lngru={ENTRY}\n)\n",
    ),
    (
        "one keyword over lines, trailing comma",
        "layers = dict(\n    gru=('c', 'd'),\n)\n",
        f"layers = dict(\n    gru=('c', 'd'),\n    lngru={ENTRY},\n)\n",
    ),
    (
        "no trailing comma, with a comment",
        "layers = dict(\n    ff=('a', 'b'),\n    gru=('c', 'd')  # gru\n)\n",
        f"layers = dict(\n    ff=('a', 'b'),\n    gru=('c', 'd'),  # gru\n    lngru={ENTRY}\n)\n",
    ),
    (
        "as the last one of its form",
        "layers = dict(ff=('a', 'b'), gru=[\"c\", \"d\"])\n",
        'layers = dict(ff=(\'a\', \'b\'), gru=["c", "d"], lngru=["param_init_lngru", "lngru_layer"])\n',
    ),
    (
        "keywords of another form",
        "layers = dict(gru=('c', 'd'), count=3)\n",
        f"layers = dict(gru=('c', 'd'), count=3, lngru={ENTRY})\n",
    ),
    (
        "as the last one of strings, not as the last one",
        'layers = dict(gru=["c", "d"], count=3, three=("a", "b", "c"))\n',
        'layers = dict(gru=["c", "d"], count=3, three=("a", "b", "c"), lngru=["param_init_lngru", "lngru_layer"])\n',
    ),
    (
        "blanks around the equal sign",
        "layers = dict(gru = ('c', 'd'))\n",
        f"layers = dict(gru = ('c', 'd'), lngru = {ENTRY})\n",
    ),
    (
        "a dictionary in a call",
        "layers = dict({'gru': ('c', 'd')})\n",
        f"layers = dict({{'gru': ('c', 'd')}}, lngru={ENTRY})\n",
    ),
    (
        "as the last keyword is written",
        "layers = dict(ff = ('a', 'b'), gru=('c', 'd'))\n",
        f"layers = dict(ff = ('a', 'b'), gru=('c', 'd'), lngru={ENTRY})\n",
    ),
    (
        "as the last two entries are apart",
        "layers = {'a': ('a', 'b'), 'b': ('a', 'b'),\n          'c': ('a', 'b')}\n",
        f"layers = {{'a': ('a', 'b'), 'b': ('a', 'b'),\n          'c': ('a', 'b'),\n          'lngru': {ENTRY}}}\n",
    ),
    (
        "entries of several forms",
        "layers = {'gru': ('c', 'd'), 'count': 3}\n",
        f"layers = {{'gru': ('c', 'd'), 'count': 3, 'lngru': {ENTRY}}}\n",
    ),
    (
        "entries of several forms, the strings behind",
        "layers = {'count': 3, 'gru': ('c', 'd')}\n",
        f"layers = {{'count': 3, 'gru': ('c', 'd'), 'lngru': {ENTRY}}}\n",
    ),
    (
        "a comment behind the last colon only",
        "layers = {\n    'ff' : ('a', 'b'),\n    'gru': # plain\n        ('c', 'd'),\n}\n",
        f"layers = {{\n    'ff' : ('a', 'b'),\n    'gru': # plain\n        ('c', 'd'),\n    'lngru': {ENTRY},\n}}\n",
    ),
    (
        "a comment behind the first colon only",
        "layers = {\n    'ff': # plain\n        ('a', 'b'),\n    'gru' : ('c', 'd'),\n}\n",
        f"layers = {{\n    'ff': # plain\n        ('a', 'b'),\n    'gru' : ('c', 'd'),\n    'lngru' : {ENTRY},\n}}\n",
    ),
    (
        "two names",
        "table = layers = {'gru': ('c', 'd')}\n",
        f"table = layers = {{'gru': ('c', 'd'), 'lngru': {ENTRY}}}\n",
    ),
    (
        "other tables beside it",
        "others = {}\nothers[KEY] = 1\nothers.pop('x')\ndel others['y']\nlayers = {'gru': ('c', 'd')}\n",
        "others = {}\nothers[KEY] = 1\nothers.pop('x')\ndel others['y']\n"
        f"layers = {{'gru': ('c', 'd'), 'lngru': {ENTRY}}}\n",
    ),
    (
        "numbers for keys",
        "layers = {1: ('a', 'b'), 'gru': ('c', 'd')}\n",
        f"layers = {{1: ('a', 'b'), 'gru': ('c', 'd'), 'lngru': {ENTRY}}}\n",
    ),
]

#: (source, state, part of the message, line, candidates)
REFUSED = [
    ("layer_table = make()\n", EditState.NOT_FOUND, "no dictionary layers", 0, ()),
    ("layers = {}\nlayers['gru'] += 1\n", EditState.NOT_FOUND, "cannot be read from the file (line 2)", 0, ()),
    ("layers = {}\nlayers['a', 'b'] = 1\n", EditState.NOT_FOUND, "cannot be read from the file (line 2)", 0, ()),
    ("layers = {}\nlayers[:] = []\n", EditState.NOT_FOUND, "cannot be read from the file (line 2)", 0, ()),
    ("layers = dict(**more)\n", EditState.NOT_FOUND, "cannot be read from the file (line 1)", 0, ()),
    ("layers = dict({'gru': 1}, **more)\n", EditState.NOT_FOUND, "cannot be read from the file (line 1)", 0, ()),
    ("\nlayers = dict({KEY: ('a', 'b')})\n", EditState.NOT_FOUND, "cannot be read from the file (line 2)", 0, ()),
    ("layers = other({})\n", EditState.NOT_FOUND, "cannot be read from the file (line 1)", 0, ()),
    ("\nlayers = dict(gru=3)\n", EditState.NOT_FOUND, "not of 2 strings", 2, ("3",)),
    ("layers = dict(gru=('a', 'b', 'c'))\n", EditState.NOT_FOUND, "not of 2 strings", 1, ("('a', 'b', 'c')",)),
    ("layers = {'a': 1, 'b': 2, 'c': 3, 'd': 4}\n", EditState.NOT_FOUND, "not of 2 strings", 1, ("2", "3", "4")),
    ("\n\nlayers = dict(\n    lngru=4)\n", EditState.COLLISION, "layers['lngru'] is 4", 4, ()),
    ("layers = {}\nlayers.update({'x': 1}, lngru=5)\n", EditState.COLLISION, "is 5", 2, ()),
    ("layers = {'lngru': 1}\nlayers['lngru'] = 2\n", EditState.COLLISION, "is 2", 2, ()),
    ("layers = dict({'lngru': 6})\n", EditState.COLLISION, "is 6", 1, ()),
]


@pytest.mark.parametrize(("before", "after"), [case[1:] for case in CHANGED], ids=[case[0] for case in CHANGED])
def test_changed(before: str, after: str) -> None:
    result = run(EDIT, before)
    assert (result.source, result.state) == (after, EditState.TO_DO)
    assert run(EDIT, after).state is EditState.IN_PLACE


@pytest.mark.parametrize(("source", "state", "detail", "line", "candidates"), REFUSED)
def test_refused(source: str, state: EditState, detail: str, line: int, candidates: tuple[str, ...]) -> None:
    result = run(EDIT, source)
    assert (result.source, result.state) == (source, state)
    assert detail in result.finding.detail
    assert (result.finding.line, result.finding.candidates) == (line, candidates)


def test_a_key_that_is_no_keyword() -> None:
    edit = RegisterLayer(file="layers.py", table="layers", key="ln-{baseline}", value=("a", "b"))
    call = textwrap.dedent("""
        import x
        layers = dict(gru=('c', 'd'))
    """)
    result = run(edit, call)
    assert (result.source, result.state, result.finding.line) == (call, EditState.NOT_FOUND, 3)
    assert "a call of dict(), which cannot have the key 'ln-gru'" in result.finding.detail
    assert run(edit, "layers = {}\n").source == "layers = {'ln-gru': ('a', 'b')}\n"


def test_what_is_known_of_a_table_that_cannot_be_read_whole() -> None:
    module = cst.parse_module("d = dict(**base, a=1)\nd[KEY] = 2\nd['b'] = 3\n")
    table = syntax.find_table(module, "d", complete=False)
    assert not isinstance(table, syntax.NoUniqueMatch)
    assert table.is_call
    assert [(entry.key, module.code_for_node(entry.value)) for entry in table.entries] == [("a", "1"), ("b", "3")]
    assert isinstance(syntax.find_table(module, "d"), syntax.NoUniqueMatch)


@pytest.mark.parametrize(
    "source", ["d = {}\nd.update(more, a=1)\n", "d = {**more}\n", "d = {KEY: 1}\n", "d = {1: 2}\n"]
)
def test_entries_that_are_not_certain_are_left_out(source: str) -> None:
    table = syntax.find_table(cst.parse_module(source), "d", complete=False)
    assert not isinstance(table, syntax.NoUniqueMatch)
    assert table.entries == ()


@pytest.mark.parametrize(("table", "problems"), [("layers", []), ("a.b", ["table"]), ("", ["table"])])
def test_the_name_of_the_table(table: str, problems: list[str]) -> None:
    edit = RegisterLayer(file="layers.py", table=table, key="{cell}", value=("a", "b"))
    assert [where for where, _ in edit.problems()] == problems


def test_what_it_says_of_itself() -> None:
    assert list(EDIT.texts()) == [("key", "{cell}"), ("value[0]", "param_init_{cell}"), ("value[1]", "{cell}_layer")]
    assert EDIT.names(VALUES) == ["layers['lngru']"]
    assert EDIT.describe(VALUES) == "register 'lngru': ('param_init_lngru', 'lngru_layer') in layers"
