"""All or nothing: whatever call it is that a command is killed at, or that fails, the next command finds nothing half done.

Each point is one call that changes a file system, of lnpatch or of a git that it has started. The points of one command
go from the first call to the one behind the last, where the command ends by itself.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shlex
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lnpatch.folders import templates
from tests.checkout.faults.client import FaultyLnpatch, Run, why_not
from tests.checkout.faults.control import Harm
from tests.conftest import contents, folder_contents, git, make_checkout

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is all that is needed")


@dataclass(frozen=True)
class Fault:
    """What happens at a call, and the signal that is sent."""

    harm: Harm
    signal: int = 0
    #: How much sparser the calls are that are tried: a signal that is caught, and a disk that stays full, do the same to a
    #: long row of calls.
    sparsity: int = 1


FAULTS = {
    "lnpatch killed": Fault(Harm.SIGNAL_PROCESS, signal.SIGKILL),
    "all killed": Fault(Harm.SIGNAL_GROUP, signal.SIGKILL),
    "one call fails": Fault(Harm.FAIL_ONCE),
    "SIGTERM": Fault(Harm.SIGNAL_PROCESS, signal.SIGTERM, sparsity=3),
    "SIGHUP to all": Fault(Harm.SIGNAL_GROUP, signal.SIGHUP, sparsity=3),
    "disk full": Fault(Harm.FAIL_FROM_NOW_ON, sparsity=3),
}

#: The tests that are marked slow try every so-manieth call; 1 takes twenty minutes.
_STEP = int(os.environ.get("LNPATCH_TEST_FAULT_STEP", "3"))

#: Of so many calls the other tests try one.
_SAMPLE = 151

MINE = b"# mine\n"


@dataclass
class Scene:
    """A checkout before a command, and what its files may be after it: nothing done, or all."""

    command: tuple[str, ...]
    folder: Path
    #: The files without the patch, and with it.
    plain: dict[str, bytes]
    patched: dict[str, bytes]
    #: What was left by faults and has been found good.
    seen: set[str] = field(default_factory=set)


@pytest.fixture(scope="module", params=["apply", "apply --commit", "revert", "revert, packed"])
def scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, servers: list[FaultyLnpatch]
) -> Scene:
    """A checkout with a file of the user's, and for revert with a change of the user's in a patched file."""
    root = tmp_path_factory.mktemp("scene")
    folder = make_checkout(root / "demo", folder_contents(templates() / "demo"))
    (folder / "notes.txt").write_bytes(MINE)
    plain = contents(folder)
    assert servers[0]("apply", "demo", "--dir", "demo", cwd=root).code == 0
    patched = contents(folder)
    command = request.param.partition(",")[0]
    if command == "revert":
        plain, patched = (with_a_change(files) for files in (plain, patched))
        (folder / "layers.py").write_bytes(patched["layers.py"])
        if "packed" in request.param:  # as `git gc` leaves the references
            git(folder, "pack-refs", "--all")
    else:
        shutil.rmtree(folder)
        make_checkout(folder, {path: data for path, data in plain.items() if path != "notes.txt"})
        (folder / "notes.txt").write_bytes(MINE)
    return Scene(tuple(command.split()), folder, plain, patched)


def with_a_change(files: dict[str, bytes]) -> dict[str, bytes]:
    return {**files, "layers.py": MINE + files["layers.py"]}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[FaultyLnpatch]]:
    """Two that can work at once."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home") / "gitconfig"
        home.write_text("[user]\n\tname = A Tester\n\temail = tester@localhost\n")
        patch.setenv("GIT_CONFIG_GLOBAL", str(home))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        made = [FaultyLnpatch(tmp_path_factory.mktemp("faults")) for _ in range(2)]
        yield made
        for server in made:
            server.close()


@pytest.mark.cases_by_default(4)
@pytest.mark.parametrize("fault", ["lnpatch killed", "one call fails"])
def test_at_some_calls(scene: Scene, servers: list[FaultyLnpatch], tmp_path: Path, fault: str) -> None:
    # not always the same ones of each command
    first = 1 + 11 * list(FAULTS).index(fault)
    try_points(scene, servers[0], tmp_path, fault, itertools.count(first, _SAMPLE))


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_at_many_calls(scene: Scene, servers: list[FaultyLnpatch], tmp_path: Path, fault: str) -> None:
    step, count = _STEP * FAULTS[fault].sparsity, len(servers)
    with ThreadPoolExecutor(count) as pool:
        points = [itertools.count(1 + i * step, count * step) for i in range(count)]
        folders = [tmp_path / str(i) for i in range(count)]
        # the results are what an assertion comes out of
        list(pool.map(try_points, [scene] * count, servers, folders, [fault] * count, points))


def try_points(scene: Scene, lnpatch: FaultyLnpatch, work: Path, fault: str, points: Iterator[int]) -> None:
    """Do one thing wrong at each of the points until the command ends before it gets there."""
    harm, sent = FAULTS[fault].harm, FAULTS[fault].signal
    work.mkdir(exist_ok=True)
    for at in points:
        folder = work / "demo"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(scene.folder, folder, symlinks=True)
        run = lnpatch(*scene.command, "demo", "--dir", "demo", cwd=work, at=at, harm=harm, sent=sent)
        where = f"{' '.join(scene.command)}, {fault} at call {at} ({run.call})\n{run.out}{run.err}"
        if run.count < at:
            assert run.code == 0, where
            return
        assert "Traceback" not in run.err, where
        left = fingerprint(folder)
        if left in scene.seen:
            continue
        try:
            assert_whole(scene, lnpatch, work)
        except AssertionError as error:
            error.add_note(where)
            raise
        scene.seen.add(left)


def fingerprint(folder: Path) -> str:
    """What a fault has left; of git's objects only what refers to them, and of what is made by chance not the name."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = re.sub(r"\.lnpatch-\w+", ".lnpatch-", path.relative_to(folder).as_posix())
        if path.is_file() and not name.startswith(".git/objects/"):
            digest.update(f"{name}\0{path.stat().st_mode}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def assert_whole(scene: Scene, lnpatch: FaultyLnpatch, work: Path) -> None:
    """The next command works, nothing half done is left, and from there on everything goes as ever."""
    folder = work / "demo"
    status = lnpatch("status", "demo", "--dir", "demo", cwd=work)
    if mended(status, folder):
        status = lnpatch("status", "demo", "--dir", "demo", cwd=work)
    assert (status.code, status.err.count("rm -f")) == (0, 0), status
    assert_nothing_left(folder)
    files = contents(folder)
    assert files in (scene.plain, scene.patched), status
    assert ("not-applied" if files == scene.plain else "applied") in status.out or "modified" in status.out
    committed = (folder / ".git/refs/heads/lnpatch").exists() and any((folder / ".git/refs/heads/lnpatch").iterdir())
    assert committed is (scene.command[-1] == "--commit" and files == scene.patched)
    assert ("lnpatch" in (folder / ".git/HEAD").read_text()) is committed
    if committed:
        assert git(folder, "status", "--short") == "?? notes.txt\n"
    if files == scene.patched:
        assert_reverts(scene, lnpatch, work)
    elif scene.command[0] == "apply":
        again = lnpatch(*scene.command, "demo", "--dir", "demo", cwd=work)
        assert (again.code, contents(folder)) == (0, scene.patched), again
        assert_reverts(scene, lnpatch, work)
    git(folder, "fsck", "--no-dangling")


def assert_reverts(scene: Scene, lnpatch: FaultyLnpatch, work: Path) -> None:
    reverted = lnpatch("revert", "demo", "--dir", "demo", cwd=work)
    assert (reverted.code, contents(work / "demo")) == (0, scene.plain), reverted
    assert_nothing_left(work / "demo")


def mended(run: Run, folder: Path) -> bool:
    """Do what a command has named, if a lock is in its way, or is left: it is in the checkout, and nothing else goes."""
    assert "Traceback" not in run.err
    named = re.search(r"rm -f (.*)$", run.err, re.MULTILINE)
    if named is None:
        return False
    assert run.code in (0, 5), run
    for path in map(Path, shlex.split(named[1])):
        assert path.name.endswith((".lock", "packed-refs.new"))
        assert path.resolve().is_relative_to(folder.resolve())
        path.unlink()
    return True


def assert_nothing_left(folder: Path) -> None:
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    left = [
        name for name in names if name.endswith((".lock", ".new")) or "/.lnpatch-" in f"/{name}" or "pending/" in name
    ]
    assert left == []
    lock = folder / ".git/lnpatch/lock"
    assert not lock.exists() or lock.stat().st_size == 0
    assert "refs/lnpatch-pending" not in git(folder, "for-each-ref")


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize(
    ("fault", "there", "step"),
    [
        ("lnpatch killed", False, 197),
        ("one call fails", True, 197),
        *(
            pytest.param(fault, there, 9, marks=pytest.mark.slow)
            for fault in ("lnpatch killed", "all killed", "one call fails")
            for there in (False, True)
        ),
    ],
)
def test_a_clone(servers: list[FaultyLnpatch], tmp_path: Path, fault: str, there: bool, step: int) -> None:
    harm, sent = FAULTS[fault].harm, FAULTS[fault].signal
    lnpatch, patched = servers[0], None
    for at in itertools.chain([0], itertools.count(1 + 11 * there, step)):  # the first without a fault
        work = tmp_path / str(at)
        work.mkdir()
        if there:
            (work / "demo").mkdir()
        run = lnpatch("apply", "demo", "--dir", "demo", cwd=work, at=at, harm=harm if at else Harm.NOTHING, sent=sent)
        where = f"clone, {fault} at call {at} ({run.call})\n{run.out}{run.err}"
        patched = patched or contents(work / "demo")
        if at > run.count:
            return
        assert "Traceback" not in run.err, where
        status = lnpatch("status", "demo", "--dir", "demo", cwd=work)
        if mended(status, work):
            status = lnpatch("status", "demo", "--dir", "demo", cwd=work)
        assert status.code in (0, 3), where + status.err
        assert not list(work.rglob(".lnpatch-*")), where
        applied = lnpatch("apply", "demo", "--dir", "demo", cwd=work)
        assert (applied.code, contents(work / "demo")) == (0, patched), where + applied.err
        assert [path.name for path in work.iterdir()] == ["demo"], where
        shutil.rmtree(work)
