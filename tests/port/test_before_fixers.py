"""Python 2 that 2to3 leaves as it is: converted; where it cannot be, the trainer's files are not left out silently."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.port.convert.before_fixers import rename_new_keywords, unpack_lambdas
from tests.conftest import Output, git

Run = Callable[..., Output]

LAMBDAS = [
    ("f = lambda (x, y), z: x + z\n", "f = lambda x_y, z: (lambda x, y: x + z)(*x_y)\n"),
    ("f(lambda a, (b, c): c, 1)\n", "f(lambda a, b_c: (lambda b, c: c)(*b_c), 1)\n"),
    ("f = lambda (x, y), *a: x\n", "f = lambda x_y, *a: (lambda x, y: x)(*x_y)\n"),
    ("[lambda (x, y), z=1: x for q in r]\n", "[lambda x_y, z=1: (lambda x, y: x)(*x_y) for q in r]\n"),
    ("f = lambda (a, (b, c)): c\n", "f = lambda a_b_c: (lambda a, b_c: (lambda b, c: c)(*b_c))(*a_b_c)\n"),
]
UNCHANGED = ["f = lambda x, y=(1, 2): x\n", "f = lambda (x, y): x\n", "f = lambda: (x, y)\n", "f = lambda *a: a\n"]


@pytest.mark.parametrize(("before", "after"), LAMBDAS)
def test_tuples_among_the_parameters_of_a_lambda(before: str, after: str) -> None:
    assert unpack_lambdas(before) == after
    assert unpack_lambdas(after) == after


@pytest.mark.parametrize("text", UNCHANGED)
def test_other_lambdas_stay(text: str) -> None:
    assert unpack_lambdas(text) == text


def test_new_keywords() -> None:
    text = "async = f(async=1)\nx.await = 'async'  # await\nasynchronous = 2\n"
    assert rename_new_keywords(text) == (
        "async_ = f(async_=1)\nx.await_ = 'async'  # await\nasynchronous = 2\n",
        [1, 2],
    )


ADDED = b"""
async = 3
pairs = map(lambda (a, b), c=1: a + b + c, [(1, 2)])
def use(x, (y, z), await=2):
    print async, await, x, y, z
"""


def test_it_runs(lnpatch: Run, demo: Path) -> None:
    assert lnpatch("apply", "demo").code == 0
    utils = demo / "utils.py"
    utils.write_bytes(utils.read_bytes() + ADDED)
    ported = lnpatch("port", "demo", "--output", "copy", "--format", "json")
    assert ported.code == 0, ported.err
    code = Path("copy/utils.py").read_text()
    compile(code, "utils.py", "exec")
    end = code[code.index("async_ = 3") :]
    names: dict[str, object] = {}
    exec(end, names)
    assert names["pairs"] == [4]
    assert len([remark for remark in ported.json["remarks"] if "keyword" in remark["message"]]) == 3


@pytest.mark.parametrize(("file", "code"), [("train.py", 1), ("layers.py", 1), ("extra.py", 0)])
def test_what_cannot_be_converted(lnpatch: Run, demo: Path, file: str, code: int) -> None:
    assert lnpatch("apply", "demo").code == 0
    path = demo / file
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\nfrom __future__ import braces\n")
    git(demo, "add", "--intent-to-add", file)
    ported = lnpatch("port", "demo", "--output", "copy")
    assert ported.code == code, ported.err
    assert f"{file}:" in ported.text + ported.err
    assert Path("copy").exists() == (code == 0)
    if code:
        assert lnpatch("train", "demo", "--runtime", "pytensor", "--smoke").code == code
