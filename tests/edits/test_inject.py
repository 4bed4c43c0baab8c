"""`inject`: definitions from templates, beside the cell that they vary, in the words of the target."""

import re
import textwrap

import pytest

from lnpatch.edits import EditState
from lnpatch.edits.inject import InjectDefinitions
from tests.edits.helpers import VALUES, run

EDIT = InjectDefinitions(
    file="layers.py",
    templates=("ln", "{cell}", "state_argument/{cell}"),
    after="gru_layer",
    aliases={"_p": ("_p", "prfx")},
)
NAMES = ["ln", "param_init_lngru", "lngru_step", "lngru_layer"]
UTILS = b"def _p(a, b):\n    print a\n    return a + b\n\ndef norm_weight(n): pass\n\ndef ortho_weight(n): pass\n"
HEAD = (
    "import numpy\nimport theano\nimport theano.tensor as tensor\nfrom utils import _p, norm_weight, ortho_weight\n\n\n"
)
GRU = "def gru_layer(x):\n    return x\n"
FILES = {"utils.py": UTILS}


def injected(
    source: str, edit: InjectDefinitions = EDIT, files: dict[str, bytes] | None = None, path: str = "layers.py"
) -> str:
    """The file after the edit, which has to be possible."""
    result = run(edit, source, FILES if files is None else files, path)
    assert [finding.name for finding in result.findings] == NAMES
    assert result.state is EditState.TO_DO
    again = run(edit, result.source, FILES if files is None else files, path)
    assert (again.source, again.state) == (result.source, EditState.IN_PLACE)
    return result.source


def added(before: str, after: str) -> str:
    """The lines that *after* has more; all lines of *before* have to be there, in one piece before and one behind them."""
    head = 0
    while head < len(before) and before[head] == after[head]:
        head += 1
    head = before.rfind("\n", 0, head) + 1
    tail = before[head:]
    assert after.endswith(tail)
    return after[head : len(after) - len(tail)]


#: (name, what stands behind gru_layer, what stands before the first definition, what stands behind the last one)
PLACES = [
    ("at the end", "", "\n\n", ""),
    ("at the end, blank lines there", "\n\n\n", "\n\n", "\n\n\n"),
    ("before another function", "\n\ndef next_one(): pass\n", "\n\n", "\n\ndef next_one(): pass\n"),
    ("a comment of the next function stays with it", "\n# next\ndef f(): pass\n", "\n\n", "\n# next\ndef f(): pass\n"),
    (
        "a comment of the cell stays with it",
        "# end of gru\n\ndef f(): pass\n",
        "# end of gru\n\n\n",
        "\ndef f(): pass\n",
    ),
    ("editor settings stay at the end", "\n# vim: set ts=4:\n", "\n\n", "\n# vim: set ts=4:\n"),
    ("code directly behind", "gru = 1\n", "\n\n", "\n\ngru = 1\n"),
]


@pytest.mark.parametrize(("behind", "before_first", "behind_last"), [p[1:] for p in PLACES], ids=[p[0] for p in PLACES])
def test_placed_behind_the_cell(behind: str, before_first: str, behind_last: str) -> None:
    after = injected(HEAD + GRU + behind)
    assert after.startswith(HEAD + GRU + before_first + "def ln(")
    assert after.endswith("    return [h]\n" + behind_last)


def test_placed_at_the_end_without_the_cell() -> None:
    source = HEAD + "def f(): pass\n"
    assert injected(source).startswith(source + "\n\ndef ln(")


def test_placed_before_the_main_program() -> None:
    source = HEAD + "def f(): pass\n\n\n"
    main = "if __name__ == '__main__':\n    f()\n"
    after = injected(source + main)
    assert after.startswith(source.rstrip("\n") + "\n\n\ndef ln(")
    assert after.endswith("    return [h]\n\n\n" + main)


def test_names_of_a_generator_are_its_own() -> None:
    injected(HEAD + "N = max(len(ln) for ln in [])\n" + GRU)


def test_imports_that_may_fail() -> None:
    head = HEAD.replace("import numpy\n", "try:\n    import numpy\nexcept ImportError:\n    numpy = None\n")
    assert "numpy.ones(" in injected(head + GRU)


def test_two_blank_lines_between_definitions() -> None:
    after = injected(HEAD + GRU)
    assert re.findall(r"\n(\n*)def (\w+)", after)[1:] == [("\n\n", name) for name in NAMES]


def test_no_final_newline_is_kept() -> None:
    after = injected(HEAD + GRU.rstrip("\n"))
    assert after.startswith(HEAD + GRU + "\n\ndef ln(")
    assert after.endswith("    return [h]")


def test_crlf_everywhere() -> None:
    after = injected((HEAD + GRU).replace("\n", "\r\n"))
    assert "\n" not in after.replace("\r\n", "")


def test_tabs_everywhere() -> None:
    after = injected(HEAD + GRU.replace("    ", "\t"))
    assert not re.search(r"^ ", added(HEAD + GRU.replace("    ", "\t"), after), re.MULTILINE)


def test_two_blanks_everywhere() -> None:
    source = HEAD + GRU.replace("    ", "  ")
    new = added(source, injected(source))
    assert re.search(r"^  def param|^  if nin is None:\n    nin = ", new, re.MULTILINE)


#: (name, imports, files, expressions that have to be in the result)
SPELLINGS = [
    (
        "as the paper's repositories do",
        HEAD,
        FILES,
        ["tensor.dot(h, U)", "numpy.ones(", "theano.scan(", "_p(prefix, 'W')"],
    ),
    (
        "renamed modules",
        "import numpy as np\nimport theano as th\nfrom theano import tensor as T\nfrom utils import _p, norm_weight, ortho_weight\n\n",
        FILES,
        ["T.dot(h, U)", "np.ones(", "th.scan("],
    ),
    (
        "no name for the tensor module",
        "import numpy, theano\nfrom utils import _p, norm_weight, ortho_weight\n\n",
        FILES,
        ["theano.tensor.dot(h, U)"],
    ),
    (
        "renamed helpers",
        HEAD.replace("_p, norm_weight, ortho_weight", "_p as name_of, norm_weight as uniform, ortho_weight"),
        FILES,
        ["name_of(prefix, 'W')", "uniform(nin, dim)", "ortho_weight(dim)"],
    ),
    (
        "a helper of another name",
        HEAD.replace("_p,", "prfx,"),
        {"utils.py": UTILS.replace(b"_p", b"prfx")},
        ["prfx(prefix, 'W')"],
    ),
    (
        "helpers through their module",
        HEAD.replace("from utils import _p, norm_weight, ortho_weight", "import utils as u"),
        FILES,
        ["u._p(prefix, 'W')", "u.norm_weight(nin, dim)"],
    ),
    (
        "helpers by star import",
        HEAD.replace("_p, norm_weight, ortho_weight", "*"),
        {"utils.py": b"__all__ = ['_p', 'norm_weight', 'ortho_weight']\n" + UTILS},
        ["_p(prefix, 'W')"],
    ),
    (
        "helpers by star import over two files",
        HEAD.replace("_p, norm_weight, ortho_weight", "*"),
        {
            "utils.py": b"from weights import *\n__all__ = ['_p', 'norm_weight', 'ortho_weight']\n",
            "weights.py": b"__all__ = ['_p', 'norm_weight', 'ortho_weight']\n" + UTILS,
        },
        ["_p(prefix, 'W')"],
    ),
    (
        "modules by star import",
        "from utils import *\nfrom utils import _p\n\n",
        {"utils.py": b"import numpy\nimport theano\nimport theano.tensor as tt\n" + UTILS},
        ["tt.dot(h, U)", "numpy.ones("],
    ),
    (
        "helpers of the file itself",
        "import numpy\nimport theano\nimport theano.tensor as tensor\n\n"
        + UTILS.decode().replace("print a", "pass")
        + "\n\n",
        {},
        ["_p(prefix, 'W')"],
    ),
    (
        "a helper's module outside of the repository",
        HEAD.replace("utils", "somewhere.installed"),
        {},
        ["_p(prefix, 'W')"],
    ),
]


@pytest.mark.parametrize(("imports", "files", "expected"), [s[1:] for s in SPELLINGS], ids=[s[0] for s in SPELLINGS])
def test_takes_the_names_of_the_target(imports: str, files: dict[str, bytes], expected: list[str]) -> None:
    new = added(imports + GRU, injected(imports + GRU, files=files))
    for code in expected:
        assert code in new
    compile(new, "layers.py", "exec")


def test_modules_are_looked_for_from_the_folder_upwards() -> None:
    head = HEAD.replace("from utils import", "from reader.utils import")
    files = {"codes/reader/utils.py": UTILS}
    assert "_p(prefix, 'W')" in injected(head + GRU, files=files, path="codes/reader/layers.py")
    assert "_p(prefix, 'W')" in injected(
        head.replace("reader.utils", ".utils") + GRU, files=files, path="codes/reader/layers.py"
    )


#: (name, imports, files, part of the message, candidates)
MISSING = [
    (
        "no import",
        "import numpy\nimport theano.tensor as tensor\nimport theano\n",
        {},
        "_p or prfx, norm_weight, ortho_weight",
        (),
    ),
    ("no theano", HEAD.replace("import theano\nimport theano.tensor as tensor", ""), FILES, "import theano.tensor", ()),
    ("the module lacks it", HEAD, {"utils.py": UTILS.replace(b"norm_weight", b"normal_weight")}, "norm_weight", ()),
    ("a star import leaves out _names", HEAD.replace("_p, norm_weight, ortho_weight", "*"), FILES, "_p or prfx", ()),
    (
        "another name",
        HEAD.replace("norm_weight,", "norm_weights,"),
        {},
        "norm_weight",
        ("norm_weights", "ortho_weight"),
    ),
]


@pytest.mark.parametrize(
    ("imports", "files", "detail", "candidates"), [m[1:] for m in MISSING], ids=[m[0] for m in MISSING]
)
def test_refuses_what_cannot_run(
    imports: str, files: dict[str, bytes], detail: str, candidates: tuple[str, ...]
) -> None:
    result = run(EDIT, imports + GRU, files)
    assert result.source == imports + GRU
    missing = [finding for finding in result.findings if finding.state is EditState.NOT_FOUND]
    assert missing
    assert any(detail in finding.detail for finding in missing)
    assert any(set(candidates) <= set(finding.candidates) for finding in missing)


def test_refuses_a_name_that_a_template_uses_itself() -> None:
    result = run(EDIT, HEAD.replace("import numpy\n", "import numpy as W\n") + GRU, FILES)
    assert "local name" in next(f.detail for f in result.findings if f.state is EditState.NOT_FOUND)


def test_recognises_definitions_made_by_hand() -> None:
    """Other layout, other quotes, no docstrings: still the same definitions."""
    source = injected(HEAD + GRU)
    by_hand = re.sub(r'\n    """\n.*?"""\n', "\n", source, flags=re.DOTALL).replace("'", '"').replace(", ", ",")
    assert by_hand != source
    result = run(EDIT, by_hand, FILES)
    assert (result.source, result.state) == (by_hand, EditState.IN_PLACE)


def test_adds_only_what_is_missing() -> None:
    source = injected(HEAD + GRU)
    without = re.sub(r"\n\ndef ln\(.*?\n\n\n", "\n\n", source, flags=re.DOTALL)
    result = run(EDIT, without, FILES)
    assert [finding.state for finding in result.findings] == [EditState.TO_DO, *[EditState.IN_PLACE] * 3]
    assert sorted(result.source.split("\n")) == sorted(source.split("\n"))


COLLISIONS = [
    ("another function", "def ln(x):\n    return x\n\n\n", "a different function ln", 7),
    ("a changed one", None, "a different function ln", None),
    ("a variable", "ln = 3\n\n\n", "for something else", 0),
    ("an import", "from numpy import log as ln\n\n\n", "for something else", 0),
    ("a global of a function", "def f():\n    global ln\n    ln = 3\n\n\n", "for something else", 0),
    ("a loop variable", "for ln in open('x'): pass\n\n\n", "for something else", 0),
    ("of a with statement", "with open('x') as ln:\n    pass\n\n\n", "for something else", 0),
    ("an import of all names", "from helpers import *\n\n\n", "for something else", 0),
]


@pytest.mark.parametrize(("code", "detail", "line"), [c[1:] for c in COLLISIONS], ids=[c[0] for c in COLLISIONS])
def test_never_overwrites(code: str | None, detail: str, line: int | None) -> None:
    source = HEAD + code + GRU if code is not None else injected(HEAD + GRU).replace("1e-5", "1e-6")
    result = run(EDIT, source, {**FILES, "helpers.py": b"def ln(x): pass\n"})
    assert result.findings[0].state is EditState.COLLISION
    assert detail in result.findings[0].detail
    if line is not None:
        assert result.findings[0].line == line


@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
@pytest.mark.parametrize("convention", ["state_argument", "state_keyword"])
def test_every_template(cell: str, convention: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VALUES, "cell", cell)
    edit = InjectDefinitions(file="layers.py", templates=("ln", "{cell}", convention + "/{cell}"), after="gru_layer")
    source = HEAD + "from core.utils import sharedX\n" + GRU
    result = run(edit, source, FILES)
    assert result.state is EditState.TO_DO
    assert [finding.name for finding in result.findings] == edit.names(VALUES)
    compile(textwrap.dedent(result.source), "layers.py", "exec")
