"""Archives of arrays before a runtime sees them: what is read, what is refused, and that the copy is what was checked."""

from __future__ import annotations

import bz2
import io
import lzma
import pickle
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest

from lnpatch.errors import ArchiveRefusedError, BadModelError, FileError, LnpatchError
from lnpatch.pickles import archive
from lnpatch.pickles.archive import check_archive, copy_archive
from lnpatch.pickles.npy_header import NpyHeader, read_npy_header


def npy(array: Any, version: tuple[int, int] | None = None) -> bytes:
    """An array as NumPy writes it."""
    file = io.BytesIO()
    numpy.lib.format.write_array(file, numpy.asanyarray(array), version)
    return file.getvalue()


def header(text: str, version: bytes = b"\x01\x00") -> bytes:
    """The header of a .npy with *text* in it."""
    length = "<H" if version == b"\x01\x00" else "<I"
    return b"\x93NUMPY" + version + struct.pack(length, len(text)) + text.encode("latin1")


def say(dtype: str = "'<f4'", shape: str = "(3,)", fortran: str = "False") -> str:
    return f"{{'descr': {dtype}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n"


def write(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.npz"


# What is read

ARRAYS = {
    **{
        f"encoder_{i}": numpy.arange(12).reshape(3, 4).astype(dtype)
        for i, dtype in enumerate(("?", "i1", "u1", "<i2", ">i4", "<u8", "f2", "<f4", ">f8"))
    },
    "fortran": numpy.asfortranarray(numpy.arange(12.0).reshape(3, 4)),
    "number": numpy.float32(0.5),
    "empty": numpy.zeros((0, 7), "f4"),
    "deep": numpy.zeros((1,) * 32, "f4"),
    "large": numpy.arange(3_000_000, dtype="f4"),
}


@pytest.mark.parametrize("save", [numpy.savez, numpy.savez_compressed])
def test_a_copy_is_loaded_as_the_original(path: Path, save: Callable[..., None]) -> None:
    save(path, **ARRAYS)
    assert check_archive(path) == {name: array.shape for name, array in ARRAYS.items()}
    copy_archive(path, path.with_name("copy.npz"))
    copied = numpy.load(path.with_name("copy.npz"))
    assert copied.files == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert copied[name].dtype == array.dtype
        assert copied[name].flags.fnc == numpy.asanyarray(array).flags.fnc
        numpy.testing.assert_array_equal(copied[name], array)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_a_header(path: Path, version: tuple[int, int]) -> None:
    write(path, {"W.npy": npy(numpy.zeros((2, 3)), version)})
    assert check_archive(path) == {"W": (2, 3)}


def test_long_integers_of_python_2(path: Path) -> None:
    write(path, {"W.npy": header(say(shape="(3L, 4L)")) + bytes(48)})
    assert check_archive(path) == {"W": (3, 4)}


def test_what_python_2_copies_is_loaded_there(path: Path, python2: Path) -> None:
    numpy.savez(path, W=numpy.arange(6, dtype="f4"))
    copy_archive(path, path.with_name("copy.npz"))
    code = "import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).read('W.npy')))"
    run = subprocess.run([python2, "-c", code, path.with_name("copy.npz")], capture_output=True, check=True)
    assert run.stdout.split() == [b"152"]


def test_a_header_is_as_numpy_writes_it() -> None:
    for shape in ((), (3,), (3, 4)):
        array = numpy.asfortranarray(numpy.zeros(shape, ">f8"))
        written = NpyHeader(">f8", shape, bool(array.flags.fnc)).as_bytes()
        assert read_npy_header(io.BytesIO(written)).shape == shape
        assert len(written) % 64 == 0
        assert numpy.load(io.BytesIO(written + array.tobytes())).shape == shape


# What is refused


class Runs:
    def __reduce__(self) -> Any:
        return print, ("it has run",)


GOOD = npy(numpy.zeros(3, "f4"))

REFUSED = {
    "objects": ({"W.npy": npy(numpy.array([Runs()], dtype=object))}, "|O"),
    "fields": ({"W.npy": npy(numpy.zeros(3, "i4,f4"))}, "says no array of numbers"),
    "text": ({"W.npy": npy(numpy.array(["a"]))}, "<U1"),
    "bytes": ({"W.npy": npy(numpy.array([b"a"]))}, "|S1"),
    "dates": ({"W.npy": npy(numpy.zeros(1, "M8[s]"))}, "M8"),
    "complex": ({"W.npy": npy(numpy.zeros(1, "c8"))}, "c8"),
    "object-in-other-words": ({"W.npy": header(say("'O'")) + bytes(24)}, "says no array"),
    "code-for-a-type": ({"W.npy": header(say("__import__('os').system('touch ran')")) + bytes(12)}, "says no array"),
    "code-for-a-shape": ({"W.npy": header(say(shape="(3,)*10**9")) + bytes(12)}, "says no array"),
    "negative-length": ({"W.npy": header(say(shape="(-3,)")) + bytes(12)}, "says no array"),
    "true-for-a-length": ({"W.npy": header(say(shape="(True,)")) + bytes(4)}, "says no array"),
    "number-for-a-shape": ({"W.npy": header(say(shape="3")) + bytes(12)}, "says no array"),
    "33-dimensions": ({"W.npy": header(say(shape="(" + "1, " * 32 + "1)")) + bytes(4)}, "says no array"),
    "further-key": ({"W.npy": header(say().replace("'shape'", "'x': 1, 'shape'")) + bytes(12)}, "says no array"),
    "missing-key": ({"W.npy": header("{'descr': '<f4', 'shape': (3,), }\n") + bytes(12)}, "says no array"),
    "deep-header": ({"W.npy": header("(" * 5000) + bytes(12)}, "says no array"),
    "long-header": ({"W.npy": header(say() + " " * 10_000) + bytes(12)}, "a header of 10"),
    "longer-header": ({"W.npy": b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(12)}, "a header of 4294967295"),
    "cut-header": ({"W.npy": header(say())[:40]}, "says no array"),
    "cut-length": ({"W.npy": b"\x93NUMPY\x01\x00\x10"}, "a header of 0"),
    "version-4": ({"W.npy": header(say(), b"\x04\x00") + bytes(12)}, "version 4.0"),
    "pickle": ({"W.npy": pickle.dumps(Runs())}, "no array of NumPy's"),
    "nothing": ({"W.npy": b""}, "no array of NumPy's"),
    "no-npy": ({"W": GOOD}, "a member named 'W'"),
    "script": ({"W.npy": GOOD, "setup.py": b"print()"}, "a member named 'setup.py'"),
    "folder": ({"a/": b""}, "a member named 'a/'"),
    "in-a-folder": ({"a/W.npy": GOOD}, "a member named 'a/W.npy'"),
    "above": ({"../W.npy": GOOD}, "a member named '../W.npy'"),
    "absolute": ({"/W.npy": GOOD}, "a member named '/W.npy'"),
    "hidden": ({".npy": GOOD}, "a member named '.npy'"),
    "umlaut": ({"\xe4.npy": GOOD}, "a member named"),
    "petabytes": ({"W.npy": header(say(shape="(1000000000, 1000000)")) + bytes(100)}, "arrays of 4000000000000000"),
    "overflow": ({"W.npy": header(say(shape="(9999999999999999999, 9999999999999999999)"))}, "arrays of"),
    "together": ({f"W{i}.npy": header(say(shape="(20000000,)")) for i in range(5)}, "arrays of"),
}


@pytest.mark.parametrize(("members", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(path: Path, members: dict[str, bytes], reason: str, capfd: pytest.CaptureFixture[str]) -> None:
    write(path, members)
    for read in (check_archive, lambda path: copy_archive(path, path.with_name("copy.npz"))):
        with pytest.raises(ArchiveRefusedError) as refused:
            read(path)
        assert reason in refused.value.message
    assert "it has run" not in capfd.readouterr().out


def test_two_members_of_one_name(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("W.npy", GOOD)
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("W.npy", npy(numpy.array([Runs()], dtype=object)))
    with pytest.raises(ArchiveRefusedError, match="two members named W"):
        check_archive(path)


def test_a_name_with_a_zero_byte(path: Path) -> None:
    """Python cuts it off there, and other readers do not."""
    data = write(path, {"W.npyQ.py": GOOD}).read_bytes()
    path.write_bytes(patch_bytes(data, b"npyQ.py", b"npy\0.py"))
    with pytest.raises(ArchiveRefusedError, match="a member named"):
        check_archive(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression(path: Path, compression: int) -> None:
    with pytest.raises(ArchiveRefusedError, match="a compression that NumPy does not use"):
        check_archive(write(path, {"W.npy": GOOD}, compression))


def patch_bytes(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


def test_encrypted(path: Path) -> None:
    data = bytearray(write(path, {"W.npy": GOOD}).read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ArchiveRefusedError, match="an encrypted member"):
        check_archive(path)


@pytest.mark.parametrize("members", [10_001])
def test_many_members(path: Path, members: int) -> None:
    with pytest.raises(ArchiveRefusedError, match="10001 members"):
        check_archive(write(path, {f"{i}.npy": b"" for i in range(members)}, zipfile.ZIP_STORED))


def test_zeros_that_unpack_to_gigabytes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MIN_UNPACKED", 1 << 16)
    numpy.savez_compressed(path, W=numpy.zeros(100_000, "f4"))
    with pytest.raises(ArchiveRefusedError, match="arrays of 400000 bytes and more"):
        check_archive(path)


# What is damaged

DAMAGED = {
    "shorter-than-its-header": lambda: {"W.npy": header(say()) + bytes(11)},
    "longer-than-its-header": lambda: {"W.npy": header(say()) + bytes(13)},
    "much-longer": lambda: {"W.npy": header(say()) + bytes(10_000_000)},
    "no-elements": lambda: {"W.npy": header(say())},
}


@pytest.mark.parametrize("members", DAMAGED.values(), ids=DAMAGED)
def test_another_length_than_its_header_says(path: Path, members: Callable[[], dict[str, bytes]]) -> None:
    write(path, members())
    for read in (check_archive, lambda path: copy_archive(path, path.with_name("copy.npz"))):
        with pytest.raises(BadModelError, match=r"its member W\.npy is damaged \(its header says another length"):
            read(path)


def test_a_sum_that_is_wrong(path: Path) -> None:
    numpy.savez(path, W=numpy.arange(1000.0))
    path.write_bytes(patch_bytes(path.read_bytes(), struct.pack("<d", 500), struct.pack("<d", 501)))
    with pytest.raises(BadModelError, match=r"damaged \(Bad CRC"):
        check_archive(path)


def test_a_local_name_that_differs(path: Path) -> None:
    data = write(path, {"W.npy": GOOD}).read_bytes()
    path.write_bytes(data.replace(b"W.npy", b"V.npy", 1))
    with pytest.raises(BadModelError, match="differ"):
        check_archive(path)


def test_a_bomb_of_zeros_in_a_file_that_lies(path: Path) -> None:
    """A directory that says less than there is does not make more be read."""
    data = write(path, {"W.npy": header(say()) + bytes(5_000_000)}).read_bytes()
    size, said = struct.pack("<I", 5_000_000 + len(header(say()))), struct.pack("<I", 12 + len(header(say())))
    path.write_bytes(patch_bytes(data, size, said))
    with pytest.raises(BadModelError, match="Bad CRC"):
        check_archive(path)


@pytest.mark.parametrize("position", range(0, 400, 3))
def test_any_byte_may_be_wrong(path: Path, position: int) -> None:
    """Whatever a byte more or less does to an archive: it is read, or one of three failures says why not."""
    data = bytearray(write(path, {"W.npy": npy(numpy.arange(3)), "b.npy": GOOD}).read_bytes())
    for value in (0, 1, 0x80, 0xFF):
        changed = bytearray(data)
        changed[position % len(data)] ^= value
        path.write_bytes(changed)
        try:
            check_archive(path)
        except LnpatchError as error:
            assert isinstance(error, BadModelError | ArchiveRefusedError | FileError)  # noqa: PT017


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"\x93NUMPY", bz2.compress(b"x"), lzma.compress(b"x"), GOOD, b"<html>", b"PK\x05\x06" + bytes(18)],
)
def test_no_archive(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    if data.startswith(b"PK\x05\x06"):
        assert check_archive(path) == {}
        return
    with pytest.raises(BadModelError, match="not a whole"):
        check_archive(path)


def test_numpy_is_not_needed(path: Path) -> None:
    numpy.savez(path, W=numpy.zeros(3))
    code = "import sys; sys.modules['numpy'] = None\nfrom lnpatch.pickles.archive import *\nfrom pathlib import Path\n"
    code += "print(check_archive(Path(sys.argv[1])))"
    run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert run.stdout == "{'W': (3,)}\n"
