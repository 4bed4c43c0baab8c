"""What instructions and calls are given that they cannot take: each says what is wrong, and none is carried out half."""

from __future__ import annotations

import struct

import pytest

from lnpatch.errors import PickleBrokenError, PickleRefusedError
from lnpatch.pickles.load import load_pickle

DTYPE = b"cnumpy\ndtype\n(U\x02i1K\x00K\x01tR"
RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n)R"
SCALAR = b"cnumpy.core.multiarray\nscalar\n"
MINUS_ONE = b"J\xff\xff\xff\xff"

#: (the pickle, part of the message)
BROKEN = {
    "unknown-instruction": (b"\xff.", "unknown instruction b'\\xff'"),
    "protocol-6": (b"\x80\x06N.", "protocol 6"),
    "two-objects": (b"NN.", "more than one object at its end"),
    "a-mark-at-the-end": (b"(N.", "more than one object at its end"),
    "an-item-of-a-list": (b"]NaK\x00K\x01s.", "items of list"),
    "items-of-a-list": (b"]Na(K\x00K\x01u.", "items of list"),
    "a-key-without-a-value": (b"}(K\x00K\x01K\x02u.", "items of dict"),
    "a-dictionary-of-three": (b"(K\x00K\x01K\x02d.", "items of dict"),
    "elements-of-a-dictionary": (b"}K\x01a.", "elements of dict"),
    "elements-of-a-tuple": (b")(K\x01e.", "elements of tuple"),
    "members-of-a-list": (b"](K\x01\x90.", "members of list"),
    "members-of-a-frozen-set": (b"(\x91(K\x01\x90.", "members of frozenset"),
    "a-tuple-of-two-of-one": (b"N\x86.", "pop from empty list"),
    "a-tuple-of-three-of-two": (b"NN\x87.", "pop from empty list"),
    "a-name-of-numbers": (b"K\x01K\x02\x93.", "a name that is not a string"),
    "a-name-of-one-string": (b"U\x01aK\x02\x93.", "a name that is not a string"),
    "a-set-of-a-dictionary": (b"c__builtin__\nset\n(}tR.", "a set of dict"),
    "a-set-of-text": (b"c__builtin__\nset\n(U\x02abtR.", "a set of str"),
    "pairs-of-a-dictionary": (b"ccollections\nOrderedDict\n(}tR.", "an OrderedDict of dict"),
    "pairs-of-three": (
        b"ccollections\nOrderedDict\n(](K\x01K\x02K\x03tatR.",
        "an OrderedDict of something other than pairs",
    ),
    "pairs-of-text": (b"ccollections\nOrderedDict\n(]U\x02abatR.", "an OrderedDict of something other than pairs"),
    "an-array-alone": (RECONSTRUCT + b".", "an array without elements"),
    "a-state-that-is-a-list": (RECONSTRUCT + b"](K\x01)" + DTYPE + b"\x89U\x01aeb.", "an array without elements"),
    "a-state-of-four": (RECONSTRUCT + b"(K\x01)" + DTYPE + b"\x89tb.", "an array without elements"),
    "elements-that-are-numbers": (RECONSTRUCT + b"(K\x01)" + DTYPE + b"\x89K\x01tb.", "an array without elements"),
    "an-array-of-no-type": (RECONSTRUCT + b"(K\x01)U\x02i1\x89U\x01atb.", "an array without a type"),
    "a-shape-that-is-a-list": (RECONSTRUCT + b"(K\x01]" + DTYPE + b"\x89U\x01atb.", "an array without a shape"),
    "a-shape-of-a-boolean": (RECONSTRUCT + b"(K\x01\x88\x85" + DTYPE + b"\x89U\x01atb.", "an array without a shape"),
    "a-shape-of-text": (RECONSTRUCT + b"(K\x01U\x011\x85" + DTYPE + b"\x89U\x01atb.", "an array without a shape"),
    "a-number-of-no-type": (SCALAR + b"U\x02i1U\x01a\x86R.", "an array without a type"),
    "a-number-of-two": (SCALAR + DTYPE + b"U\x02ab\x86R.", "2 elements in one number"),
    "a-number-of-none": (SCALAR + DTYPE + b"U\x00\x86R.", "0 elements in one number"),
    "a-dtype-with-a-list-for-state": (DTYPE + b"](K\x03U\x01<NNNeb.", "a dtype without a byte order"),
    "a-dtype-with-a-short-state": (DTYPE + b"(K\x03U\x01<NNtb.", "a dtype without a byte order"),
    "a-negative-length": (b"T" + MINUS_ONE[1:] + b".", "a negative length"),
    "a-negative-integer-length": (b"\x8b" + MINUS_ONE[1:] + b".", "a negative length"),
}


@pytest.mark.parametrize(("data", "message"), BROKEN.values(), ids=BROKEN)
def test_broken(data: bytes, message: str) -> None:
    with pytest.raises(PickleBrokenError) as broken:
        load_pickle(data)
    assert message in broken.value.reason


#: (the pickle, what is found)
REFUSED = {
    "fields": (DTYPE + b"(K\x03U\x01<U\x01aNNtb.", "NumPy's type i1 with fields"),
    "names-of-fields": (DTYPE + b"(K\x03U\x01<NU\x01aNtb.", "NumPy's type i1 with fields"),
    "parts-of-fields": (DTYPE + b"(K\x03U\x01<NN)tb.", "NumPy's type i1 with fields"),
    "a-factory-that-is-text": (b"ccollections\ndefaultdict\n(U\x04listtR.", "a defaultdict of str"),
    "a-type-by-number": (b"cnumpy\ndtype\n(K\x01tR.", "NumPy's type 1"),
    "a-long-type": (b"cnumpy\ndtype\n(U\x64" + b"x" * 100 + b"tR.", "NumPy's type " + "x" * 40),
    "arguments-in-a-list": (b"c__builtin__\nset\n]R.", "a call of AllowedName"),
    "bytes-to-encode": (b"c_codecs\nencode\n(C\x01aU\x06latin1tR.", "_codecs.encode to 'latin1'"),
    "a-type-in-hyperparameters": (b"c__builtin__\nlist\n(tR.", "a call of a type that may only be named"),
}


@pytest.mark.parametrize(("data", "found"), REFUSED.values(), ids=REFUSED)
def test_refused(data: bytes, found: str) -> None:
    with pytest.raises(PickleRefusedError) as refused:
        load_pickle(data)
    assert refused.value.found == found


#: (the pickle, what it holds)
READ = {
    "big-endian": (SCALAR + b"cnumpy\ndtype\n(U\x02i2tR(K\x03U\x01>NNNtbU\x02\x01\x02\x86R.", 0x0102),
    "little-endian": (SCALAR + b"cnumpy\ndtype\n(U\x02i2tR(K\x03U\x01<NNNtbU\x02\x01\x02\x86R.", 0x0201),
    "the-machine's-order": (SCALAR + b"cnumpy\ndtype\n(U\x02i2tR(K\x03U\x01=NNNtbU\x02\x01\x02\x86R.", 0x0201),
    "no-order": (SCALAR + b"cnumpy\ndtype\n(U\x02i2tRU\x02\x01\x02\x86R.", 0x0201),
    "order-set-twice": (
        SCALAR + b"cnumpy\ndtype\n(U\x02i2tR(K\x03U\x01>NNNtb(K\x03U\x01<NNNtbU\x02\x01\x02\x86R.",
        0x0201,
    ),
    "an-instance": (b"(i__builtin__\nset\n.", set()),
    "an-object": (b"(c__builtin__\nset\n(K\x01lo.", {1}),
    "a-popped-mark": (b"N(0.", None),
    "a-popped-element": (b"NN0.", None),
    "popped-to-a-mark": (b"N(NN1.", None),
    "a-frame": (b"\x80\x04\x95" + struct.pack("<Q", 2) + b"N.", None),
    "a-line-with-a-carriage-return": (b"I5\r\n.", 5),
    "the-top-twice": (b"(NK\x052l.", [None, 5, 5]),
    "booleans": (b"(I00\nI01\nI1\nl.", [False, True, 1]),
}


@pytest.mark.parametrize(("data", "value"), READ.values(), ids=READ)
def test_read(data: bytes, value: object) -> None:
    loaded = load_pickle(data)
    assert (type(loaded), loaded) == (type(value), value)
