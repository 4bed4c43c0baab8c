"""`diff`: the patch before it is made, and after."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import READER, Output, contents, git

Cli = Callable[..., Output]


def without_index_lines(diff: str) -> str:
    return re.sub(r"^index .*\n", "", diff, flags=re.MULTILINE)


@pytest.mark.parametrize("target", ["demo", pytest.param(READER, id="reader")])
def test_before_is_what_git_says_after(lnpatch: Cli, demo: Path, reader: Path, target: str) -> None:
    checkout = demo if target == "demo" else reader
    objects = sorted((checkout / ".git" / "objects").rglob("*"))
    before = lnpatch("diff", target, "--dir", checkout)
    assert before.code == 0
    assert sorted((checkout / ".git" / "objects").rglob("*")) == objects  # nothing was written, there neither
    lnpatch("apply", target, "--dir", checkout)
    assert without_index_lines(before.text) == without_index_lines(git(checkout, "diff"))
    assert lnpatch("diff", target, "--dir", checkout).text == before.text


@pytest.mark.cases_by_default(2)
@pytest.mark.parametrize(
    "setting",
    ["diff.noprefix=true", "diff.mnemonicPrefix=true", "color.ui=always", "color.diff=always", "diff.external=false"],
)
def test_git_apply_takes_it_whatever_is_configured(lnpatch: Cli, demo: Path, setting: str) -> None:
    git(demo, "config", *setting.split("="))
    patch = lnpatch("diff", "demo", "--dir", demo).out
    assert b"\x1b" not in patch
    subprocess.run(["git", "-C", demo, "apply", "-"], input=patch, check=True)
    assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"] == "applied"


def test_of_files_that_git_takes_for_binary(lnpatch: Cli, demo: Path) -> None:
    (demo / ".gitattributes").write_bytes(b"*.py -diff\n")
    patch = lnpatch("diff", "demo", "--dir", demo).out
    subprocess.run(["git", "-C", demo, "apply", "-"], input=patch, check=True)


def test_of_bytes_that_are_no_utf8_survives_json(lnpatch: Cli, demo: Path) -> None:
    train = demo / "train.py"
    data = b"# coding: latin-1\n" + train.read_bytes().replace(b"encoder='gru',", b"encoder='gru', # caf\xe9")
    train.write_bytes(data)
    git(demo, "commit", "-aqm", "latin-1")
    patch = lnpatch("diff", "demo", "--dir", demo, "--format", "json").json["diff"].encode("utf-8", "surrogateescape")
    assert patch == lnpatch("diff", "demo", "--dir", demo).out
    subprocess.run(["git", "-C", demo, "apply", "-"], input=patch, check=True)


def test_of_an_applied_patch_needs_no_libcst(demo: Path, lnpatch: Cli) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    code = (
        "import sys; from lnpatch.cli import main; "
        f"code = main(['diff', 'demo', '--dir', {str(demo)!r}]); "
        "sys.exit(code or 'libcst' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr.decode()
    assert run.stdout.decode() == git(demo, "diff")


def test_exit_code(lnpatch: Cli, demo: Path) -> None:
    assert lnpatch("diff", "demo", "--dir", demo, "--exit-code").code == 1
    lnpatch("apply", "demo", "--dir", demo)
    assert lnpatch("diff", "demo", "--dir", demo, "--exit-code").code == 1
    assert lnpatch("diff", "demo", "--dir", demo).code == 0


def test_of_edits_made_by_hand_is_empty(lnpatch: Cli, demo: Path) -> None:
    patch = lnpatch("diff", "demo", "--dir", demo).out
    subprocess.run(["git", "-C", demo, "apply", "-"], input=patch, check=True)
    by_hand = lnpatch("diff", "demo", "--dir", demo, "--exit-code")
    assert (by_hand.code, by_hand.out) == (0, b"")


def test_shows_the_patch_and_not_what_came_later(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    patch = lnpatch("diff", "demo", "--dir", demo).out
    (demo / "train.py").write_bytes((demo / "train.py").read_bytes() + b"\n# mine\n")
    later = lnpatch("diff", "demo", "--dir", demo)
    assert later.out == patch
    assert "changed since" in later.err


def test_after_git_has_put_the_files_back(lnpatch: Cli, demo: Path) -> None:
    first = lnpatch("diff", "demo", "--dir", demo).out
    lnpatch("apply", "demo", "--dir", demo)
    git(demo, "checkout", "--", ".")
    assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"] == "not-applied"
    assert lnpatch("diff", "demo", "--dir", demo).out == first
    assert lnpatch("apply", "demo", "--dir", demo, "--format", "json").json["changed"] == ["layers.py", "train.py"]


def test_never_swallows_an_error(lnpatch: Cli, demo: Path) -> None:
    (demo / "train.py").unlink()
    git(demo, "commit", "-aqm", "gone")
    refused = lnpatch("diff", "demo", "--dir", demo)
    assert (refused.code, refused.out) == (3, b"")
    assert "train.py" in refused.err


def test_names_repairs_on_stderr(lnpatch: Cli, reader: Path) -> None:
    shown = lnpatch("diff", READER, "--dir", reader)
    assert "a matrix in diagonal format cannot be indexed" in shown.err
    assert shown.out.startswith(b"diff --git")
    assert "data.py" not in lnpatch("diff", READER, "--dir", reader, "--no-repairs").text


def test_json(lnpatch: Cli, demo: Path) -> None:
    report = lnpatch("diff", "demo", "--dir", demo, "--format", "json").json
    assert report["state"] == "not-applied"
    assert report["diff"].encode() == lnpatch("diff", "demo", "--dir", demo).out


def test_another_cell_than_the_applied_one(lnpatch: Cli, demo: Path) -> None:
    assert b"lnlstm_layer" in lnpatch("diff", "demo", "--dir", demo, "--cell", "lnlstm").out
    lnpatch("apply", "demo", "--dir", demo)
    assert lnpatch("diff", "demo", "--dir", demo, "--cell", "lnlstm").code == 4


def read_terminal(leader: int, seconds: float) -> bytes:
    """Read what is written to a terminal until nobody writes to it any more.

    Raises:
        AssertionError: that has not happened after so many *seconds*.
    """
    deadline, shown = time.monotonic() + seconds, b""
    while True:
        ready, _, _ = select.select([leader], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"it has not ended; so far: {shown!r}"
        try:
            part = os.read(leader, 65536)
        except OSError:  # so Linux says that the other end is closed; elsewhere the read is empty
            return shown
        if not part:
            return shown
        shown += part


def diff_in_terminal(checkout: Path, **environment: str) -> bytes:
    """What `diff demo` shows in a terminal of 120 columns."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "lnpatch", "diff", "demo", "--dir", checkout]
    variables = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", **environment}
    with subprocess.Popen(command, stdout=follower, stderr=follower, env=variables) as process:
        os.close(follower)
        try:
            shown = read_terminal(leader, 60)
            assert process.wait(60) == 0
        finally:
            process.kill()  # no more than a formality, unless it hangs
            os.close(leader)
    return shown


def test_in_a_terminal_it_is_coloured(demo: Path) -> None:
    coloured = diff_in_terminal(demo)
    assert b"\x1b[" in coloured
    plain = diff_in_terminal(demo, NO_COLOR="1").decode()
    assert "\x1b" not in plain
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured.decode())
    assert [line.rstrip() for line in bare.splitlines()] == [line.rstrip() for line in plain.splitlines()]
    assert "+def ln(x, b, s):" in bare


def test_leaves_the_checkout_alone(lnpatch: Cli, demo: Path) -> None:
    before = contents(demo)
    lnpatch("diff", "demo", "--dir", demo)
    assert contents(demo) == before
    assert not (demo / ".git" / "lnpatch").exists()


@pytest.mark.cases_by_default(4)
@pytest.mark.parametrize(
    "setting",
    [
        "color.diff=always",
        "color.ui=always",
        "core.abbrev=4",
        "diff.algorithm=patience",
        "diff.colorMoved=zebra",
        "diff.context=0",
        "diff.interHunkContext=20",
        "diff.mnemonicPrefix=true",
        "diff.noprefix=true",
        "diff.orderFile=/no/such/file",
        "diff.relative=true",
        "diff.renames=copies",
        "diff.suppressBlankEmpty=true",
        "diff.wordRegex=.",
        "GIT_DIFF_OPTS=-u0",
        "GIT_EXTERNAL_DIFF=false",
    ],
)
def test_git_takes_the_patch_whatever_it_is_configured_to(
    lnpatch: Cli, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    plain = lnpatch("diff", "demo", "--dir", demo).out
    name, _, value = setting.partition("=")
    if name.startswith("GIT_"):
        monkeypatch.setenv(name, value)
    else:
        git(demo, "config", name, value)
    patch = tmp_path / "patch"
    patch.write_bytes(lnpatch("diff", "demo", "--dir", demo).out)
    if name in ("diff.context", "diff.interHunkContext", "GIT_DIFF_OPTS"):
        assert patch.read_bytes() == plain
    git(demo, "apply", "--check", str(patch))
    lnpatch("apply", "demo", "--dir", demo)
    patch.write_bytes(lnpatch("diff", "demo", "--dir", demo).out)
    git(demo, "apply", "--check", "-R", str(patch))
