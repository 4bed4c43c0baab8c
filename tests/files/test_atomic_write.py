"""A file is replaced in one step, with the permissions that were asked for, and nothing is left behind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lnpatch.files import atomic_write, current_umask, sha256_of, sha256_of_file


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
