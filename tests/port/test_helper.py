"""What the run-time helper computes, against what Python 2.7 and NumPy 1.11 gave."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
from collections import OrderedDict, defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

numpy = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        (7, 2, 3),
        (-7, 2, -4),
        (True, 2, 0),
        (7.0, 2, 3.5),
        (7, 2.0, 3.5),
        (numpy.int64(7), 2, 3),
        (numpy.arange(6), 5, [0, 0, 0, 0, 0, 1]),
        (numpy.arange(3), 2.0, [0, 0.5, 1]),
        (numpy.arange(3.0), 2, [0, 0.5, 1]),
        ([4, 5], numpy.array([2, 2]), [2, 2]),
        (1, numpy.float32(2), 0.5),
        (numpy.array([True, True]), numpy.array([True, True]), [1, 1]),
    ],
)
def test_division(helper: ModuleType, a: Any, b: Any, result: Any) -> None:
    computed = helper.div(a, b)
    assert numpy.array_equal(computed, result)
    assert numpy.asarray(computed).dtype.kind == (
        "f" if "f" in (numpy.asarray(a).dtype.kind, numpy.asarray(b).dtype.kind) else "i"
    )


def test_division_in_place(helper: ModuleType) -> None:
    array = whole = numpy.array([3.0, 4.0])
    array = helper.idiv(array, 2)
    assert array is whole
    assert array.tolist() == [1.5, 2.0]
    assert helper.idiv(7, 2) == 3


def test_division_of_expressions(helper: ModuleType) -> None:
    tensor = pytest.importorskip("pytensor.tensor")
    integer, real = tensor.lscalar(), tensor.dscalar()
    values = {integer: 7, real: 3.0}
    assert helper.div(integer, 2).eval({integer: 7}) == 3
    assert helper.div(1, integer).dtype == "int64"
    assert helper.div(integer, real).eval(values) == 7 / 3
    assert helper.div(integer, 2.0).eval({integer: 7}) == 3.5


#: Made by NumPy 1.11.3: numpy.argsort of the values.
ARGSORTED = [
    ([3, 1, 1, 2, 1], [1, 2, 4, 3, 0]),
    (
        [(i * 7) % 5 for i in range(40)],
        [0, 20, 15, 30, 10, 25, 35, 5, 23, 8, 33, 28, 13, 3, 38, 18, 6, 21, 1, 36, 16, 26, 11, 31, 34, 29, 19, 14, 9, 4, 24, 39, 27, 22, 17, 12, 32, 7, 2, 37],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("values", "order"), ARGSORTED)
def test_argsort_of_equal_values(helper: ModuleType, values: list[int], order: list[int]) -> None:
    assert helper.argsort(values).tolist() == order
    assert helper.argsort(numpy.array(values, "float32")).tolist() == order


def test_argsort_of_all_else(helper: ModuleType) -> None:
    values = numpy.random.RandomState(1).normal(size=200)
    assert numpy.array_equal(helper.argsort(values), numpy.argsort(values))
    assert numpy.array_equal(helper.argsort([[2, 1], [0, 3]]), [[1, 0], [0, 1]])
    assert helper.argsort([1.0, float("nan"), 0.0]).tolist() == [2, 0, 1]


def test_ragged(helper: ModuleType) -> None:
    same = helper.ragged([numpy.zeros((2, 3)), numpy.ones((2, 3))])
    assert same.shape == (2, 2, 3)
    assert same.dtype == "float64"
    other = helper.ragged([numpy.zeros((2, 3)), numpy.ones((4, 3))])
    assert (other.shape, other.dtype) == ((2,), object)
    assert [item.shape for item in other] == [(2, 3), (4, 3)]
    assert helper.ragged([1.0, 2.0]).tolist() == [1.0, 2.0]


def test_cast(helper: ModuleType) -> None:
    assert helper.cast["float32"]([1, 2]).dtype == "float32"


@pytest.mark.parametrize(
    ("text", "words", "stripped"),
    [
        (" a  b\t\n", ["a", "b"], "a  b"),
        ("a\xa0b \x1c c\x85", ["a\xa0b", "\x1c", "c\x85"], "a\xa0b \x1c c\x85"),
        ("\u3000x ", ["\u3000x"], "\u3000x"),
        (b" a b ", [b"a", b"b"], b"a b"),
    ],
)
def test_words(helper: ModuleType, text: Any, words: list[Any], stripped: Any) -> None:
    assert helper.split(text) == words
    assert helper.strip(text) == stripped


def test_lines(helper: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"caf\xc3\xa9\r\nlone \r return\nlatin \xe9\n")
    for mode in ("r", "rb"):
        with helper.open(tmp_path / "f", mode) as f:
            assert list(f) == ["café\r\n", "lone \r return\n", "latin é\n"]
    with helper.open(tmp_path / "f", "U") as f:
        assert list(f) == ["café\n", "lone \n", " return\n", "latin é\n"]
    with helper.open(tmp_path / "g", "wb") as f:
        f.write("é\r\n")
    assert (tmp_path / "g").read_bytes() == "é\r\n".encode()


def test_json(helper: ModuleType) -> None:
    assert json.dumps({"rank": numpy.int64(3)}, default=helper.as_json) == '{"rank": 3}'
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(numpy.float32(1), default=helper.as_json)


#: Python 2.7's pickle.dumps of ["café", u"café", "\xe9", {"é": ("à",)}], protocols 0 and 2.
PYTHON2_PICKLES = [
    b"(lp0\nS'caf\\xc3\\xa9'\np1\naVcaf\xe9\np2\naS'\\xe9'\np3\na(dp4\nS'\\xc3\\xa9'\np5\n(S'\\xc3\\xa0'\np6\ntp7\nsa.",
    b"\x80\x02]q\x00(U\x05caf\xc3\xa9q\x01X\x05\x00\x00\x00caf\xc3\xa9q\x02U\x01\xe9q\x03}q\x04U\x02\xc3\xa9q\x05U\x02\xc3\xa0q\x06\x85q\x07se.",
]


@pytest.mark.parametrize("data", PYTHON2_PICKLES)
def test_pickles_of_python2(helper: ModuleType, data: bytes) -> None:
    expected = ["café", "café", "é", {"é": ("à",)}]
    assert helper.load_pickle(io.BytesIO(data)) == expected
    assert helper.load_pickle(io.TextIOWrapper(io.BytesIO(data))) == expected  # opened in text mode


def test_pickles_of_python3(helper: ModuleType) -> None:
    value = [1, "naïve", {"a": [1.5, None, True]}, OrderedDict(é=1), {3, 4}]
    assert helper.load_pickle(io.BytesIO(pickle.dumps(value, 4))) == value


def test_pickles_that_contain_themselves(helper: ModuleType) -> None:
    value: list[Any] = ["é"]
    value.append(value)
    loaded = helper.load_pickle(io.BytesIO(pickle.dumps(value, 2)))
    assert loaded[0] == "é"
    assert loaded[1] is loaded


def test_pickles_written(helper: ModuleType, python2: Path, tmp_path: Path) -> None:
    shared = ["é"]
    value = {"words": OrderedDict(café=1, a=2), "list": [shared, shared], "b": b"\xff\x00", "n": [1, -1.5, None, True]}
    with open(tmp_path / "text-mode", "w") as f:
        helper.dump_pickle(value, f, -1)
    code = "import cPickle, sys; v = cPickle.load(open(sys.argv[1], 'rb')); print(repr(sorted(v.items())), v['list'][0] is v['list'][1])"
    run = subprocess.run([python2, "-c", code, tmp_path / "text-mode"], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == (
        r"""("[('b', '\\xff\\x00'), ('list', [['\\xc3\\xa9'], ['\\xc3\\xa9']]), ('n', [1, -1.5, None, True]), """
        r"""('words', OrderedDict([('caf\\xc3\\xa9', 1), ('a', 2)]))]", True)"""
    )


def test_arrays_are_written_under_their_old_names(helper: ModuleType) -> None:
    stream = io.BytesIO()
    statistics = defaultdict(list, errors=[numpy.float32(0.5)], costs=numpy.arange(3.0))
    helper.dump_pickle(statistics, stream)
    assert b"numpy._core" not in stream.getvalue()
    assert b"cnumpy.core.multiarray\nscalar\n" in stream.getvalue()
    stream.seek(0)
    loaded = helper.load_pickle(stream)
    assert type(loaded) is defaultdict
    assert loaded["errors"] == [0.5]
    assert loaded["costs"].tolist() == [0, 1, 2]
