"""A file is replaced in one step, with the permissions that were asked for, and nothing is left behind."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lnpatch.files import (
    ContentChangedError,
    LockTakenError,
    atomic_write,
    current_umask,
    hold_lock,
    naming_file,
    sha256_of,
    sha256_of_file,
)


@pytest.fixture
def umask() -> Iterator[int]:
    """A umask that no default is like."""
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def permissions(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("old", [None, b"old"], ids=["new", "replaced"])
def test_only_the_file_is_there_afterwards(tmp_path: Path, old: bytes | None) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    atomic_write(path, b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", b"new")]


def test_a_name_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    atomic_write(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize(("mode", "expected"), [(None, 0o640), (0o755, 0o755), (0o600, 0o600)])
def test_permissions(tmp_path: Path, umask: int, mode: int | None, expected: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o444)
    atomic_write(path, b"new", mode=mode)
    assert permissions(path) == expected


@pytest.mark.parametrize("call", ["replace", "chmod"])
def test_a_failure_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(KeyboardInterrupt):
        atomic_write(path, b"new", mode=0o644)
    monkeypatch.undo()
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", b"old")]


@pytest.mark.skipif(os.name != "posix", reason="umasks are POSIX's")
def test_the_umask_is_read_and_stays(umask: int) -> None:
    assert current_umask() == umask
    assert current_umask() == umask


def test_sha256(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "file").write_bytes(data)
    assert sha256_of(data) == sha256_of_file(tmp_path / "file") == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("expected", [b"old", b"other"])
def test_a_file_is_replaced_only_if_it_is_as_expected(tmp_path: Path, expected: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    if expected == b"old":
        atomic_write(path, b"new", expected=expected)
    else:
        with pytest.raises(ContentChangedError):
            atomic_write(path, b"new", expected=expected)
    content = b"new" if expected == b"old" else b"old"
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", content)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_an_error_names_the_file(tmp_path: Path) -> None:
    """The system does not say which file it is that does not fit on the disk."""
    with (
        pytest.raises(OSError, match="No space left") as refused,
        naming_file(tmp_path / "file"),
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"x")
    assert refused.value.filename == str(tmp_path / "file")


def test_a_lock_is_held_by_a_program_that_inherits_it(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "lock") as lock:
        program = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(lock.descriptor,))
    with pytest.raises(LockTakenError), hold_lock(tmp_path / "lock"):
        pass
    program.communicate()
    with hold_lock(tmp_path / "lock"):
        pass


def test_a_lock_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic links"), hold_lock(tmp_path / "lock"):
        pass
    assert not (tmp_path / "victim").exists()
