"""The rules for what no 2to3 can know: what changes, what does not, and what is pointed out."""

import pytest

from lnpatch.port.convert.code import Code, add_import
from lnpatch.port.convert.rules import load_rules

CHANGED = [
    # division: integers for certain
    ("i = len(x)\ni/5", "i = len(x)\ni//5"),
    ("for i in range(9):\n    a[i / 5]", "for i in range(9):\n    a[i // 5]"),
    ("for i, x in enumerate(y):\n    i / 2", "for i, x in enumerate(y):\n    i // 2"),
    ("import numpy\ninds = numpy.argmax(d)\ninds/5 == 1", "import numpy\ninds = numpy.argmax(d)\ninds//5 == 1"),
    ("x.shape[0] / 2", "x.shape[0] // 2"),
    ("(len(a) + 1) / (2)", "(len(a) + 1) // (2)"),
    # division: only the run can tell
    ("len(x) / batch_size + 1", "lnpatch_py2.div(len(x), batch_size) + 1"),
    ("a/b/c", "lnpatch_py2.div(lnpatch_py2.div(a, b), c)"),
    ("a / (b / c)", "lnpatch_py2.div(a, (lnpatch_py2.div(b, c)))"),
    ("-a / b", "lnpatch_py2.div(-a, b)"),
    ("f((a)  /  # over\n  b)", "f(lnpatch_py2.div((a),  # over\n  b))"),
    ("a \\\n  / b", "lnpatch_py2.div(a \\\n  , b)"),
    ("x = a * 'é' / b", "x = lnpatch_py2.div(a * 'é', b)"),
    ("def f(n=3):\n    return n / 2", "def f(n=3):\n    return lnpatch_py2.div(n, 2)"),
    ("n = 3\nn = g()\nn / 2", "n = 3\nn = g()\nlnpatch_py2.div(n, 2)"),
    ("n = n / 2", "n = lnpatch_py2.div(n, 2)"),
    ("a /= b / c", "a = lnpatch_py2.idiv(a, lnpatch_py2.div(b, c))"),
    ("t[w] /= norm(t[w])", "t[w] = lnpatch_py2.idiv(t[w], norm(t[w]))"),
    # None and literals
    ("if x == None: pass", "if x is None: pass"),
    ("if None!=x: pass", "if None is not x: pass"),
    ("a = (x)==None", "a = (x) is None"),
    ("x is 'a' or y is  not 3", "x == 'a' or y != 3"),
    # pickles and files
    ("import pickle as pkl\npkl.load(open(p))", "import pickle as pkl\nlnpatch_py2.load_pickle(open(p))"),
    ("from pickle import dump\ndump(x, f)", "from pickle import dump\nlnpatch_py2.dump_pickle(x, f)"),
    ("with open(p, 'rb') as f:\n    for l in f: pass", "with lnpatch_py2.open(p, 'rb') as f:\n    for l in f: pass"),
    ("f = open(p)\nf.readline()", "f = lnpatch_py2.open(p)\nf.readline()"),
    ("f = open(p, 'rU')\njson.load(f)", "f = lnpatch_py2.open(p, 'rU')\njson.load(f)"),
    ("for l in file(p): pass", "for l in lnpatch_py2.open(p): pass"),
    ("with file(p, 'w') as f:\n    f.write(x)", "with open(p, 'w') as f:\n    f.write(x)"),
    ("s = open(p).read()", "s = lnpatch_py2.open(p).read()"),
    ("self.f = open(p, 'rb')\nself.f.readlines()", "self.f = lnpatch_py2.open(p, 'rb')\nself.f.readlines()"),
    ("import csv\ncsv.reader(open(p, 'rb'))", "import csv\ncsv.reader(lnpatch_py2.open(p, 'rb'))"),
    ("import json\njson.dump(a / b, f)",
     "import json\njson.dump(lnpatch_py2.div(a, b), f, default=lnpatch_py2.as_json)"),
    ("import json\njson.dump(fp=f, obj=a / b)",
     "import json\njson.dump(fp=f, obj=lnpatch_py2.div(a, b), default=lnpatch_py2.as_json)"),
    # words
    ("[w for w in line.strip().split()]", "[w for w in lnpatch_py2.split(lnpatch_py2.strip(line))]"),
    ("(a + b) .split()", "(lnpatch_py2.split(a + b) )"),
    # names that are gone
    ("import numpy as np\nnp.cast[t](np.float(1))", "import numpy as np\nlnpatch_py2.cast[t](float(1))"),
    ("import numpy\nnp = numpy\nnp.complex", "import numpy\nnp = numpy\ncomplex"),
    ("import numpy as np\nnp.product(np.NaN)", "import numpy as np\nnp.prod(np.nan)"),
    ("import numpy\nnumpy.argsort(x)[::-1]", "import numpy\nlnpatch_py2.argsort(x)[::-1]"),
    ("import string\nstring.letters", "import string\nstring.ascii_letters"),
    ("class A:\n    def __div__(self, o): pass", "class A:\n    def __truediv__(self, o): pass"),
    # generators
    ("def f():\n    yield 1\n    raise StopIteration()", "def f():\n    yield 1\n    return"),
]  # fmt: skip

UNCHANGED = [
    # a float for certain
    "x / 2.",
    "1.0 * a / b",
    "a / float(b)",
    "import numpy\nnumpy.sqrt(6) / n",
    "import theano.tensor as T\nT.exp(x) / y",
    "from theano import tensor\ng / (tensor.sqrt(v) + 1e-8)",
    "x.astype('float32') / y",
    "import theano.tensor as T\nx / T.cast(n, 'float32')",
    "e = 1e-8\nx / e",
    "x /= 2.",
    "from __future__ import division\na / b\na /= b",
    "a // b",
    # comparisons
    "x is None",
    "x == y",
    "x is True",
    # files that are right as they are
    "import pickle\nwith open(p, 'rb') as f:\n    pass",
    "import json\nwith open(p) as f:\n    json.load(f)",
    "import json\njson.dumps(x, default=str)",
    "with open(p, 'w') as f:\n    f.write(x)",
    "import numpy\nnumpy.load(open(p, 'rb'))",
    "def open(p): pass\nfor l in open(p): pass",
    # words
    "x.split(',')",
    "'a b'.split()",
    # names
    "import numpy\nnumpy.argsort(x, kind='mergesort')",
    "for np in x:\n    np.float",
    "import numpy\nnp = numpy\nnp = f()\nnp.float",
    "np = np\nnp.float",
    "string.letters",
    # iterators that are not generators
    "class A:\n    def __next__(self):\n        raise StopIteration",
    "def f():\n    def g():\n        raise StopIteration\n    yield g",
]

POINTED_OUT = [
    ("x = 1\nround(2.5)", 2, "round() gives an int"),
    ("sorted(x, key=len)\ncmp(a, b)", 2, "cmp() is gone"),
    ("x.decode('utf8')", 1, "strings are text"),
    ("f().x /= 2", 1, "result of a call"),
    ("def f(p, mode):\n    return open(p, mode)", 2, "text or bytes"),
    ("s = open(p, 'rb').read()", 1, "as bytes"),
    ("open(p, 'wb').write(s)", 1, "as bytes"),
    ("import pickle\npickle.loads(s)", 2, "strings of Python 2"),
    ("from numpy import float", 1, "NumPy no longer has float"),
    ("class A:\n    def __eq__(self, o): pass", 2, "__hash__"),
    ("class A:\n    def __cmp__(self, o): pass", 2, "__cmp__"),
    ("import string\nstring.join(x)", 2, "string.join"),
]


def rewritten(text: str) -> Code:
    code = Code(text)
    for rule in load_rules():
        rule(code)
    return code


@pytest.mark.parametrize(("before", "after"), CHANGED)
def test_changed(before: str, after: str) -> None:
    code = rewritten(before)
    assert code.rewritten_text() == after
    compile(after, "after", "exec")
    assert code.remarks == []


@pytest.mark.parametrize("text", UNCHANGED)
def test_unchanged(text: str) -> None:
    code = rewritten(text)
    assert code.rewritten_text() == text
    assert code.remarks == []


@pytest.mark.parametrize(("text", "line", "message"), POINTED_OUT)
def test_pointed_out(text: str, line: int, message: str) -> None:
    code = rewritten(text)
    assert code.rewritten_text() == text
    ((remark_line, remark),) = code.remarks
    assert remark_line == line
    assert message in remark


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", "import m\nx = 1\n"),
        ('"""Doc."""\nimport a\nimport b\n', '"""Doc."""\nimport m\nimport a\nimport b\n'),
        (
            "# c\n\nfrom __future__ import division\nimport a\n",
            "# c\n\nfrom __future__ import division\nimport m\nimport a\n",
        ),
        ("def f():\n    pass\nimport a\n", "def f():\n    pass\nimport m\nimport a\n"),
        ("@d\ndef f():\n    pass\n", "import m\n@d\ndef f():\n    pass\n"),
        ('"""Doc."""\n', '"""Doc."""\nimport m\n'),
    ],
)
def test_import(before: str, after: str) -> None:
    assert add_import(before, "m") == after
