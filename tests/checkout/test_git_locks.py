"""Locks that a git has left, or holds: lnpatch's own are removed, the others are named with the command that mends."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Output, contents, git

Cli = Callable[..., Output]

OWN = ("refs/lnpatch-pending/main.lock", "refs/lnpatch/main/demo/lngru/0123.lock")
#: Locks of everybody, with the commands that need what they lock; the others work all the same.
SHARED = {
    "packed-refs.lock": ("apply", "apply --commit", "revert"),
    "packed-refs.new": ("apply", "apply --commit", "revert"),
    "index.lock": ("apply --commit",),
    "HEAD.lock": ("apply --commit",),
    "refs/heads/lnpatch/demo-lngru.lock": ("apply --commit",),
    "refs/heads/master.lock": (),
    "config.lock": (),
}


def make_lock(checkout: Path, name: str) -> Path:
    lock = checkout / ".git" / name
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    return lock


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize("name", OWN)
def test_own_locks_are_removed(lnpatch: Cli, demo: Path, name: str) -> None:
    lock = make_lock(demo, name)
    for command in ("status", "diff", "apply", "status"):
        assert lnpatch(command, "demo", "--dir", demo).code == 0
    assert not lock.exists()
    make_lock(demo, name)
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert not lock.exists()


@pytest.mark.cases_by_default(7)
@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize(
    "command",
    [
        "status",
        pytest.param("diff", marks=pytest.mark.slow),
        "apply",
        pytest.param("apply --commit", marks=pytest.mark.slow),
        "revert",
    ],
)
def test_shared_locks_are_named(lnpatch: Cli, demo: Path, name: str, command: str) -> None:
    if command == "revert":
        lnpatch("apply", "demo", "--dir", demo)
    lock, before = make_lock(demo, name), contents(demo)
    run = lnpatch(*command.split(), "demo", "--dir", demo)
    assert lock.exists()
    if command not in SHARED[name]:
        assert run.code == 0
        return
    assert run.code == 5
    assert run.err.endswith(f"rm -f {shlex.quote(str(lock))}\n")
    assert contents(demo) == before
    assert "refs/heads/lnpatch" not in git(demo, "for-each-ref")
    lock.unlink()
    assert lnpatch(*command.split(), "demo", "--dir", demo).code == 0


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize("name", ["packed-refs.lock", *OWN])
def test_a_lock_that_is_held_for_a_moment_is_waited_for(lnpatch: Cli, demo: Path, name: str) -> None:
    lock = make_lock(demo, name)
    remove = "import sys, time, pathlib; time.sleep(0.2); pathlib.Path(sys.argv[1]).unlink(missing_ok=True)"
    holder = subprocess.Popen([sys.executable, "-c", remove, lock])
    assert lnpatch("apply", "demo", "--dir", demo).code in (0, 5)
    holder.wait(60)
    assert lnpatch("apply", "demo", "--dir", demo).code == 0


def test_a_worktree_of_its_own_has_locks_of_its_own(lnpatch: Cli, demo: Path, tmp_path: Path) -> None:
    """Another one's lnpatch may be at work."""
    git(demo, "worktree", "add", "-q", str(tmp_path / "linked"))
    others = make_lock(demo, "refs/lnpatch-pending/main.lock")
    assert lnpatch("apply", "demo", "--dir", tmp_path / "linked").code == 0
    assert lnpatch("revert", "demo", "--dir", tmp_path / "linked").code == 0
    assert others.exists()
    own = make_lock(demo, "refs/lnpatch-pending/worktree-linked.lock")
    assert lnpatch("apply", "demo", "--dir", tmp_path / "linked").code == 0
    assert not own.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_branch_whose_name_is_no_text(lnpatch: Cli, demo: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    subprocess.run(["git", "-C", demo, "checkout", "-q", "-b", name], check=True)
    head = (demo / ".git/HEAD").read_bytes()
    for command in ("status", "apply", "diff", "revert"):
        assert lnpatch(command, "demo", "--dir", demo).code == 0
    assert (demo / ".git/HEAD").read_bytes() == head
    (demo / ".git/index.lock").touch()
    assert lnpatch("apply", "demo", "--dir", demo, "--commit").code == 5
    (demo / ".git/index.lock").unlink()
    assert (demo / ".git/HEAD").read_bytes() == head
    assert lnpatch("apply", "demo", "--dir", demo, "--commit").code == 0
