"""Pickles that are refused, cut off or broken, and what a hostile one cannot do."""

from __future__ import annotations

import builtins
import itertools
import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest

from lnpatch.errors import PickleBrokenError, PickleRefusedError, PickleTruncatedError
from lnpatch.pickles.load import MAX_BYTES, load_pickle
from tests.pickles.samples import PYTHON2


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
        load_pickle(data)
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


def keys_of_one_hash(length: int) -> bytes:
    """All tuples of -1 and -2, whose hashes are the same, each as a key with the value None."""
    return b"".join(
        b"(" + b"".join(struct.pack("<bi", ord("J"), number) for number in key) + b"tN"
        for key in itertools.product((-1, -2), repeat=length)
    )


FILLS = "so many objects that they would fill memory"

BOMBS = {
    "laughs": (laughs(40), "references to the same ones"),
    "few-laughs": (laughs(7), "references to the same ones"),
    "copies-of-pairs": (
        b"ccollections\nOrderedDict\nq\x00](" + b"K\x01N\x86" * 5000 + b"eq\x01(" + b"h\x00h\x01\x85R" * 5000 + b"l0.",
        "copied again and again",
    ),
    "copies-in-numbers": (
        b"cnumpy.core.multiarray\nscalar\nq\x00cnumpy\ndtype\n(U\x05S5000K\x00K\x01tRT\x88\x13\x00\x00"
        + b"a" * 5000
        + b"\x86q\x01("
        + b"h\x00h\x01R" * 5000
        + b"l0.",
        "copied again and again",
    ),
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
    "tuples-of-one-hash": (b"\x80\x02}(" + keys_of_one_hash(15) + b"u.", "keys that were chosen to have one hash"),
    "members-of-one-hash": (
        b"\x80\x04\x8f(" + keys_of_one_hash(15).replace(b"tN", b"t") + b"\x90.",
        "keys that were chosen to have one hash",
    ),
    "frozen-members-of-one-hash": (
        b"\x80\x04(" + keys_of_one_hash(15).replace(b"tN", b"t") + b"\x91.",
        "keys that were chosen to have one hash",
    ),
    "set-of-one-hash": (
        b"c__builtin__\nset\n((" + keys_of_one_hash(15).replace(b"tN", b"t") + b"ltR.",
        "keys that were chosen to have one hash",
    ),
    "ordered-keys-of-one-hash": (
        b"ccollections\nOrderedDict\n((" + keys_of_one_hash(15).replace(b"tN", b"tN\x86") + b"ltR.",
        "keys that were chosen to have one hash",
    ),
    "one-long-key": (b"(" + b"K\x01" * 255 + b"tq\x00}(" + b"h\x00N" * 100_000 + b"u.", "copied again and again"),
    "dictionaries": (b"(" + b"}" * 300_000 + b"l.", FILLS),
    "dictionaries-from-a-mark": (b"(" + b"(d" * 400_000 + b"l.", FILLS),
    "sets": (b"\x80\x04(" + b"\x8f" * 300_000 + b"l.", FILLS),
    "frozen-sets": (b"\x80\x04(" + b"(\x91" * 400_000 + b"l.", FILLS),
    "lists": (b"(" + b"]" * 300_000 + b"l.", FILLS),
    "lists-from-a-mark": (b"(" + b"(l" * 400_000 + b"l.", FILLS),
    "tuples": (b"(" + b"N\x85" * 400_000 + b"l.", FILLS),
    "tuples-from-a-mark": (b"(" + b"(Nt" * 600_000 + b"l.", FILLS),
    "thrown-away": (b"}0" * 400_000 + b"N.", FILLS),
    "sets-by-calls": (b"c__builtin__\nset\nq\x000(" + b"h\x00)R" * 1_100_000 + b"l.", FILLS),
    "ordered-by-calls": (b"ccollections\nOrderedDict\nq\x000(" + b"h\x00)R" * 1_100_000 + b"l.", FILLS),
    "memo": (b"\x80\x04N" + b"\x94" * 2_000_000 + b".", FILLS),
    "long-integer": (b"\x8b\x00\x01\x00\x00" + b"\x7f" * 256 + b".", "an integer of more than 255 bytes"),
    "long-decimals": (b"L" + b"9" * 5000 + b"L\n.", "an integer of more than 620 digits"),
    "long-memo-key": (b"Np" + b"9" * 5000 + b"\n.", "an integer of more than 620 digits"),
    "large-key": (b"}\x8a\x20" + b"\x11" * 32 + b"Ns.", "a key of more than 64 bits"),
}


#: Loads the pickle on standard input with half a minute of the processor's time and half a gigabyte of memory.
BOUNDED = """
import resource, sys
from lnpatch.errors import PickleRefusedError
from lnpatch.pickles.load import load_pickle

resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
try:
    load_pickle(sys.stdin.buffer.read())
except PickleRefusedError as error:
    print(error.found)
"""


#: They are refused as soon as the memory of their length is used up, which takes seconds.
LONG = {
    *("sets-by-calls", "ordered-by-calls", "frozen-sets", "sets", "dictionaries-from-a-mark", "lists-from-a-mark"),
    *("tuples-from-a-mark", "frozen-members-of-one-hash", "ordered-keys-of-one-hash"),
}


@pytest.mark.parametrize(
    ("data", "named"),
    [pytest.param(*bomb, marks=[pytest.mark.slow] if name in LONG else []) for name, bomb in BOMBS.items()],
    ids=BOMBS,
)
def test_bombs_are_refused_before_they_take_time_or_memory(data: bytes, named: str) -> None:
    pytest.importorskip("resource", reason="limits are POSIX's")
    run = subprocess.run([sys.executable, "-c", BOUNDED], input=data, capture_output=True, check=False)
    assert (run.returncode, run.stderr.decode()) == (0, "")
    assert named in run.stdout.decode()


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
    assert load_pickle(data) is None


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
        load_pickle(path)


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
        b"I010\n.",
        b"I1_0\n.",
        b"I+1\n.",
        b"g7\n.",
        b"Np07\n.",
        b"Np1\nq\x010h\x01.",
        b"\x80\x04N\x94p0\n.",
        b"]q\x00(p1\n0h\x00.",
        b"N(\x85t.",
        b"N(\x85t0.",
        b"T\xfb\xff\xff\xff.",  # a length that leads back to its own instruction
        b"N(N0h\x000t.",
        b"(cnumpy.core.multiarray\n_reconstruct\nq\x00)Rl.",
        b"(cnumpy.core.multiarray\n_reconstruct\n)Rq\x00q\x01(K\x01K\x01\x85cnumpy\ndtype\n(U\x02i1K\x00K\x01tR\x89U\x01xtbh\x00l.",
        PYTHON2[2].replace(b"K\x02K\x03\x86", b"K\x02K\x04\x86"),
        PYTHON2[2].replace(b"U\x01<NNN", b"U\x01?NNN"),
        PYTHON2[2].replace(b"U\x04\x00\x00\x00?", b"U\x03\x00\x00\x00"),
        b"cnumpy.core.multiarray\n_reconstruct\n(tR.",
    ],
)
def test_broken(data: bytes) -> None:
    with pytest.raises(PickleBrokenError, match="cannot be read as a pickle: byte"):
        load_pickle(data)


def array(shape: bytes, data: bytes, code: bytes = b"i1") -> bytes:
    """An array of these bytes, as Python 2 pickles one; *shape* is a tuple's instructions."""
    dtype = b"cnumpy\ndtype\n(U\x02" + code + b"K\x00K\x01tR"
    text = b"U" + bytes([len(data)]) + data
    return b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01" + shape + dtype + b"\x89" + text + b"tb."


BROKEN_ARRAYS = {
    "fewer-elements": array(b"K\x02K\x04\x86", b"123456"),
    "more-elements": array(b"K\x02K\x02\x86", b"123456"),
    "half-an-element": array(b"K\x03\x85", b"12345", b"i2"),
    "negative-lengths": array(b"J\xff\xff\xff\xffJ\xfa\xff\xff\xff\x86", b"123456"),
    "one-negative-length": array(b"J\xff\xff\xff\xff\x85", b"123456"),
    "a-billion-empty-rows": array(b"J\x00\xca\x9a\x3bK\x00\x86", b""),
    "33-dimensions": array(b"(" + b"K\x01" * 33 + b"t", b"1"),
    "text-for-a-length": array(b"U\x011\x85", b"1"),
    "true-for-a-length": array(b"\x88\x85", b"1"),
    "two-elements-in-a-number": b"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n(U\x02i1K\x00K\x01tRU\x0212\x86R.",
    "no-element-in-a-number": b"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n(U\x02i1K\x00K\x01tRU\x00\x86R.",
}


@pytest.mark.parametrize("with_numpy", [True, False], ids=["numpy", "no-numpy"])
@pytest.mark.parametrize("data", BROKEN_ARRAYS.values(), ids=BROKEN_ARRAYS)
def test_broken_arrays(data: bytes, with_numpy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_numpy:
        monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(PickleBrokenError, match="cannot be read as a pickle: byte"):
        load_pickle(data)


def test_such_an_array_that_is_whole() -> None:
    assert load_pickle(array(b"K\x02K\x03\x86", b"123456")).tolist() == [[49, 50, 51], [52, 53, 54]]


def test_too_large_a_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.pkl"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(PickleRefusedError, match="more than the"):
        load_pickle(path)


HONEST = {
    "small-containers": [[i % 7] for i in range(50_000)] + [{"a": i % 7} for i in range(50_000)],
    "tuples-as-keys": {(x, y): x * y for x in range(-50, 50) for y in range(-50, 50)},
    "words": {f"word{i}": i for i in range(100_000)},
    "empty": [{} for _ in range(50_000)] + [set() for _ in range(50_000)],
}


@pytest.mark.cases_by_default(3)
@pytest.mark.parametrize("protocol", [0, pytest.param(2, marks=pytest.mark.slow), 4])
@pytest.mark.parametrize("value", HONEST.values(), ids=HONEST)
def test_what_a_pickler_writes_is_never_too_much(value: Any, protocol: int) -> None:
    assert load_pickle(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize(("length", "fits"), [(255, True), (256, True), (257, False)])
def test_the_longest_key(length: int, fits: bool) -> None:
    data = b"}(" + b"K\x01" * length + b"tNs."
    if fits:
        assert load_pickle(data) == {(1,) * length: None}
    else:
        with pytest.raises(PickleRefusedError, match="a key of more than 256 elements"):
            load_pickle(data)


def test_keys_of_one_hash_up_to_a_number() -> None:
    """Of -1 and -2 a few are honest: places in a grid."""
    assert len(load_pickle(b"}(" + keys_of_one_hash(6) + b"u.")) == 64
    with pytest.raises(PickleRefusedError, match="chosen to have one hash"):
        load_pickle(b"}(" + keys_of_one_hash(7) + b"u.")


def test_keys_of_one_hash_in_many_dictionaries() -> None:
    assert len(load_pickle(b"(" + b"}(J\xff\xff\xff\xff\x85NJ\xfe\xff\xff\xff\x85Nu" * 200 + b"l.")) == 200


def test_a_megabyte_of_one_key_is_read() -> None:
    """A key that is set again takes no memory, and so many sentences may have the same length."""
    assert load_pickle(b"}(" + b"K\x01K\x02" * 250_000 + b"u.") == {1: 2}
