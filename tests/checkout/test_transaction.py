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
from tests.conftest import Output, contents, git

Cli = Callable[..., Output]

#: Runs the command line and is killed, as by the system, before or after its n-th write: of a file, a reference, the index.
_KILLED = """
import os, signal, sys
from lnpatch.cli import main
from lnpatch.checkout.git import Git
at, when, arguments = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
calls = 0
def killing(function, counts):
    def wrapped(*args, **options):
        global calls
        calls += counts(args, options)
        if counts(args, options) and calls == at and when == 'before':
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **options)
        if counts(args, options) and calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped
def writes(args, options):
    writing = {'update-ref', 'symbolic-ref', 'update-index'} & set(args) and '-q' not in args
    return bool(writing) and 'GIT_INDEX_FILE' not in (options.get('env') or {})
os.replace = killing(os.replace, lambda args, options: True)
Git.run = killing(Git.run, writes)
sys.exit(main(arguments))
"""


def killed(at: int, when: str, *arguments: str | Path) -> int:
    """The exit code of a command that is killed at its *at*-th step."""
    return subprocess.run(
        [sys.executable, "-c", _KILLED, str(at), when, *arguments], capture_output=True, check=False, timeout=120
    ).returncode


#: The writes of a command: the pending record, two files, the branch, HEAD, the index, the record made good.
WRITES = {"apply": 4, "revert": 4, "apply --commit": 7}


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("command", "at"),
    [
        # two processes each; those with a commit make the longest list
        pytest.param(command, at, marks=pytest.mark.slow if "--commit" in command else ())
        for command, count in WRITES.items()
        for at in range(1, count + 1)
    ],
)
def test_killed_at_any_moment(lnpatch: Cli, demo: Path, command: str, at: int, when: str) -> None:
    original, head = contents(demo), (demo / ".git" / "HEAD").read_bytes()
    lnpatch("apply", "demo", "--dir", demo)
    patched = contents(demo)
    if command != "revert":
        lnpatch("revert", "demo", "--dir", demo)
    assert killed(at, when, *command.split(), "demo", "--dir", demo) == -signal.SIGKILL
    state = lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"]
    assert (contents(demo), state) in ((original, "not-applied"), (patched, "applied"))
    assert not list((demo / ".git" / "lnpatch").glob(".lnpatch-*"))
    assert "refs/lnpatch-pending" not in git(demo, "for-each-ref")
    if command == "apply --commit":
        done = at == WRITES[command] and when == "after"
        assert ("lnpatch/demo-lngru" in git(demo, "branch")) is done
        assert ((demo / ".git" / "HEAD").read_bytes() != head) is done
        assert git(demo, "status", "--short") == ""
        assert lnpatch(*command.split(), "demo", "--dir", demo).code == 0
        assert git(demo, "status", "--short") == ""
    assert lnpatch("apply", "demo", "--dir", demo).code == 0
    assert contents(demo) == patched
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert contents(demo) == original


def test_every_write_is_tried(demo: Path) -> None:
    """There is no write behind the last one that is counted above."""
    for command, count in WRITES.items():
        assert killed(count + 1, "before", *command.split(), "demo", "--dir", demo) == 0


def test_recovery_is_told(lnpatch: Cli, demo: Path) -> None:
    killed(2, "after", "apply", "demo", "--dir", demo)
    assert git(demo, "status", "--short") != ""
    shown = lnpatch("diff", "demo", "--dir", demo)
    assert "An interrupted `lnpatch apply` was undone first." in shown.err
    assert git(demo, "status", "--short") == ""


def test_recovery_loses_nothing_that_was_written_since(lnpatch: Cli, demo: Path) -> None:
    killed(3, "after", "apply", "demo", "--dir", demo)
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
    killed(2, "after", "revert", "demo", "--dir", demo)
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
    replace = os.replace
    calls: list[object] = []

    def failing(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise failure
        replace(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", failing)
    refused = lnpatch("apply", "demo", "--dir", demo)
    assert refused.code == 1
    assert "Traceback" not in refused.err
    assert len(calls) > 1
    assert contents(demo) == before
    assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"] == "not-applied"


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
