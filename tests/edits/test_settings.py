"""`default`, `dict-value` and `assign`: one value set, nothing else touched."""

import textwrap

import pytest

from lnpatch.edits import Edit, EditState
from lnpatch.edits.assign import SetAssignment
from lnpatch.edits.default import SetDefault
from lnpatch.edits.dict_value import SetDictValue
from tests.edits.helpers import run

DEFAULT = SetDefault(file="train.py", function="trainer", parameter="encoder", was="{baseline}", value="{cell}")
METHOD = SetDefault(file="train.py", function="Trainer.run", parameter="encoder", value="{cell}")
NUMBER = SetDefault(file="train.py", function="trainer", parameter="dim", was=2400, value=1200)
DICT = SetDictValue(file="driver.py", table="default_params", key="encoder", was="{baseline}", value="{cell}")
TOP_LEVEL = SetAssignment(file="paths.py", name="root", value="{data_dir}")
BRANCH = SetAssignment(
    file="data.py",
    function="get_data_files",
    name="vdir",
    when=("not mode == 'top8'", "mode == 'top4'"),
    value="{data_dir}",
)

CHANGED = [
    (
        DEFAULT,
        "def trainer(X, encoder='gru', decoder='gru'): pass\n",
        "def trainer(X, encoder='lngru', decoder='gru'): pass\n",
    ),
    (DEFAULT, 'def trainer(X, encoder = "gru"): print X\n', 'def trainer(X, encoder = "lngru"): print X\n'),
    (
        DEFAULT,
        "def trainer(X, \n            dim=2400, # units\n            encoder='gru', # cell\n            **kw):\n    print X\n",
        "def trainer(X, \n            dim=2400, # units\n            encoder='lngru', # cell\n            **kw):\n    print X\n",
    ),
    (DEFAULT, "def trainer(X, encoder=u'gru'): pass\n", "def trainer(X, encoder=u'lngru'): pass\n"),
    (DEFAULT, "def trainer(X, encoder='''gru'''): pass\n", "def trainer(X, encoder='lngru'): pass\n"),
    (DEFAULT, "def trainer(*, encoder='gru'): pass\n", "def trainer(*, encoder='lngru'): pass\n"),
    (
        DEFAULT,
        "if X:\n\tdef trainer(encoder='gru'):\n\t\tprint 1\n",
        "if X:\n\tdef trainer(encoder='lngru'):\n\t\tprint 1\n",
    ),
    (
        DEFAULT,
        "def other(encoder='gru'):\n    def trainer(encoder='gru'): pass\n\ndef trainer(encoder='gru'): pass\n",
        "def other(encoder='gru'):\n    def trainer(encoder='gru'): pass\n\ndef trainer(encoder='lngru'): pass\n",
    ),
    (
        METHOD,
        "class Trainer:\n    def run(self, encoder='x'): pass\ndef run(encoder='x'): pass\n",
        "class Trainer:\n    def run(self, encoder='lngru'): pass\ndef run(encoder='x'): pass\n",
    ),
    (NUMBER, "def trainer(dim=2400, n=2400): pass\n", "def trainer(dim=1200, n=2400): pass\n"),
    (DICT, "default_params = {'encoder': 'gru', 'dim': 1}\n", "default_params = {'encoder': 'lngru', 'dim': 1}\n"),
    (DICT, 'default_params = {"dim" :1,"encoder" :"gru"}\n', 'default_params = {"dim" :1,"encoder" :"lngru"}\n'),
    (DICT, "default_params = dict(encoder='gru', dim=1)\n", "default_params = dict(encoder='lngru', dim=1)\n"),
    (
        DICT,
        "default_params = {'encoder': 'gru'}\ndefault_params['encoder'] = 'gru'\n",
        "default_params = {'encoder': 'gru'}\ndefault_params['encoder'] = 'lngru'\n",
    ),
    (
        DICT,
        "other = {'encoder': 'gru'}\ndefault_params = {\n    'encoder': 'gru',  # 'gru'\n}\n",
        "other = {'encoder': 'gru'}\ndefault_params = {\n    'encoder': 'lngru',  # 'gru'\n}\n",
    ),
    (TOP_LEVEL, "root = 'data'\ndef f():\n    root = 'data'\n", "root = '/data/top4'\ndef f():\n    root = 'data'\n"),
    (TOP_LEVEL, "root = os.path.join('a', 'b')\n", "root = '/data/top4'\n"),
    (
        BRANCH,
        """\
        def get_data_files(mode="top8"):
            if mode == "top8":
                vdir = "/old/8"
            else:
                vdir = "/old/4"
            return vdir
        """,
        """\
        def get_data_files(mode="top8"):
            if mode == "top8":
                vdir = "/old/8"
            else:
                vdir = "/data/top4"
            return vdir
        """,
    ),
    (
        BRANCH,
        """\
        def get_data_files(mode):
            if (mode == 'top4'):
                vdir = '/old/4' # here
            elif mode == 'top8':
                vdir = '/old/8'
        """,
        """\
        def get_data_files(mode):
            if (mode == 'top4'):
                vdir = '/data/top4' # here
            elif mode == 'top8':
                vdir = '/old/8'
        """,
    ),
    (  # what the command line may set later is no concern of the default
        DICT,
        "default_params = {'encoder': 'gru'}\ndefault_params.update(vars(args))\ndefault_params[sys.argv[1]] = 1\n",
        "default_params = {'encoder': 'lngru'}\ndefault_params.update(vars(args))\ndefault_params[sys.argv[1]] = 1\n",
    ),
    (  # a branch that names its condition goes before the others
        BRANCH,
        """\
        def get_data_files(mode):
            vdir = None
            if 'top8' == mode:
                vdir = 'a'
            elif mode == 'top4':
                vdir = 'b'
            else:
                vdir = 'c'
        """,
        """\
        def get_data_files(mode):
            vdir = None
            if 'top8' == mode:
                vdir = 'a'
            elif mode == 'top4':
                vdir = '/data/top4'
            else:
                vdir = 'c'
        """,
    ),
    (DICT, "default_params = {'encoder': ('gru')}\n", "default_params = {'encoder': ('lngru')}\n"),
    (
        BRANCH,
        "def get_data_files(mode):\n    if mode == 'top8': vdir = 'a'\n    else: vdir = 'b'\n",
        "def get_data_files(mode):\n    if mode == 'top8': vdir = 'a'\n    else: vdir = '/data/top4'\n",
    ),
]

IN_PLACE = [
    (DEFAULT, "def trainer(encoder='lngru'): pass\n"),
    (DEFAULT, 'def trainer(encoder="ln" "gru"): pass\n'),
    (NUMBER, "def trainer(dim=1200): pass\n"),
    (DICT, 'default_params = {"encoder": "lngru"}\n'),
    (DICT, "default_params = {'encoder': 'gru'}\ndefault_params['encoder'] = 'lngru'\n"),
    (TOP_LEVEL, 'root = "/data/top4"\n'),
]

#: (edit, source, state, part of the message, line, candidates)
REFUSED = [
    (
        DEFAULT,
        "if A:\n    def trainer(encoder='gru'): pass\nelse:\n    def trainer(encoder='gru'): pass\n",
        EditState.NOT_FOUND,
        "defined 2 times (lines 2, 4)",
        0,
        (),
    ),
    (
        DEFAULT,
        "def trainer(encoder='gru'): pass\ntrainer = other\n",
        EditState.NOT_FOUND,
        "assigned as well (line 2)",
        0,
        (),
    ),
    (
        DEFAULT,
        "def trainer(encoder=('gru'  # or lstm\n            )): pass\n",
        EditState.COLLISION,
        "there is a comment",
        1,
        (),
    ),
    (
        BRANCH,
        "def get_data_files(mode):\n    if mode == 'top8': vdir = 'a'\n    elif mode == 'top2': vdir = 'b'\n",
        EditState.NOT_FOUND,
        "not assigned where",
        0,
        ("vdir (line 2)", "vdir (line 3)"),
    ),
    (
        BRANCH,
        "def get_data_files(mode):\n    if mode == 'top8': vdir = 'a'\n    else:\n        if mode == 'top2': vdir = 'b'\n",
        EditState.NOT_FOUND,
        "not assigned where",
        0,
        ("vdir (line 2)", "vdir (line 4)"),
    ),
    (
        BRANCH,
        "def get_data_files(mode):\n    if mode == 'top4': vdir = 'b'\n    vdir += 'att/'\n",
        EditState.NOT_FOUND,
        "assigned 2 times",
        2,
        ("vdir (line 2)", "vdir (line 3)"),
    ),
    (
        BRANCH,
        "def get_data_files(mode):\n    if mode == 'top4': vdir = wdir = 'b'\n",
        EditState.NOT_FOUND,
        "together with something else",
        2,
        (),
    ),
    (
        BRANCH,
        "def get_data_files(mode):\n    if mode == 'top4': vdir = 'b'\n    vdir = os.environ.get('X', vdir)\n",
        EditState.NOT_FOUND,
        "assigned 2 times",
        2,
        ("vdir (line 2)", "vdir (line 3)"),
    ),
    (DEFAULT, "x = 1\ndef trainer(encoder='bow'): pass\n", EditState.COLLISION, "neither 'gru' nor 'lngru'", 2, ()),
    (DEFAULT, "def trainer(encoder=GRU): pass\n", EditState.COLLISION, "it is GRU", 1, ()),
    (DEFAULT, "def train(encoder='gru'): pass\n", EditState.NOT_FOUND, "no function trainer", 0, ("train",)),
    (
        DEFAULT,
        "def trainer(encoders='gru', x=1): pass\n",
        EditState.NOT_FOUND,
        "no parameter encoder",
        0,
        ("encoders",),
    ),
    (DEFAULT, "def trainer(encoder): pass\n", EditState.NOT_FOUND, "no parameter encoder with a default", 0, ()),
    (DICT, "default_params = {'encoder': 'bow'}\n", EditState.COLLISION, "neither 'gru' nor 'lngru'", 1, ()),
    (DICT, "defaults = {'encoder': 'gru'}\n", EditState.NOT_FOUND, "no dictionary default_params", 0, ("defaults",)),
    (DICT, "default_params = {'coder': 'gru'}\n", EditState.NOT_FOUND, "no key 'encoder'", 0, ("coder",)),
    (DICT, "def f():\n    default_params = {'encoder': 'gru'}\n", EditState.NOT_FOUND, "no dictionary", 0, ()),
    (TOP_LEVEL, "roots = 'data'\n", EditState.NOT_FOUND, "root is not assigned", 0, ("roots",)),
    (
        TOP_LEVEL,
        "root = 'a'\nroot = 'b'\n",
        EditState.NOT_FOUND,
        "assigned 2 times",
        1,
        ("root (line 1)", "root (line 2)"),
    ),
    (BRANCH, "def get_files(mode): pass\n", EditState.NOT_FOUND, "no function get_data_files", 0, ("get_files",)),
    (
        BRANCH,
        "def get_data_files(mode):\n    vdir = 'a'\n",
        EditState.NOT_FOUND,
        "not assigned where",
        0,
        ("vdir (line 2)",),
    ),
    (
        BRANCH,
        "def get_data_files(mode):\n    if mode == 'top8':\n        vdir = 'a'\n    else:\n        data_dir = 'b'\n",
        EditState.NOT_FOUND,
        "vdir is not assigned where not mode == 'top8' or mode == 'top4'",
        0,
        ("vdir (line 3)",),
    ),
]


@pytest.mark.parametrize(("edit", "before", "after"), CHANGED)
def test_changed(edit: Edit, before: str, after: str) -> None:
    result = run(edit, before, path=edit.file)
    assert result.source == textwrap.dedent(after)
    assert result.state is EditState.TO_DO
    again = run(edit, result.source, path=edit.file)
    assert (again.source, again.state) == (result.source, EditState.IN_PLACE)


@pytest.mark.parametrize(("edit", "source"), IN_PLACE)
def test_in_place(edit: Edit, source: str) -> None:
    result = run(edit, source, path=edit.file)
    assert (result.source, result.state) == (source, EditState.IN_PLACE)


@pytest.mark.parametrize(("edit", "source", "state", "detail", "line", "candidates"), REFUSED)
def test_refused(
    edit: Edit, source: str, state: EditState, detail: str, line: int, candidates: tuple[str, ...]
) -> None:
    result = run(edit, source, path=edit.file)
    assert (result.source, result.state) == (source, state)
    assert detail in result.finding.detail
    assert (result.finding.line, result.finding.candidates) == (line, candidates)


@pytest.mark.parametrize(
    ("path", "source", "after"),
    [
        ("C:\\data", "root = 'x'\n", "root = 'C:\\\\data'\n"),
        ("/it's", "root = 'x'\n", "root = '/it\\'s'\n"),
        ("/it's", 'root = "x"\n', 'root = "/it\'s"\n'),
        ("/données", "root = 'x'\n", "root = '/donn\\xc3\\xa9es'\n"),  # Python 2: the path's bytes
        ("/a\nb", "root = 'x'\n", "root = '/a\\x0ab'\n"),
    ],
)
def test_any_path_becomes_a_literal(path: str, source: str, after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.edits import helpers

    monkeypatch.setitem(helpers.VALUES, "data_dir", path)
    assert run(TOP_LEVEL, source, path="paths.py").source == after
    assert run(TOP_LEVEL, after, path="paths.py").state is EditState.IN_PLACE
