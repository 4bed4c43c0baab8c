"""Pickles that are read: plain data of either Python, arrays with and without NumPy, hyperparameters."""

from __future__ import annotations

import collections
import contextlib
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lnpatch.errors import HyperparametersError, PickleBrokenError, PickleRefusedError, PickleTruncatedError
from lnpatch.pickles.arrays import Array
from lnpatch.pickles.load import load_pickle, read_hyperparameters
from tests.pickles.samples import PYTHON2, TWO, load_all


@pytest.fixture
def no_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where NumPy is not installed."""
    monkeypatch.setitem(sys.modules, "numpy", None)


@pytest.mark.parametrize("protocol", PYTHON2)
def test_arrays_and_numbers_of_numpy(protocol: int) -> None:
    value = load_pickle(PYTHON2[protocol])
    assert type(value["a"]) is float
    assert value["a"] == 0.5
    assert isinstance(value["z"], numpy.ndarray)
    assert value["z"].dtype == numpy.float32
    assert value["z"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


@pytest.mark.parametrize("protocol", PYTHON2)
@pytest.mark.usefixtures("no_numpy")
def test_arrays_without_numpy(protocol: int) -> None:
    array = load_pickle(PYTHON2[protocol])["z"]
    assert array == Array((2, 3), "<f4", (0.0, 1.0, 2.0, 3.0, 4.0, 5.0))
    assert array.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert len(array) == 2


def test_objects_one_after_another(tmp_path: Path) -> None:
    path = tmp_path / "dictionary.pkl"
    path.write_bytes(TWO)
    first, second = load_all(TWO)
    assert type(first) is collections.defaultdict
    assert first == {"valid_errs": [0.5, 0.25]}
    assert first["new"] == []
    assert type(second) is collections.OrderedDict
    assert list(second.items()) == [("café", 1), ("€", 2)]
    assert load_pickle(path) == {"valid_errs": [0.5, 0.25]}


PLAIN = [
    {"dim": 240, "lr": 8e-5, "drop": True, "reload": None, "model": "lstm_s1.npz", "clip": (10.0, [1, {"x": -1}])},
    {1: {2.5: frozenset([3, (4, "5")]), (6, 7): {"a", "b"}}},
    [2**70, -(2**70), -1, 255, 256, 65535, 65536, 2**31, -(2**31), 2**63 - 1, 0],
    [float("inf"), -0.0, 1e-300, "", "quote ' \" \\ \n", "\u20ac\U0001f600", "x" * 300, b"\x00\xff", b""],
    [[[[[[]]]]], (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), {}, set(), list(range(3000))],
    collections.OrderedDict([("b", 1), ("a", 2)]),
    [numpy.arange(6.0).reshape(2, 3).T, numpy.zeros((0, 3)), numpy.array(3, ">i2"), numpy.array([b"a", b"bc"])],
    [numpy.float64(0.1), numpy.float16(0.5), numpy.int8(-3), numpy.uint64(2**64 - 1), numpy.bool_(True)],
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_what_python_3_writes(value: Any, protocol: int) -> None:
    numpy.testing.assert_equal(load_pickle(pickle.dumps(value, protocol)), value)


def test_arrays_without_numpy_are_those_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = [
        numpy.arange(24).astype(kind).reshape(2, 3, 4).transpose(axes)
        for kind in ("<f8", ">f4", "f2", "i1", ">i8", "u2", "S3")
        for axes in ((0, 1, 2), (2, 1, 0), (1, 0, 2))
    ]
    arrays += [numpy.array([[True], [False]]), numpy.zeros((2, 0)), numpy.array(1.5)]
    data = pickle.dumps(arrays, 2)
    expected = [array.astype(str).tolist() if array.dtype.kind == "S" else array.tolist() for array in arrays]
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert [array.tolist() for array in load_pickle(data)] == expected
    assert float(load_pickle(data)[-1]) == 1.5


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(-(2**63), 2**63), inner) | st.tuples(inner),
    max_leaves=20,
)


@given(plain, st.integers(0, 5))
def test_whatever_is_plain_is_read(value: Any, protocol: int) -> None:
    assert load_pickle(pickle.dumps(value, protocol)) == value


@given(st.binary(max_size=200))
def test_whatever_is_no_pickle_is_one_of_three_failures(data: bytes) -> None:
    with_stop = data + b"."
    for source in (data, with_stop, b"\x80\x02" + with_stop):
        with contextlib.suppress(PickleBrokenError, PickleTruncatedError, PickleRefusedError):
            load_all(source)


# With the Pythons of the time


def test_what_python_2_writes(python2: Path) -> None:
    code = r"""
import cPickle, collections, sys
d = collections.defaultdict(list)
d['errs'] += [.5, 2L ** 70, 1L, -7, True, None, u'\u20ac', 'caf\xe9\n', (1, 2, 3, 4), set([1]), frozenset([2]), "it's"]
for protocol in 0, 1, 2:
    cPickle.dump(d, sys.stdout, protocol)
    cPickle.dump(collections.OrderedDict([('b', 1), ('a', 2)]), sys.stdout, protocol)
"""
    data = subprocess.run([python2, "-c", code], capture_output=True, check=True).stdout
    errs = [0.5, 2**70, 1, -7, True, None, "€", "café\n", (1, 2, 3, 4), {1}, frozenset({2}), "it's"]
    expected = [{"errs": errs}, collections.OrderedDict([("b", 1), ("a", 2)])] * 3
    assert load_all(data) == expected


def test_what_numpy_of_the_time_writes(no_numpy: None) -> None:
    python = os.environ.get("LNPATCH_THEANO_PYTHON")
    if not python:
        pytest.skip("LNPATCH_THEANO_PYTHON names no Python with NumPy for Python 2.7")
    code = r"""
import cPickle, collections, sys, numpy
stats = collections.defaultdict(list)
for i in range(3):
    stats['valid_errs'].append(numpy.float32(i) / 2)
    stats['valid_costs'].append(numpy.array(i * .25, dtype='float32'))
    stats['alphas'].append(numpy.asfortranarray(numpy.arange(6).reshape(2, 3)))
for protocol in 0, 1, 2:
    cPickle.dump(stats, sys.stdout, protocol)
"""
    data = subprocess.run([python, "-c", code], capture_output=True, check=True).stdout
    for stats in load_all(data):
        assert stats["valid_errs"] == [0.0, 0.5, 1.0]
        assert [float(cost) for cost in stats["valid_costs"]] == [0.0, 0.25, 0.5]
        assert stats["alphas"][2].tolist() == [[0, 1, 2], [3, 4, 5]]


# Hyperparameters


@pytest.mark.parametrize(
    "model",
    [
        {"options": {"dim": 1024, "grad_clip": numpy.float32(2), "encoder": "lngru"}, "worddict": {"a": 2}},
        {"dim": 1024, "grad_clip": 2.0, "encoder": "lngru"},
        collections.OrderedDict([("dim", 1024), ("grad_clip", numpy.array(2.0)), ("encoder", "lngru")]),
    ],
    ids=["order-embeddings", "skip-thoughts", "ordered"],
)
def test_hyperparameters(model: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model, 2))
    options = read_hyperparameters(path)
    assert options == {"dim": 1024, "grad_clip": 2.0, "encoder": "lngru"}
    assert {type(value) for value in options.values()} == {int, float, str}


@pytest.mark.parametrize("value", [[1], {1: 2}, "text", None])
def test_no_hyperparameters(value: Any) -> None:
    with pytest.raises(HyperparametersError, match="holds no hyperparameters"):
        read_hyperparameters(pickle.dumps(value, 2))
