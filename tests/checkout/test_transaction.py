"""All or nothing: whatever interrupts a change of files, the next command finds all of it or none of it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.checkout import transaction
from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import GitError
from lnpatch.files import atomic, exchange
from tests.conftest import Output, contents, git

Cli = Callable[..., Output]

#: Runs the command line and is killed, as by the system, when it has put its n-th file in place.
_KILLED = """
import os, signal, sys
from lnpatch.cli import main
from lnpatch.files import atomic
replace, calls = atomic.replace_expected, []
def killing(*arguments):
    calls.append(replace(*arguments))
    if len(calls) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return calls[-1]
atomic.replace_expected = killing
sys.exit(main(sys.argv[2:]))
"""


def kill(after: int, *arguments: str | Path) -> None:
    """Run a command that is killed after its so-manieth file; every other moment is in test_faults.py."""
    command = [sys.executable, "-c", _KILLED, str(after), *arguments]
    run = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert run.returncode == -signal.SIGKILL, run.stderr.decode()


def test_recovery_is_told(lnpatch: Cli, demo: Path) -> None:
    kill(1, "apply", "demo", "--dir", demo)
    assert git(demo, "status", "--short") != ""
    shown = lnpatch("diff", "demo", "--dir", demo)
    assert "An interrupted `lnpatch apply` was undone first." in shown.err
    assert git(demo, "status", "--short") == ""


def test_recovery_loses_nothing_that_was_written_since(lnpatch: Cli, demo: Path) -> None:
    kill(2, "apply", "demo", "--dir", demo)
    (demo / "train.py").write_bytes(b"# mine\n")
    before = contents(demo)
    refused = lnpatch("status", "demo", "--dir", demo)
    assert refused.code == 4
    assert "train.py" in refused.err
    assert contents(demo) == before
    git(demo, "checkout", "--", "train.py")
    assert lnpatch("status", "demo", "--dir", demo).code == 0


def test_recovery_after_git_has_put_another_content_back(lnpatch: Cli, demo: Path) -> None:
    """What the message advises: the committed content is neither that before the revert nor that after it."""
    lnpatch("apply", "demo", "--dir", demo)
    (demo / "layers.py").write_bytes(b"# mine\n" + (demo / "layers.py").read_bytes())
    kill(1, "revert", "demo", "--dir", demo)
    (demo / "layers.py").write_bytes(b"# something else\n")
    assert lnpatch("status", "demo", "--dir", demo).code == 4
    git(demo, "checkout", "--", "layers.py")
    assert lnpatch("status", "demo", "--dir", demo).code == 0


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(KeyboardInterrupt, id="Ctrl-C"),
        pytest.param(OSError(28, "No space left on device"), id="full disk"),
    ],
)
def test_a_failure_in_the_middle_puts_all_back(
    lnpatch: Cli, demo: Path, failure: BaseException | type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(demo)
    replace = atomic.replace_expected
    calls: list[object] = []

    def failing(partial: Path, path: Path, expected: bytes) -> bool:
        calls.append(path)
        if len(calls) == 2:
            raise failure
        return replace(partial, path, expected)

    monkeypatch.setattr(atomic, "replace_expected", failing)
    refused = lnpatch("apply", "demo", "--dir", demo)
    assert refused.code == 1
    assert "Traceback" not in refused.err
    assert len(calls) == 3  # the first file went there and back
    assert contents(demo) == before
    assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"] == "not-applied"


def save_in_place(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def save_as_editors_do(path: Path, data: bytes) -> None:
    beside = path.with_name("beside")
    beside.write_bytes(data)
    beside.replace(path)


@pytest.mark.parametrize("save", [pytest.param(save_in_place, marks=pytest.mark.slow), save_as_editors_do])
@pytest.mark.parametrize("moment", ["before it is compared", "after it is compared"])
@pytest.mark.parametrize(
    ("command", "name"), [("apply", "layers.py"), ("apply --commit", "train.py"), ("revert", "train.py")]
)
def test_what_is_saved_meanwhile_is_never_overwritten(
    lnpatch: Cli,
    demo: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    name: str,
    moment: str,
    save: Callable[[Path, bytes], None],
) -> None:
    if command == "revert":
        lnpatch("apply", "demo", "--dir", demo)
    before, head = contents(demo), (demo / ".git/HEAD").read_bytes()
    step = "replace_expected" if moment == "before it is compared" else "_exchange"
    module = atomic if step == "replace_expected" else exchange
    original = getattr(module, step)
    saved: list[Path] = []

    def after_a_save(partial: Path, path: Path, *arguments: bytes) -> bool:
        if path.name == name and not saved:
            saved.append(path)
            save(path, b"# mine\n")
        return bool(original(partial, path, *arguments))

    monkeypatch.setattr(module, step, after_a_save)
    refused = lnpatch(*command.split(), "demo", "--dir", demo)
    assert refused.code == 4
    assert name in refused.err
    assert "Run the command again" in refused.err
    assert contents(demo) == {**before, name: b"# mine\n"}
    assert (demo / ".git/HEAD").read_bytes() == head
    assert "pending" not in git(demo, "for-each-ref")
    (demo / name).write_bytes(before[name])
    assert lnpatch(*command.split(), "demo", "--dir", demo).code == 0


def test_without_an_exchange_it_is_compared_too(lnpatch: Cli, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_renameat2", lambda: None)
    before = contents(demo)
    assert lnpatch("apply", "demo", "--dir", demo).code == 0
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert contents(demo) == before


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_the_record_outlives_every_failure_of_a_reference(
    lnpatch: Cli, demo: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """git sets and removes several references one by one, and may fail in between."""
    original = contents(demo)
    lnpatch("apply", "demo", "--dir", demo)
    records, patched = git(demo, "for-each-ref", "refs/lnpatch"), contents(demo)
    update, calls = transaction.update_refs, []

    def refused(checkout: Checkout, refs: dict[str, str | None]) -> None:
        calls.append(refs)
        if len(calls) == failing:
            update(checkout, dict(list(refs.items())[:1]))
            raise GitError("recording the patch", "cannot unlink: Permission denied")
        update(checkout, refs)

    monkeypatch.setattr(transaction, "update_refs", refused)
    assert lnpatch("revert", "demo", "--dir", demo).code == 5
    monkeypatch.undo()
    os.chdir(demo.parent)
    state = lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"]
    if failing == 3:  # all was done but the end of it
        assert (state, contents(demo)) == ("not-applied", original)
    else:
        assert (state, contents(demo)) == ("applied", patched)
        assert git(demo, "for-each-ref", "refs/lnpatch") == records
        assert lnpatch("revert", "demo", "--dir", demo).code == 0
        assert contents(demo) == original


def test_an_object_of_the_record_that_is_lost_is_no_empty_file(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    patched = contents(demo)
    (ref,) = git(demo, "for-each-ref", "--format=%(refname)", "refs/lnpatch").split()
    blob = git(demo, "rev-parse", f"{ref}:before/layers.py").strip()
    git(demo, "update-ref", "-d", "HEAD")
    (demo / ".git/objects" / blob[:2] / blob[2:]).unlink()
    refused = lnpatch("revert", "demo", "--dir", demo)
    assert (refused.code, contents(demo)) == (1, patched)
    assert "cannot be read" in refused.err


def test_one_at_a_time(lnpatch: Cli, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "PATIENCE", 0.1)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.locked(Checkout.open(demo, "demo")):
            held.set()
            done.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(20)
    refused = lnpatch("apply", "demo", "--dir", demo)
    done.set()
    thread.join(20)
    assert not thread.is_alive()
    assert refused.code == 4
    assert "Another lnpatch" in refused.err
    assert lnpatch("apply", "demo", "--dir", demo).code == 0


def test_many_at_once_make_one_patch(demo: Path) -> None:
    command = [sys.executable, "-m", "lnpatch", "apply", "demo", "--dir", str(demo)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    outputs = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    assert sum(b"2 files changed" in out for out, _ in outputs) == 1
    assert git(demo, "status", "--short") == " M layers.py\n M train.py\n"
