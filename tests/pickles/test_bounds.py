"""What a pickle may make, exactly: memory, copies, keys, numbers and nesting, with what is just allowed beside what is not."""

from __future__ import annotations

import itertools
import pickle
import struct
import sys
import tracemalloc
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy
import pytest

from lnpatch.errors import PickleBrokenError, PickleRefusedError
from lnpatch.pickles import load, machine
from lnpatch.pickles.instructions import run_pickle
from lnpatch.pickles.load import load_pickle, read_hyperparameters

FILLS = "so many objects that they would fill memory"
ONE_HASH = "keys that were chosen to have one hash"
COPIES = "the same data copied again and again"
ELEMENTS = "by references to the same ones again and again"

SET, FROZEN_SET, ORDERED = (
    b"c__builtin__\nset\nq\x000",
    b"c__builtin__\nfrozenset\nq\x000",
    b"ccollections\nOrderedDict\nq\x000",
)
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\nq\x000cnumpy\ndtype\n(U\x02%sK\x00K\x01tRq\x010"


def text(length: int) -> bytes:
    return b"X" + struct.pack("<I", length) + b"a" * length


def array_state(code: bytes, shape: bytes, data: bytes) -> bytes:
    """An array that is not built yet, with its state as entry 2 of the memo: ``h\\x00)Rh\\x02b`` builds it."""
    count = struct.pack("<i", len(data))
    return ARRAY % code + b"(K\x01" + shape + b"h\x01\x89T" + count + data + b"tq\x020"


BUILD = b"h\x00)Rh\x02b"


def refusal(data: bytes) -> str:
    """What is found in a pickle that is refused."""
    with pytest.raises(PickleRefusedError) as refused:
        load_pickle(data)
    return refused.value.found


# Memory

#: (what is there before, what is repeated, what comes behind): each repetition makes one object.
FLOODS = {
    "dictionaries": (b"(", b"}", b"l."),
    "dictionaries-from-a-mark": (b"(", b"(d", b"l."),
    "sets": (b"(", b"\x8f", b"l."),
    "frozen-sets": (b"(", b"(\x91", b"l."),
    "lists": (b"(", b"]", b"l."),
    "lists-from-a-mark": (b"(", b"(l", b"l."),
    "tuples-of-one": (b"(", b"N\x85", b"l."),
    "tuples-of-two": (b"(", b"NN\x86", b"l."),
    "tuples-of-three": (b"(", b"NNN\x87", b"l."),
    "tuples-from-a-mark": (b"(", b"(Nt", b"l."),
    "thrown-away": (b"N", b"}0", b"."),
    "memo": (b"N", b"\x94", b"."),
    "set-calls": (SET + b"(", b"h\x00)R", b"l."),
    "frozen-set-calls": (FROZEN_SET + b"(", b"h\x00)R", b"l."),
    "ordered-calls": (ORDERED + b"(", b"h\x00)R", b"l."),
    "new-objects": (ORDERED + b"(", b"h\x00)\x81", b"l."),
    "objects": (b"(", b"(ccollections\nOrderedDict\no", b"l."),
    "instances": (b"(", b"(icollections\nOrderedDict\n", b"l."),
    "arrays-to-fill": (ARRAY % b"i1" + b"(", b"h\x00)R", b"l."),
    "arrays": (array_state(b"i1", b"K\x00\x85", b"") + b"(", BUILD, b"l."),
    "tuples-as-keys": (b"}(", b"G%sN\x86N", b"u."),
}


def flood(name: str, count: int) -> bytes:
    head, unit, tail = FLOODS[name]
    if b"%s" in unit:
        return head + b"".join(unit % struct.pack(">d", i) for i in range(count)) + tail
    return head + unit * count + tail


@pytest.mark.parametrize("name", FLOODS)
def test_every_object_counts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_MEMORY_PER_BYTE", 0)
    monkeypatch.setattr(machine, "_MIN_MEMORY", 10_000)
    assert FILLS in refusal(flood(name, 300))


@pytest.mark.parametrize("name", FLOODS)
@pytest.mark.parametrize("numpy_there", [True, False], ids=["numpy", "no-numpy"])
def test_memory_is_in_proportion_to_the_file(name: str, numpy_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is refused or read: it never takes more than the bound, and 40 bytes for each byte beside."""
    monkeypatch.setattr(machine, "_MIN_MEMORY", 1 << 16)
    if not numpy_there:
        monkeypatch.setitem(sys.modules, "numpy", None)
    data = flood(name, 4000)
    load_pickle(b"N.")  # what is imported or made once is no part of it
    assert measure_peak(data) < (1 << 16) + (64 + 40) * len(data)


def measure_peak(data: bytes) -> int:
    """The most bytes of memory that are in use while a pickle is read or refused."""
    tracemalloc.start()
    try:
        load_pickle(data)
    except (PickleRefusedError, PickleBrokenError):
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


def test_the_bound_is_64_bytes_for_each_byte_and_64_mebibytes_and_four_gibibytes_at_most() -> None:
    assert machine.Machine(b"").memory_left == 64 * 2**20
    assert machine.Machine(bytes(1000)).memory_left == 64 * 2**20 + 64_000

    class Long(bytes):
        def __len__(self) -> int:
            return 2**30

    assert machine.Machine(Long()).memory_left == 4 * 2**30


def test_memory_is_allowed_up_to_the_last_byte() -> None:
    m = machine.Machine(b"")
    m.allow_memory(64 * 2**20)
    with pytest.raises(machine.RefusedError):
        m.allow_memory(1)


@pytest.mark.parametrize(("code", "size"), [(b"u2", 2), (b"S2", 2), (b"i1", 1), (b"f4", 4)])
@pytest.mark.parametrize("numpy_there", [True, False], ids=["numpy", "no-numpy"])
def test_copies_of_an_array(code: bytes, size: int, numpy_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of Python take more memory than the bytes of an array: they are counted before they are made."""
    monkeypatch.setattr(machine, "_MIN_MEMORY", 1 << 16)
    if not numpy_there:
        monkeypatch.setitem(sys.modules, "numpy", None)
    content = bytes(1 + i % 250 for i in range(60_000))
    shape = b"J" + struct.pack("<i", len(content) // size) + b"\x85"
    data = array_state(code, shape, content) + b"(" + BUILD * 4 + b"l."
    assert measure_peak(data) < (1 << 16) + (64 + 40) * len(data)
    if size < 4 and not numpy_there:
        assert FILLS in refusal(data)
    else:
        assert len(load_pickle(data)) == 4


HONEST: dict[str, Any] = {
    "small-containers": [[i % 7] for i in range(5000)] + [{"a": i % 7} for i in range(5000)],
    "tuples-as-keys": {(x, y): x * y for x in range(-30, 30) for y in range(-30, 30)},
    "one-pair-in-many-sets": [frozenset({(1, 2), (i, "word")}) for i in range(5000)],
    "words": {f"word{i}": i for i in range(20_000)},
    "empty": [{} for _ in range(5000)] + [set() for _ in range(5000)],
    "ordered": [OrderedDict([((i, 1), 2)]) for i in range(5000)],
}


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("value", HONEST.values(), ids=HONEST)
def test_what_a_pickler_writes_is_never_too_much(value: Any, protocol: int) -> None:
    assert load_pickle(pickle.dumps(value, protocol)) == value


def test_marks() -> None:
    assert load_pickle(b"(" * 1024 + b"1" * 1023 + b"l.") == []
    assert refusal(b"(" * 1025 + b"1" * 1024 + b"l.") == "more than 1024 containers begun within each other"


# Keys


def tuples_of_one_hash(count: int) -> list[bytes]:
    """So many tuples of -1 and -2, whose hashes are the same."""
    keys = itertools.islice(itertools.product((-1, -2), repeat=8), count)
    return [b"(" + b"".join(b"J" + struct.pack("<i", number) for number in key) + b"t" for key in keys]


def joined(keys: Iterable[bytes], behind: bytes = b"") -> bytes:
    return b"".join(key + behind for key in keys)


#: Ways to put keys into a container.
KEYED = {
    "items": lambda keys: b"}(" + joined(keys, b"N") + b"u.",
    "items-of-a-new-one": lambda keys: b"(" + joined(keys, b"N") + b"d.",
    "one-by-one": lambda keys: b"}" + joined(keys, b"Ns") + b".",
    "members": lambda keys: b"\x8f(" + joined(keys) + b"\x90.",
    "members-one-by-one": lambda keys: b"\x8f" + b"".join(b"(" + key + b"\x90" for key in keys) + b".",
    "frozen": lambda keys: b"(" + joined(keys) + b"\x91.",
    "set-call": lambda keys: SET + b"h\x00((" + joined(keys) + b"ltR.",
    "frozen-call": lambda keys: FROZEN_SET + b"h\x00((" + joined(keys) + b"ltR.",
    "ordered-call": lambda keys: ORDERED + b"h\x00((" + joined(keys, b"N\x86") + b"ltR.",
}


@pytest.mark.parametrize("way", KEYED)
def test_64_keys_of_one_hash(way: str) -> None:
    assert len(load_pickle(KEYED[way](tuples_of_one_hash(64)))) == 64
    assert refusal(KEYED[way](tuples_of_one_hash(65))) == ONE_HASH


@pytest.mark.parametrize("way", KEYED)
def test_one_key_again_and_again(way: str) -> None:
    assert len(load_pickle(KEYED[way](tuples_of_one_hash(1) * 200))) == 1


@pytest.mark.parametrize("way", KEYED)
@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        (b"\x8a\x08" + struct.pack("<q", -(2**63)), True),
        (b"\x8a\x09" + (-(2**63) - 1).to_bytes(9, "little", signed=True), False),
        (b"\x8a\x09" + (2**64 - 1).to_bytes(9, "little", signed=True), True),
        (b"\x8a\x09" + (2**64).to_bytes(9, "little", signed=True), False),
    ],
    ids=["-2**63", "-2**63-1", "2**64-1", "2**64"],
)
def test_keys_of_64_bits(way: str, key: bytes, allowed: bool) -> None:
    for keys in ([key], [key + b"\x85"], [key + b"\x85\x85"]):
        if allowed:
            assert len(load_pickle(KEYED[way](keys))) == 1
        else:
            assert refusal(KEYED[way](keys)) == "a key of more than 64 bits"


@pytest.mark.parametrize("way", KEYED)
def test_different_sets_may_have_the_same_keys(way: str) -> None:
    """What is counted is counted in each container by itself, and not in those that are gone."""
    one = KEYED[way](tuples_of_one_hash(60))[:-1]
    data = b"(" + b"".join(one for _ in range(5)) + b"l."
    assert [len(container) for container in load_pickle(data)] == [60] * 5


@pytest.mark.parametrize("way", KEYED)
@pytest.mark.parametrize("key", [b"]", b"}", b"(\x91", b"]\x85", b"c__builtin__\nset\n"])
def test_what_is_no_key(way: str, key: bytes) -> None:
    with pytest.raises(PickleBrokenError, match="as a key"):
        load_pickle(KEYED[way]([key]))


@pytest.mark.parametrize("way", KEYED)
def test_elements_of_a_key(way: str) -> None:
    assert len(load_pickle(KEYED[way]([b"(" + b"N" * 256 + b"t"]))) == 1
    assert len(load_pickle(KEYED[way]([b"(" + b"N" * 254 + b"N\x85t"]))) == 1
    assert refusal(KEYED[way]([b"(" + b"N" * 257 + b"t"])) == "a key of more than 256 elements"
    assert refusal(KEYED[way]([b"(" + b"N" * 255 + b"N\x85t"])) == "a key of more than 256 elements"


def test_numbers_that_share_a_hash_are_few() -> None:
    """The most that numbers of 64 bits and floats can do."""
    prime = 2**61 - 1
    numbers: list[float] = [1 + i * prime for i in range(9)] + [2.0 ** (61 * i) for i in range(-17, 17)]
    assert {hash(number) for number in numbers} == {1}
    value = dict.fromkeys(numbers)
    assert load_pickle(pickle.dumps(value, 2)) == value


# Copies: what is small in the file and long to make


def copies(data: bytes) -> int:
    """How many copies are left to a pickle of two lists: what it copies, and the copies of that."""
    m = machine.Machine(data)
    allowed = m.copies_left
    run_pickle(m)
    return allowed - m.copies_left


COPIED = {
    "set": (SET + b"h\x00(" + b"K\x01" * 50 + b"l\x85R.", 50),
    "ordered": (ORDERED + b"h\x00(" + b"K\x01K\x01\x86" * 50 + b"l\x85R.", 50),
    "bytes": (b"c_codecs\nencode\nV" + b"a" * 50 + b"\nU\x06latin1\x86R.", 50),
    "array": (array_state(b"i1", b"K\x32\x85", b"a" * 50) + BUILD + b".", 50),
    "key": (b"}(" + b"K\x01" * 50 + b"tNs.", 50),
    "keys-of-texts": (b"}(" + text(128) + b"C\x40" + b"b" * 64 + b"tNs.", 2 + 3),
    "text-as-key": (b"}" + text(640) + b"Ns.", 10),
    "bytes-as-key": (b"}C\x80" + b"a" * 128 + b"Ns.", 2),
    "short-text-as-key": (b"}" + text(63) + b"Ns.", 0),
}


@pytest.mark.parametrize(("data", "count"), COPIED.values(), ids=COPIED)
def test_what_is_copied_is_counted(data: bytes, count: int) -> None:
    assert copies(data) == count


def test_copies_are_1024_and_four_for_each_byte() -> None:
    m = machine.Machine(bytes(10))
    m.allow_copies(1024 + 40)
    with pytest.raises(machine.RefusedError, match=COPIES):
        m.allow_copies(1)


#: (what is there before, what is repeated, what comes behind): each repetition compares or copies a thousand elements.
REPEATED = {
    "equal-texts": (b"}(" + text(60_000) + b"N" + text(60_000) + b"q\x00N", b"h\x00N", b"u."),
    "equal-texts-in-tuples": (b"}(" + text(60_000) + b"\x85N" + text(60_000) + b"\x85q\x00N", b"h\x00N", b"u."),
    "equal-tuples": (b"}(" + 2 * (b"(" + b"K\x01" * 250 + b"tq\x00N"), b"h\x00N", b"u."),
    "sets": (SET + b"(" + b"K\x01" * 1000 + b"l\x85q\x010(", b"h\x00h\x01R", b"l."),
    "arrays": (array_state(b"i1", b"M\xe8\x03\x85", b"a" * 1000) + b"(", BUILD, b"l."),
}


@pytest.mark.parametrize(("head", "unit", "tail"), REPEATED.values(), ids=REPEATED)
def test_copied_again_and_again(head: bytes, unit: bytes, tail: bytes) -> None:
    load_pickle(head + unit * 2 + tail)
    assert refusal(head + unit * 3000 + tail) == COPIES


# Numbers


@pytest.mark.parametrize("code", [b"\x8a%s", b"\x8b%s\x00\x00\x00"])
def test_integers_of_255_bytes(code: bytes) -> None:
    digits = b"\x7f" * 255
    assert load_pickle(code % b"\xff" + digits + b".") == int.from_bytes(digits, "little")
    assert refusal(b"\x8b\x00\x01\x00\x00" + digits + b"\x7f.") == "an integer of more than 255 bytes"


@pytest.mark.parametrize(
    ("before", "behind", "kind"),
    [
        (b"I", b"\n.", "an integer"),
        (b"L", b"L\n.", "an integer"),
        (b"F", b"\n.", "a number"),
        (b"Np", b"\n.", "an integer"),
    ],
)
def test_numbers_of_620_digits(before: bytes, behind: bytes, kind: str) -> None:
    load_pickle(before + b"1" * 619 + b"7" + behind)
    assert refusal(before + b"1" * 620 + b"7" + behind) == f"{kind} of more than 620 digits"


def test_a_memo_key_of_too_many_digits() -> None:
    assert refusal(b"g" + b"9" * 621 + b"\n.") == "an integer of more than 620 digits"


# The result


def nested(depth: int, kind: str) -> Any:
    """As many containers as *depth*, one in another."""
    value: Any = {"list": [], "tuple": (), "dict": {}, "full": [1] * 20}[kind]
    for _ in range(depth - 1):
        value = {"list": [value], "tuple": (value,), "dict": {"a": value}, "full": [1, value]}[kind]
    return value


@pytest.mark.parametrize("kind", ["list", "tuple", "dict", "full"])
def test_64_deep(kind: str) -> None:
    assert load_pickle(pickle.dumps(nested(64, kind), 2)) == nested(64, kind)
    assert refusal(pickle.dumps(nested(65, kind), 2)) == "containers nested more than 64 deep"


def test_deep_by_the_memo() -> None:
    """Each level is measured before the next one that it is in: none is deep by itself."""
    shared = b"((lq\x00" + b"(h\x00" + b"K\x01" * 17 + b"lq\x00"
    levels = shared + (b"(h\x00" + b"K\x01" * 17 + b"lq\x00") * 63 + b"l."
    assert refusal(levels) == "containers nested more than 64 deep"


#: A file of one list of references to the same thing; with what that counts for.
SHARED = {
    "lists": (b"(" + b"N" * 49 + b"lq\x000(", 50),
    "small-lists": (b"(NNNNlq\x000(", 5),
    "small-dictionaries": (b"}(K\x01NK\x02NK\x03Nuq\x000(", 7),
    "dictionaries": (b"}(" + b"".join(b"K%cN" % i for i in range(30)) + b"uq\x000(", 61),
    "texts": (text(64 * 9) + b"q\x000(", 10),
    "short-texts": (text(63) + b"q\x000(", 1),
    "bytes": (b"C\x80" + b"a" * 128 + b"q\x000(", 3),
    "texts-in-a-list": (text(128) + b"\x85q\x000(", 4),
    "arrays": (array_state(b"i1", b"K\x32\x85", b"a" * 50) + BUILD + b"q\x000(", 51),
    "arrays-of-two-dimensions": (array_state(b"i1", b"K\x05K\x0a\x86", b"a" * 50) + BUILD + b"q\x000(", 56),
    "empty-arrays": (array_state(b"i1", b"K\x32K\x00\x86", b"") + BUILD + b"q\x000(", 51),
    "none": (b"Nq\x000(", 1),
    "nested": (b"]" + b"]" + b"]aaq\x000(", 3),
}


@pytest.mark.parametrize(("head", "weight"), SHARED.values(), ids=SHARED)
@pytest.mark.parametrize("numpy_there", [True, False], ids=["numpy", "no-numpy"])
def test_elements_of_the_result(head: bytes, weight: int, numpy_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not numpy_there:
        monkeypatch.setitem(sys.modules, "numpy", None)
    data = head + b"h\x00" * 100 + b"l."
    monkeypatch.setattr(load, "_ELEMENTS_PER_BYTE", 0)
    monkeypatch.setattr(load, "_MIN_ELEMENT_LIMIT", 100 * weight)
    assert len(load_pickle(data)) == 100
    monkeypatch.setattr(load, "_MIN_ELEMENT_LIMIT", 100 * weight - 1)
    assert refusal(data) == f"more than {100 * weight - 1} elements, {ELEMENTS}"


def test_the_limit_is_a_million_elements_or_four_for_each_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[int] = []
    monkeypatch.setattr(load, "refuse_bombs", lambda value, limit: limits.append(limit))
    for length in (10, 250_000, 300_000):
        load_pickle(b"N." + bytes(length - 2))
    assert limits == [1_000_000, 1_000_000, 1_200_000]


def test_one_array_for_each_hyperparameter() -> None:
    """To make lists of them would take a thousand times the memory of the file."""
    value = {f"a{i}": shared for i in range(2) for shared in [numpy.zeros(1000)]}
    assert read_hyperparameters(pickle.dumps(value, 2)) == {"a0": [0.0] * 1000, "a1": [0.0] * 1000}
    shared = numpy.zeros(10_000)
    with pytest.raises(PickleRefusedError, match=ELEMENTS):
        read_hyperparameters(pickle.dumps(dict.fromkeys(map(str, range(1000)), shared), 2))


@pytest.mark.parametrize("numpy_there", [True, False], ids=["numpy", "no-numpy"])
def test_shapes(numpy_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What agrees with the elements is read; an empty array has no billion of empty lists."""
    if not numpy_there:
        monkeypatch.setitem(sys.modules, "numpy", None)

    def load_shape(*shape: int, size: int = 0) -> Any:
        lengths = b"".join(b"J" + struct.pack("<i", length) for length in shape)
        return load_pickle(array_state(b"i1", b"(" + lengths + b"t", bytes(size)) + BUILD + b".")

    assert load_shape(70_000, size=70_000).shape == (70_000,)
    assert load_shape(*[1] * 32, size=1).shape == (1,) * 32
    assert load_shape(2**16, 0).shape == (2**16, 0)
    assert load_shape(0, 2**8, 2**8).shape == (0, 2**8, 2**8)
    assert load_shape(size=1).tolist() == 0
    for shape, size in [
        ((2**16 + 1, 0), 0),
        ((0, 2**8, 2**8 + 1), 0),
        ((10**9, 0), 0),
        ((1,) * 33, 1),
        ((2,), 1),
        ((1,), 2),
        ((-1,), 1),
        ((-1, -1), 1),
        ((), 2),
        ((2, 3), 5),
    ]:
        with pytest.raises(PickleBrokenError, match=r"an array (of|without a) shape"):
            load_shape(*shape, size=size)


@pytest.mark.parametrize(
    ("line", "value"), [(b"''", ""), (b'""', ""), (b"'\\''", "'"), (b"'a\\x62'", "ab"), (b"'a'\r", "a")]
)
def test_quotes(line: bytes, value: str) -> None:
    assert load_pickle(b"S" + line + b"\n.") == value


@pytest.mark.parametrize("line", [b"", b"'", b"'a", b"a'", b"'a\"", b"1a1", b"aa"])
def test_no_quotes(line: bytes) -> None:
    with pytest.raises(PickleBrokenError, match="a string without quotes"):
        load_pickle(b"S" + line + b"\n.")


HOSTILE_STATISTICS = {
    "keys": (joined(tuples_of_one_hash(65), b"Ns"), ONE_HASH),
    "sets": (b"U\x09valid_err(" + b"\x8f" * 300_000 + b"ls", FILLS),
    "texts": (b"U\x09valid_err(" + text(100_000) + b"q\x00" + b"h\x00" * 10_000 + b"ls", ELEMENTS),
}


@pytest.mark.parametrize(("items", "found"), HOSTILE_STATISTICS.values(), ids=HOSTILE_STATISTICS)
def test_what_a_user_sees(
    items: bytes, found: str, lnpatch: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message in place of a traceback, and nothing on standard output."""
    monkeypatch.setattr(machine, "_MIN_MEMORY", 1 << 20)
    file = tmp_path / "stats.pkl"
    file.write_bytes(b"}" + items + b".")
    output = lnpatch("curves", file)
    assert (output.code, output.out) == (1, b"")
    assert f"error: {file} is refused: it holds" in output.err
    assert found in output.err


def test_an_array_of_one_element_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    one, two = (
        load_pickle(array_state(b"i1", b"K" + bytes([n]) + b"\x85", b"\x05" * n) + BUILD + b".") for n in (1, 2)
    )
    assert (float(one), len(one), len(two)) == (5.0, 1, 2)
    with pytest.raises(TypeError, match="only an array of one element"):
        float(two)
    with pytest.raises(TypeError, match="no length"):
        len(load_pickle(array_state(b"i1", b")", b"\x05") + BUILD + b"."))


def test_an_array_that_is_never_filled() -> None:
    with pytest.raises(PickleBrokenError, match="an array without elements"):
        load_pickle(ARRAY % b"i1" + b"(h\x00)Rl.")
