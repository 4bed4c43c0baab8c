"""Pickles that are read, pickles that are refused, and what a hostile one cannot do."""

import builtins
import collections
import contextlib
import os
import pickle
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lnpatch.errors import HyperparametersError, PickleBrokenError, PickleRefusedError, PickleTruncatedError
from lnpatch.pickles import machine as pickles
from lnpatch.pickles.arrays import Array

#: As Python 2.7 and numpy 1.11 wrote them: {'a': numpy.float32(.5), 'z': numpy.arange(6, dtype='f4').reshape(2, 3)}.
PYTHON2 = {
    0: (
        b"(dp1\nS'a'\ncnumpy.core.multiarray\nscalar\np2\n(cnumpy\ndtype\np3\n(S'f4'\nI0\nI1\ntRp4\n(I3\nS'<'\nNNNI-1\nI-1\n"
        b"I0\ntbS'\\x00\\x00\\x00?'\ntRp5\nsS'z'\ncnumpy.core.multiarray\n_reconstruct\np6\n(cnumpy\nndarray\np7\n(I0\ntS'b'\n"
        b"tRp8\n(I1\n(I2\nI3\ntg4\nI00\nS'\\x00\\x00\\x00\\x00\\x00\\x00\\x80?\\x00\\x00\\x00@\\x00\\x00@@\\x00\\x00\\x80@"
        b"\\x00\\x00\\xa0@'\ntbs."
    ),
    2: (
        b"\x80\x02}q\x01(U\x01acnumpy.core.multiarray\nscalar\nq\x02cnumpy\ndtype\nq\x03U\x02f4K\x00K\x01\x87Rq\x04(K\x03"
        b"U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbU\x04\x00\x00\x00?\x86Rq\x05U\x01zcnumpy.core.multiarray\n"
        b"_reconstruct\nq\x06cnumpy\nndarray\nq\x07K\x00\x85U\x01b\x87Rq\x08(K\x01K\x02K\x03\x86h\x04\x89U\x18\x00\x00\x00\x00"
        b"\x00\x00\x80?\x00\x00\x00@\x00\x00@@\x00\x00\x80@\x00\x00\xa0@tbu."
    ),
}

#: A defaultdict(list) and an OrderedDict behind it, as skip-thoughts' dictionary is two objects in one file.
TWO = (
    b"ccollections\ndefaultdict\np1\n(c__builtin__\nlist\np2\ntRp3\nS'valid_errs'\np4\n(lp5\nF0.5\naF0.25\nas."
    b"ccollections\nOrderedDict\np1\n((lp2\n(lp3\nS'caf\\xe9'\naI1\naa(lp4\nV\\u20ac\naL2L\naatRp5\n."
)


@pytest.fixture
def no_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where NumPy is not installed."""
    monkeypatch.setitem(sys.modules, "numpy", None)


@pytest.mark.parametrize("protocol", PYTHON2)
def test_arrays_and_numbers_of_numpy(protocol: int) -> None:
    value = pickles.load(PYTHON2[protocol])
    assert type(value["a"]) is float
    assert value["a"] == 0.5
    assert isinstance(value["z"], numpy.ndarray)
    assert value["z"].dtype == numpy.float32
    assert value["z"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


@pytest.mark.parametrize("protocol", PYTHON2)
@pytest.mark.usefixtures("no_numpy")
def test_arrays_without_numpy(protocol: int) -> None:
    array = pickles.load(PYTHON2[protocol])["z"]
    assert array == Array((2, 3), "<f4", (0.0, 1.0, 2.0, 3.0, 4.0, 5.0))
    assert array.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert len(array) == 2


def test_objects_one_after_another(tmp_path: Path) -> None:
    path = tmp_path / "dictionary.pkl"
    path.write_bytes(TWO)
    first, second = pickles.load_all(path)
    assert type(first) is collections.defaultdict
    assert first == {"valid_errs": [0.5, 0.25]}
    assert first["new"] == []
    assert type(second) is collections.OrderedDict
    assert list(second.items()) == [("café", 1), ("€", 2)]
    assert pickles.load(path) == {"valid_errs": [0.5, 0.25]}


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
    numpy.testing.assert_equal(pickles.load(pickle.dumps(value, protocol)), value)


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
    assert [array.tolist() for array in pickles.load(data)] == expected
    assert float(pickles.load(data)[-1]) == 1.5


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(-(2**63), 2**63), inner) | st.tuples(inner),
    max_leaves=20,
)


@given(plain, st.integers(0, 5))
def test_whatever_is_plain_is_read(value: Any, protocol: int) -> None:
    assert pickles.load(pickle.dumps(value, protocol)) == value


@given(st.binary(max_size=200))
def test_whatever_is_no_pickle_is_one_of_three_failures(data: bytes) -> None:
    with_stop = data + b"."
    for source in (data, with_stop, b"\x80\x02" + with_stop):
        with contextlib.suppress(PickleBrokenError, PickleTruncatedError, PickleRefusedError):
            pickles.load_all(source)


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
    assert pickles.load_all(data) == expected


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
    for stats in pickles.load_all(data):
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
    options = pickles.read_options(path)
    assert options == {"dim": 1024, "grad_clip": 2.0, "encoder": "lngru"}
    assert {type(value) for value in options.values()} == {int, float, str}


@pytest.mark.parametrize("value", [[1], {1: 2}, "text", None])
def test_no_hyperparameters(value: Any) -> None:
    with pytest.raises(HyperparametersError, match="holds no hyperparameters"):
        pickles.read_options(pickle.dumps(value, 2))


# What is refused


class _Reduced:
    """Pickles as a call of *function*."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


HOSTILE = {
    "os.system": (b"cos\nsystem\n(S'touch ran'\ntR.", "os.system"),
    "posix.system": (pickle.dumps(_Reduced(os.system, "touch ran"), 2), f"{os.name}.system"),
    "eval": (pickle.dumps(_Reduced(builtins.eval, "open('ran', 'w')"), 2), "builtins.eval"),
    "python-2-eval": (b"c__builtin__\neval\n(S'1'\ntR.", "builtins.eval"),
    "getattr-chain": (
        b"c__builtin__\ngetattr\n(c__builtin__\n__import__\n(S'os'\ntRS'system'\ntR(S'touch ran'\ntR.",
        "builtins.getattr",
    ),
    "dotted-name": (
        b"\x80\x04" + short("collections") + short("OrderedDict.__init__") + b"\x93.",
        "OrderedDict.__init__",
    ),
    "dotted-module": (b"\x80\x04" + short("numpy") + short("core.multiarray.scalar") + b"\x93.", "numpy.core.multi"),
    "submodule": (b"cnumpy.core.multiarray\nfromfile\n(S'/etc/passwd'\ntR.", "numpy._core.multiarray.fromfile"),
    "numpy-load": (b"cnumpy\nload\n(S'x.npy'\ntR.", "numpy.load"),
    "joined-name": (b"cnumpy._core\nmultiarray.scalar\n)R.", "multiarray.scalar"),
    "codecs": (b"c_codecs\nencode\n(V1\nS'zlib'\ntR.", "_codecs.encode to 'zlib'"),
    "instance": (b"(S'touch ran'\nios\nsystem\n.", "os.system"),
    "object": (b"(cos\nsystem\nS'touch ran'\no.", "os.system"),
    "new-object": (b"\x80\x02csubprocess\nPopen\n(S'true'\nt\x81.", "subprocess.Popen"),
    "keywords": (b"\x80\x04]]}\x92.", "an object made with keywords"),
    "list-of-a-list": (b"c__builtin__\nlist\n((ltR.", "a call of a type"),
    "ndarray": (b"cnumpy\nndarray\n((I1000000000\nttR.", "a call of a type"),
    "factory": (b"ccollections\ndefaultdict\n(c_codecs\nencode\ntR.", "a defaultdict of _codecs.encode"),
    "large-bytes": (b"c__builtin__\nbytes\n(I1000000000\ntR.", "a call of bytes"),
    "state": (b"ccollections\nOrderedDict\n)R(dS'items'\nNsb.", "a state set from outside in OrderedDict"),
    "state-of-a-name": (b"ccollections\nOrderedDict\n(dS'name'\nS'os.system'\nsb)R.", "a state set from outside"),
    "called-list": (b"](tR.", "a call of list"),
    "called-text": (b"S'os.system'\n)R.", "a call of str"),
    "persistent": (b"Pid\n.", "an object outside of the pickle"),
    "extension": (b"\x80\x02\x82\x01.", "an extension"),
    "buffer": (b"\x80\x05\x97.", "a buffer outside of the pickle"),
    "objects-in-an-array": (pickle.dumps(numpy.array([None]), 2), "NumPy's type O"),
    "fields-in-an-array": (pickle.dumps(numpy.zeros(1, "i4,f4"), 2), "NumPy's type V"),
    "dates-in-an-array": (pickle.dumps(numpy.zeros(1, "M8[s]"), 2), "NumPy's type M"),
    "holds-itself": (b"]q\x00h\x00a.", "a container that holds itself"),
    "holds-itself-deeper": (b"}q\x00U\x01a]q\x01h\x00as.", "a container that holds itself"),
}


@pytest.mark.parametrize(("data", "named"), HOSTILE.values(), ids=HOSTILE)
def test_refused_by_name_and_not_run(data: bytes, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PickleRefusedError) as refused:
        pickles.load(data)
    assert named in refused.value.found
    assert named in refused.value.message
    assert list(tmp_path.iterdir()) == []


def laughs(depth: int) -> bytes:
    """A list of ten references to a list of ten references, and so on."""
    level = b"(" + b"h\x00" * 10 + b"lq\x000"
    return b"U\x03lolq\x000" + level * depth + b"h\x00."


def tuple_key(depth: int) -> bytes:
    """A dictionary's key whose hash takes 2 ** depth steps."""
    return b"}U\x01x" + b"2\x86" * depth + b"Ns."


BOMBS = {
    "laughs": (laughs(40), "references to the same ones"),
    "key": (tuple_key(60), "a key of more than"),
    "nested-lists": (b"]" * 100_000 + b"a" * 99_999 + b".", "nested more than"),
    "nested-by-memo": (b"]q\x000" + b"](h\x00eq\x000" * 1000 + b"h\x00.", "nested more than"),
    "nested-tuples": (b")" + b"\x85" * 100_000 + b".", "nested more than"),
    "copies-of-a-set": (
        b"c__builtin__\nset\nq\x00]q\x01(" + b"K\x01" * 5000 + b"e0(" + b"h\x00h\x01\x85R" * 5000 + b"l.",
        "copied again and again",
    ),
    "copies-of-bytes": (
        b"c_codecs\nencode\nq\x00V" + b"a" * 5000 + b"\nU\x06latin1\x86q\x010(" + b"h\x00h\x01R" * 5000 + b"l.",
        "copied again and again",
    ),
    "large-key": (b"}\x8a\x20" + b"\x11" * 32 + b"Ns.", "a key of more than 64 bits"),
}


@pytest.mark.parametrize(("data", "named"), BOMBS.values(), ids=BOMBS)
def test_bombs(data: bytes, named: str) -> None:
    began = time.monotonic()
    with pytest.raises(PickleRefusedError, match=named):
        pickles.load(data)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "data",
    [
        b"Np2147483647\n.",
        b"Nr\xff\xff\xff\x7f.",
        b"Np99999999999999999999\n.",
        b"\x80\x04" + b"N\x94" * 1000 + b"0" * 999 + b".",
    ],
    ids=["put", "long-binput", "beyond-64-bits", "memoize"],
)
def test_a_large_memo_takes_no_memory(data: bytes) -> None:
    assert pickles.load(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"(dp0\n",
        b"S'abc",
        b"T\x00\x00\x00\x10abc",
        b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.",
        b"\x80\x04\x95" + struct.pack("<Q", 2**40) + b"N.",
        PYTHON2[0][:-1],
        PYTHON2[2][:-40],
    ],
)
def test_truncated(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(data)
    with pytest.raises(PickleTruncatedError, match=f"model.pkl is truncated.* {len(data)} bytes"):
        pickles.load(path)


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html>\n<html>.",
        b"hello.",
        b".",
        b"a.",
        b"]NNs.",
        b"}]Ns.",
        b"NN.",
        b"(N.",
        b"\x80\x09N.",
        b"Sabc\n.",
        b"I1x\n.",
        b"T\xff\xff\xff\xffN.",
        b"L" + b"9" * 5000 + b"L\n.",
        b"g7\n.",
        PYTHON2[2].replace(b"K\x02K\x03\x86", b"K\x02K\x04\x86"),
        PYTHON2[2].replace(b"U\x01<NNN", b"U\x01?NNN"),
        PYTHON2[2].replace(b"U\x04\x00\x00\x00?", b"U\x03\x00\x00\x00"),
        b"cnumpy.core.multiarray\n_reconstruct\n(tR.",
    ],
)
def test_broken(data: bytes) -> None:
    with pytest.raises(PickleBrokenError, match="no pickle that can be read: byte"):
        pickles.load(data)


def test_too_large_a_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.pkl"
    with path.open("wb") as file:
        file.truncate(pickles.MAX_BYTES + 1)
    with pytest.raises(PickleRefusedError, match="more than the"):
        pickles.load(path)
