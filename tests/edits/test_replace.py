"""`replace`: matched by structure, written under the names that the file uses."""

import textwrap

import pytest

from lnpatch.edits import EditState
from lnpatch.edits.replace import ReplaceCode
from tests.edits.helpers import run

CALL = ReplaceCode(
    file="t.py", function="main", find="scipy.sparse.eye(n)", put='scipy.sparse.eye(n, format="csr")', why="-"
)
RETURNS = ReplaceCode(file="t.py", function="It.next", find="return a, b", put="return a, b, len(a)", count=2, why="-")

CHANGED = [
    (
        CALL,
        "import scipy.sparse\ndef main():\n    m = scipy.sparse.eye( n )  # eye\n    print m\n",
        'import scipy.sparse\ndef main():\n    m = scipy.sparse.eye(n, format="csr")  # eye\n    print m\n',
    ),
    (
        CALL,
        "import scipy.sparse as sp\ndef main(): return sp.eye(n)\n",
        'import scipy.sparse as sp\ndef main(): return sp.eye(n, format="csr")\n',
    ),
    (
        CALL,
        "from scipy import sparse\ndef main():\n    m = (sparse.eye(n,))\n",
        'from scipy import sparse\ndef main():\n    m = (sparse.eye(n, format="csr"))\n',
    ),
    (
        CALL,
        "from scipy.sparse import eye as identity\ndef main():\n    m = identity(\n        n)\n",
        'from scipy.sparse import eye as identity\ndef main():\n    m = identity(n, format="csr")\n',
    ),
    (
        RETURNS,
        """\
        class It:
            def next(self):
                if x: return a, b
                else:
                    return (a,
                            b)   # two
            def other(self):
                return a, b
        """,
        """\
        class It:
            def next(self):
                if x: return a, b, len(a)
                else:
                    return a, b, len(a)   # two
            def other(self):
                return a, b
        """,
    ),
    (  # one of them was mended by hand
        RETURNS,
        "class It:\n    def next(self):\n        if x: return a, b, len(a)\n        return a, b\n",
        "class It:\n    def next(self):\n        if x: return a, b, len(a)\n        return a, b, len(a)\n",
    ),
]

REFUSED = [
    (
        RETURNS,
        "class It:\n    def next(self):\n        return (a,  # documents\n                b)\n",
        "was found 1x",
    ),
    (CALL, "def main():\n    m = eye(n)\n", "is not there"),
    (CALL, "def main():\n    m = scipy.sparse.eye(n, n)\n", "is not there"),
    (CALL, "def main():\n    m = [scipy.sparse.eye(n), scipy.sparse.eye(n)]\n", "was found 2x"),
    (CALL, "m = scipy.sparse.eye(n)\n", "no function main"),
    (RETURNS, "class It:\n    def next(self):\n        return a, b\n", "expected 2x and was found 1x"),
]


@pytest.mark.parametrize(("edit", "before", "after"), CHANGED)
def test_changed(edit: ReplaceCode, before: str, after: str) -> None:
    result = run(edit, before)
    assert result.source == textwrap.dedent(after)
    assert result.state is EditState.TO_DO
    again = run(edit, result.source)
    assert (again.source, again.state) == (result.source, EditState.IN_PLACE)


@pytest.mark.parametrize(("edit", "source", "detail"), REFUSED)
def test_refused(edit: ReplaceCode, source: str, detail: str) -> None:
    result = run(edit, source)
    assert (result.source, result.state) == (source, EditState.NOT_FOUND)
    assert detail in result.finding.detail


def test_deletes_no_comment() -> None:
    result = run(
        CALL, "import scipy.sparse\ndef main():\n    m = scipy.sparse.eye(n  # words\n                         )\n"
    )
    assert result.state is EditState.COLLISION
    assert result.finding.line == 3


def test_names_the_nearest_code() -> None:
    result = run(CALL, "def main():\n    print 1\n    m = scipy.sparse.eyes(n)\n")
    assert result.finding.candidates == ("scipy.sparse.eyes(n) (line 3)",)
