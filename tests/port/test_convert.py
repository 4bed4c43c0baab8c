"""From Python 2 to Python 3, one file at a time: what 2to3 and the steps around it make of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lnpatch.port.convert import convert_files
from lnpatch.port.report import Remark
from lnpatch.recipes import find_recipe

CASES = [
    # Python 2's tab stops of 8
    (b"if x:\n        a = 1\n\tb = 2\n", "if x:\n        a = 1\n        b = 2\n"),
    (b"if x:\n\ta = 1\n", "if x:\n\ta = 1\n"),
    # 2to3
    (b"print 'a', x\nprint >>f, y,\nprint (a, b)\n", "print('a', x)\nprint(y, end=' ', file=f)\nprint((a, b))\n"),
    (b"xs = map(f, ys)\nk = d.keys()[0]\n", "xs = list(map(f, ys))\nk = list(d.keys())[0]\n"),
    (b"for i in xrange(3): pass\n", "for i in range(3): pass\n"),
    (b"f(updates=zip(a, b))\n", "f(updates=list(zip(a, b)))\n"),
    (b"class A():\n    def next(self):\n        return self.it.next()\n",
     "class A():\n    def __next__(self):\n        return next(self.it)\n"),
    (b"try: pass\nexcept E, e: raise E, 'x'\n", "try: pass\nexcept E as e: raise E('x')\n"),
    (b"x = 10L + 0777\ny = u'a' <> `x`\n", "x = 10 + 0o777\ny = 'a' != repr(x)\n"),
    (b"import cPickle as pkl\nimport Queue\nQueue.Queue()\n", "import pickle as pkl\nimport queue\nqueue.Queue()\n"),
    (b"raw_input(); input()\n", "input(); eval(input())\n"),
    (b"from six.moves import input, zip\nx = zip(input(), y)\n", "from six.moves import input, zip\nx = zip(input(), y)\n"),
    (b"class A:\n    def map(self): return map(f, x)\n", "class A:\n    def map(self): return list(map(f, x))\n"),
    (b"from __future__ import print_function, division\nprint(a / b)\n",
     "from __future__ import print_function, division\nprint(a / b)\n"),
    # 2to3 and the rules
    (b"n = len(ds[k]) / size + 1\n", "import lnpatch_py2\nn = lnpatch_py2.div(len(ds[k]), size) + 1\n"),
    (b"if x <> None: print x\n", "if x is not None: print(x)\n"),
    # escapes that are none
    (rb"a = '\d\\d\n\N'; b = r'\d'; c = u'\N{EM DASH}\u00e9\d'" b"\n",
     "a = '\\\\d\\\\d\\n\\\\N'; b = r'\\d'; c = '\\N{EM DASH}\\u00e9\\\\d'\n"),
    (rb'"""\alpha \u \max"""' b"\n", '"""\\alpha \\\\u \\\\max"""\n'),
    # encodings and newlines
    (b"# -*- coding: latin-1 -*-\nx = 'caf\xe9'\nprint x\n", "# -*- coding: latin-1 -*-\nx = 'café'\nprint(x)\n"),
    (b"print 1\r\nx = None == y\r\n", "print(1)\r\nx = None is y\r\n"),
    (b"\xef\xbb\xbfprint '\xc3\xa9'\n", "\ufeffprint('é')\n"),
    (b"x = 1", "x = 1"),
    (b"", ""),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CASES)
def test_one_file(tmp_path: Path, before: bytes, after: str) -> None:
    converted = convert_files(find_recipe("demo"), {"a.py": before}, tmp_path)
    encoding = "latin-1" if b"latin-1" in before else "utf-8"
    assert converted.files["a.py"].decode(encoding) == after
    assert converted.remarks == ()


PACKAGE = {
    "codes/reader/__init__.py": b"",
    "codes/reader/utils.py": b"",
    "codes/reader/model.py": b"import utils\nfrom utils import f\nimport os, json\nfrom core.layers import g\n",
    "codes/core/__init__.py": b"",
    "codes/core/layers.py": b"from .utils import h\n",
    "codes/core/utils.py": b"from __future__ import absolute_import\nimport layers\n",
    "tools/model.py": b"import utils\n",
    "tools/utils.py": b"",
    "__init__.py": b"",
    "run.py": b"import tools\nimport setup\n",
    "setup.py": b"",
}


def test_imports_are_relative_in_packages_only(tmp_path: Path) -> None:
    for path, data in PACKAGE.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    files = convert_files(find_recipe("demo"), PACKAGE, tmp_path).files
    assert (
        files["codes/reader/model.py"]
        == b"from . import utils\nfrom .utils import f\nimport os, json\nfrom core.layers import g\n"
    )
    changed = {path for path, data in PACKAGE.items() if files[path] != data}
    assert changed == {"codes/reader/model.py"}


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    sources = {"bad.py": b"x = 1\nif x =! 2: pass\n", "good.py": b"print 1\n"}
    converted = convert_files(find_recipe("demo"), sources, tmp_path)
    assert list(converted.files) == ["good.py"]
    (remark,) = converted.remarks
    assert (remark.path, remark.line) == ("bad.py", 2)
    assert remark.message.startswith("left out: ")


def test_remarks_have_the_lines_of_the_checkout(tmp_path: Path) -> None:
    source = b"import os\n\n\ndef f(x):\n    y = reduce(g, x)\n    y = y / 2\n    return cmp(y, 3)\n"
    converted = convert_files(find_recipe("demo"), {"a.py": source}, tmp_path)
    assert converted.files["a.py"].startswith(b"import lnpatch_py2\nimport os\nfrom functools import reduce\n")
    assert converted.remarks == (Remark("a.py", 7, "cmp() is gone in Python 3"),)


def test_warnings_of_2to3_are_remarks(tmp_path: Path) -> None:
    converted = convert_files(find_recipe("demo"), {"a.py": b"x = 1\n\nmap(f, a)\n"}, tmp_path)
    assert converted.remarks == (Remark("a.py", 3, "You should use a for loop here"),)
