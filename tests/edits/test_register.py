"""`register`: an entry in the table of layers, in the style of its neighbours."""

import textwrap

import pytest

from lnpatch.edits import EditState
from lnpatch.edits.register import RegisterLayer
from tests.edits.helpers import run

EDIT = RegisterLayer(file="layers.py", table="layers", key="{cell}", value=("param_init_{cell}", "{cell}_layer"))

#: (name, before, after).
CHANGED = [
    (
        "one line",
        "layers = {'ff': ('a', 'b')}\n",
        "layers = {'ff': ('a', 'b'), 'lngru': ('param_init_lngru', 'lngru_layer')}\n",
    ),
    (
        "one line, trailing comma",
        "layers = {'ff': ('a', 'b'), 'gru': ('c', 'd'),}\n",
        "layers = {'ff': ('a', 'b'), 'gru': ('c', 'd'), 'lngru': ('param_init_lngru', 'lngru_layer'),}\n",
    ),
    (
        "no blanks",
        "layers={'ff':('a','b'),'gru':('c','d')}\n",
        "layers={'ff':('a','b'),'gru':('c','d'),'lngru':('param_init_lngru','lngru_layer')}\n",
    ),
    (
        "double quotes",
        'layers = {"ff": ("a", "b")}\n',
        'layers = {"ff": ("a", "b"), "lngru": ("param_init_lngru", "lngru_layer")}\n',
    ),
    (
        "unicode literals",
        "layers = {u'ff': (u'a', u'b')}\n",
        "layers = {u'ff': (u'a', u'b'), u'lngru': (u'param_init_lngru', u'lngru_layer')}\n",
    ),
    (
        "lists for values",
        "layers = {'gru': ['c', 'd']}\n",
        "layers = {'gru': ['c', 'd'], 'lngru': ['param_init_lngru', 'lngru_layer']}\n",
    ),
    (
        "comment behind the table",
        "layers = {'gru': ('c', 'd')}  # all\n",
        "layers = {'gru': ('c', 'd'), 'lngru': ('param_init_lngru', 'lngru_layer')}  # all\n",
    ),
    (
        "aligned, trailing comma, brace on its own line",
        """\
        layers = {'ff': ('a', 'b'),
                  'gru': ('c', 'd'),
                  }
        """,
        """\
        layers = {'ff': ('a', 'b'),
                  'gru': ('c', 'd'),
                  'lngru': ('param_init_lngru', 'lngru_layer'),
                  }
        """,
    ),
    (
        "aligned, no trailing comma, brace on the last line",
        """\
        layers = {'ff': ('a', 'b'),
                  'gru': ('c', 'd')}
        """,
        """\
        layers = {'ff': ('a', 'b'),
                  'gru': ('c', 'd'),
                  'lngru': ('param_init_lngru', 'lngru_layer')}
        """,
    ),
    (
        "hanging, no trailing comma",
        """\
        layers = {
            'ff': ('a', 'b'),
            'gru': ('c', 'd')
        }
        """,
        """\
        layers = {
            'ff': ('a', 'b'),
            'gru': ('c', 'd'),
            'lngru': ('param_init_lngru', 'lngru_layer')
        }
        """,
    ),
    (
        "comments behind entries",
        """\
        layers = {
            'ff': ('a', 'b'),  # ff
            'gru': ('c', 'd'),  # gru
        }
        """,
        """\
        layers = {
            'ff': ('a', 'b'),  # ff
            'gru': ('c', 'd'),  # gru
            'lngru': ('param_init_lngru', 'lngru_layer'),
        }
        """,
    ),
    (
        "comment behind the last entry, no trailing comma",
        """\
        layers = {
            'ff': ('a', 'b'),  # ff
            'gru': ('c', 'd')  # gru
        }
        """,
        """\
        layers = {
            'ff': ('a', 'b'),  # ff
            'gru': ('c', 'd'),  # gru
            'lngru': ('param_init_lngru', 'lngru_layer')
        }
        """,
    ),
    (
        "comments and blank lines between entries",
        """\
        layers = {
            # first
            'ff': ('a', 'b'),

            # second
            'gru': ('c', 'd'),
            # 'old': ('x', 'y'),
        }
        """,
        """\
        layers = {
            # first
            'ff': ('a', 'b'),

            # second
            'gru': ('c', 'd'),
            'lngru': ('param_init_lngru', 'lngru_layer'),
            # 'old': ('x', 'y'),
        }
        """,
    ),
    (
        "comments inside of a value",
        """\
        layers = {
            "gru": ("c",  # initializer
                    "d"),
        }
        """,
        """\
        layers = {
            "gru": ("c",  # initializer
                    "d"),
            "lngru": ("param_init_lngru", "lngru_layer"),
        }
        """,
    ),
    (
        "a comment behind the colon",
        """\
        layers = {
            'gru': # plain
                ('c', 'd'),
        }
        """,
        """\
        layers = {
            'gru': # plain
                ('c', 'd'),
            'lngru': ('param_init_lngru', 'lngru_layer'),
        }
        """,
    ),
    (
        "commas first",
        """\
        layers = { 'ff': ('a', 'b')  # ff
                 , 'gru': ('c', 'd')  # gru
                 }
        """,
        """\
        layers = { 'ff': ('a', 'b')  # ff
                 , 'gru': ('c', 'd')  # gru
                 , 'lngru': ('param_init_lngru', 'lngru_layer')
                 }
        """,
    ),
    (
        "one entry on a line of its own",
        """\
        layers = {
            'gru': ('c', 'd')
        }
        """,
        """\
        layers = {
            'gru': ('c', 'd'),
            'lngru': ('param_init_lngru', 'lngru_layer')
        }
        """,
    ),
    (
        "one entry with a comment",
        """\
        layers = {'gru': ('c', 'd'),  # gru
                  }
        """,
        """\
        layers = {'gru': ('c', 'd'),  # gru
                  'lngru': ('param_init_lngru', 'lngru_layer'),
                  }
        """,
    ),
    ("empty", "layers = {}\n", "layers = {'lngru': ('param_init_lngru', 'lngru_layer')}\n"),
    (
        "empty over two lines",
        """\
        layers = {
        }
        """,
        """\
        layers = {
            'lngru': ('param_init_lngru', 'lngru_layer')
        }
        """,
    ),
    (
        "tabs",
        "layers = {\n\t'ff': ('a', 'b'),\n\t'gru': ('c', 'd')\n\t}\n",
        "layers = {\n\t'ff': ('a', 'b'),\n\t'gru': ('c', 'd'),\n\t'lngru': ('param_init_lngru', 'lngru_layer')\n\t}\n",
    ),
    (
        "CRLF",
        "layers = {\r\n    'gru': ('c', 'd'),\r\n}\r\n",
        "layers = {\r\n    'gru': ('c', 'd'),\r\n    'lngru': ('param_init_lngru', 'lngru_layer'),\r\n}\r\n",
    ),
    (
        "backslashes",
        "layers = {'ff': ('a', 'b'), \\\n          'gru': ('c', 'd')}\n",
        "layers = {'ff': ('a', 'b'), \\\n          'gru': ('c', 'd'), \\\n          'lngru': ('param_init_lngru', 'lngru_layer')}\n",
    ),
    (
        "a call of dict",
        "layers = dict(ff=('a', 'b'), gru=('c', 'd'))\n",
        "layers = dict(ff=('a', 'b'), gru=('c', 'd'), lngru=('param_init_lngru', 'lngru_layer'))\n",
    ),
    (
        "a call of dict over lines, with comments",
        """\
        layers = dict(
            ff=('a', 'b'),
            gru=('c', 'd'),  # gru
        )
        """,
        """\
        layers = dict(
            ff=('a', 'b'),
            gru=('c', 'd'),  # gru
            lngru=('param_init_lngru', 'lngru_layer'),
        )
        """,
    ),
    ("an empty call", "layers = dict()\n", "layers = dict(lngru=('param_init_lngru', 'lngru_layer'))\n"),
    (
        "entries assigned later",
        "layers = {'gru': ('c', 'd')}\nlayers['x'] = ('e', 'f')\n",
        "layers = {'gru': ('c', 'd'), 'lngru': ('param_init_lngru', 'lngru_layer')}\nlayers['x'] = ('e', 'f')\n",
    ),
    (
        "under a condition",
        "if True:\n    layers = {'gru': ('c', 'd')}\n",
        "if True:\n    layers = {'gru': ('c', 'd'), 'lngru': ('param_init_lngru', 'lngru_layer')}\n",
    ),
    (
        "among Python 2 statements",
        "print 'layers'\nlayers = {'gru': ('c', 'd')}\nexec 'x = 1'\n",
        "print 'layers'\nlayers = {'gru': ('c', 'd'), 'lngru': ('param_init_lngru', 'lngru_layer')}\nexec 'x = 1'\n",
    ),
]

IN_PLACE = [
    "layers = {'lngru': ('param_init_lngru', 'lngru_layer')}\n",
    'layers = {"lngru": ["param_init_lngru", "lngru_layer"],}\n',
    "layers = dict(lngru=('param_init_lngru', 'lngru_layer'))\n",
    "layers = {}\nlayers['lngru'] = ('param_init_lngru', 'lngru_layer')\n",
    "layers = {'lngru': ('param_' 'init_lngru', 'lngru_layer')}\n",
    "layers = {}\nlayers.update(lngru=('param_init_lngru', 'lngru_layer'))\n",
]

#: (source, state, part of the message, line, candidates)
REFUSED = [
    ("\nlayers = {'lngru': ('mine', 'lngru_layer')}\n", EditState.COLLISION, "is ('mine', 'lngru_layer')", 2, ()),
    ("layers = {}\nlayers['lngru'] = 3\n", EditState.COLLISION, "is 3", 2, ()),
    ("layer_table = {'gru': ('c', 'd')}\n", EditState.NOT_FOUND, "no dictionary layers", 0, ("layer_table",)),
    ("def f():\n    layers = {}\n", EditState.NOT_FOUND, "no dictionary layers", 0, ()),
    ("layers = make()\n", EditState.NOT_FOUND, "cannot be read from the file (line 1)", 0, ()),
    ("layers = {}\nlayers = {}\n", EditState.NOT_FOUND, "assigned more than once", 0, ("layers",)),
    ("layers = {}\nlayers = load(layers)\n", EditState.NOT_FOUND, "assigned more than once", 0, ("layers",)),
    ("layers = {}\nlayers.update({'lngru': ('a', 'b')})\n", EditState.COLLISION, "is ('a', 'b')", 2, ()),
    ("layers = {}\nlayers.update(more)\n", EditState.NOT_FOUND, "cannot be read from the file (line 2)", 0, ()),
    ("layers = {}\nlayers.setdefault('lngru', 3)\n", EditState.NOT_FOUND, "cannot be read", 0, ()),
    (
        "layers = {'lngru': 3}\ndel layers['lngru']\n",
        EditState.NOT_FOUND,
        "cannot be read from the file (line 2)",
        0,
        (),
    ),
    ("layers = {}\nlayers[LNGRU] = ('a', 'b')\n", EditState.NOT_FOUND, "cannot be read", 0, ()),
    ("layers = {'gru': ('c', 'd'), **more}\n", EditState.NOT_FOUND, "cannot be read", 0, ()),
    ("layers = {'gru': ('c', 'd'), LNGRU: ('e', 'f')}\n", EditState.NOT_FOUND, "cannot be read", 0, ()),
    ("layers = dict(base, gru=('c', 'd'))\n", EditState.NOT_FOUND, "cannot be read", 0, ()),
    ("layers = dict([('lngru', ('a', 'b'))])\n", EditState.NOT_FOUND, "cannot be read", 0, ()),
    ("layers = {'gru': (c, d)}\n", EditState.NOT_FOUND, "not of 2 strings", 1, ("(c, d)",)),
    ("layers = {'gru': 'c d'}\n", EditState.NOT_FOUND, "not of 2 strings", 1, ("'c d'",)),
]


@pytest.mark.parametrize(("before", "after"), [case[1:] for case in CHANGED], ids=[case[0] for case in CHANGED])
def test_changed(before: str, after: str) -> None:
    result = run(EDIT, before)
    assert result.source == textwrap.dedent(after)
    assert result.state is EditState.TO_DO
    again = run(EDIT, result.source)
    assert (again.source, again.state) == (result.source, EditState.IN_PLACE)


@pytest.mark.parametrize("source", IN_PLACE)
def test_in_place(source: str) -> None:
    result = run(EDIT, source)
    assert (result.source, result.state) == (source, EditState.IN_PLACE)


@pytest.mark.parametrize(("source", "state", "detail", "line", "candidates"), REFUSED)
def test_refused(source: str, state: EditState, detail: str, line: int, candidates: tuple[str, ...]) -> None:
    result = run(EDIT, source)
    assert result.source == source
    assert result.state is state
    assert detail in result.finding.detail
    assert (result.finding.line, result.finding.candidates) == (line, candidates)
