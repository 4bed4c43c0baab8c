"""Tables of layers: in any scope, filled in any of the ways that repositories have; and what is none."""

import textwrap

import pytest

from lnpatch.conventions import find_layer_tables
from lnpatch.source import Source
from lnpatch.source.document import Source as Document

FUNCTIONS = "def param_init_gru(): pass\ndef gru_layer(): pass\n"


def tables_in(text: str) -> list[tuple[str, str, int, list[tuple[str, str, str, int]]]]:
    module: Document = Source.read(textwrap.dedent(text).encode(), "nmt.py")
    return [
        (t.name, t.scope, t.line, [(p.cell, p.initializer, p.layer, p.line) for p in t.pairs])
        for t in find_layer_tables(module.module, "nmt.py")
    ]


GRU = ("gru", "param_init_gru", "gru_layer")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "layers = {'gru': ('param_init_gru', 'gru_layer')}", [("layers", "", 1, [(*GRU, 1)])], id="a literal"
        ),
        pytest.param(
            "layers = dict(gru=['param_init_gru', 'gru_layer'])", [("layers", "", 1, [(*GRU, 1)])], id="dict()"
        ),
        pytest.param(
            "layers = dict()\nlayers['gru'] = ('param_init_gru', 'gru_layer')\n",
            [("layers", "", 1, [(*GRU, 2)])],
            id="filled by items",
        ),
        pytest.param(
            """\
            def get_new_layer(name):
                print 'Python 2', name
                layers = {
                    'gru': ('param_init_gru', 'gru_layer'),
                }
                return layers[name]
            """,
            [("layers", "get_new_layer", 3, [(*GRU, 4)])],
            id="in a function",
        ),
        pytest.param(
            "class Model(object):\n    table = {'gru': ('param_init_gru', 'gru_layer')}\n",
            [("table", "Model", 2, [(*GRU, 2)])],
            id="in a class",
        ),
        pytest.param(
            "a = {'gru': ('param_init_gru', 'gru_layer')}\nb = {'lm.gru': ('param_init_gru', 'gru_layer')}\n",
            [("a", "", 1, [(*GRU, 1)]), ("b", "", 2, [("lm.gru", *GRU[1:], 2)])],
            id="several",
        ),
        pytest.param(
            "from cells import *\nlayers = {'gru': ('param_init_gru', 'gru')}\n",
            [("layers", "", 2, [("gru", "param_init_gru", "gru", 2)])],
            id="functions of another file",
        ),
    ],
)
def test_tables(text: str, expected: list[object]) -> None:
    assert tables_in(text) == expected
    moved = [(name, scope, line + 2, [(*pair, at + 2) for *pair, at in pairs]) for name, scope, line, pairs in expected]  # type: ignore[misc]
    assert tables_in(FUNCTIONS + textwrap.dedent(text)) == moved


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("layers = {'gru': (param_init_gru, gru_layer)}", id="the functions themselves"),
        pytest.param("words = {'yes': ('ja', 'jawohl')}", id="pairs of words"),
        pytest.param("layers = {'gru': ('param_init_gru',)}", id="no pair"),
        pytest.param("layers = {'gru': ('param init', 'gru layer')}", id="no names"),
        pytest.param("layers = {}", id="nothing in it"),
        pytest.param("layers[name] = ('param_init_gru', 'gru_layer')", id="a table of elsewhere"),
    ],
)
def test_what_is_none(text: str) -> None:
    assert tables_in(FUNCTIONS + text) == []


def test_the_last_entry_of_a_cell_counts() -> None:
    text = FUNCTIONS + "layers = {'gru': ('param_init_gru', 'old'), 'gru': ('param_init_gru', 'gru_layer')}"
    (table,) = find_layer_tables(Source.read(text.encode(), "nmt.py").module, "nmt.py")
    pair = table.get("gru")
    assert pair is not None
    assert pair.layer == "gru_layer"
    assert table.get("lstm") is None
