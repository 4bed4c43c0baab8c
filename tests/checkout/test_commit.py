"""`apply --commit`: a branch of its own, nothing else that is staged, and all of it or nothing."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import READER, Output, contents, git

Cli = Callable[..., Output]


def test_commit_on_a_branch_of_its_own(lnpatch: Cli, demo: Path) -> None:
    (demo / "model.py").write_bytes(b"# staged by the user\n")
    git(demo, "add", "model.py")
    report = lnpatch("apply", "demo", "--dir", demo, "--commit", "--format", "json").json
    assert report["branch"] == "lnpatch/demo-lngru" == git(demo, "branch", "--show-current").strip()
    assert report["commit"] == git(demo, "rev-parse", "HEAD").strip()
    assert git(demo, "show", "--format=", "--name-only", "HEAD").split() == ["layers.py", "train.py"]
    assert git(demo, "status", "--short") == "M  model.py\n"  # still staged, not committed
    message = git(demo, "log", "-1", "--format=%B")
    assert message.startswith("Add GRU with layer normalization (lngru)\n\n")
    for part in ("arxiv.org/abs/1607.06450", "- layers.py: add ln,", "- train.py: set the default of encoder"):
        assert part in message
    assert git(demo, "rev-list", "--count", "master..HEAD").strip() == "1"


def test_commit_names_repairs(lnpatch: Cli, reader: Path) -> None:
    lnpatch("apply", READER, "--dir", reader, "--commit")
    assert "Repairs, without which training does not start" in git(reader, "log", "-1", "--format=%B")


def test_commit_runs_no_hook_of_the_checkout(lnpatch: Cli, demo: Path) -> None:
    for name in ("pre-commit", "commit-msg", "post-checkout"):
        hook = demo / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ntouch ran\nexit 1\n")
        hook.chmod(0o755)
    assert lnpatch("apply", "demo", "--dir", demo, "--commit").code == 0
    assert not (demo / "ran").exists()


@pytest.mark.parametrize("obstacle", ["branch", "identity"])
def test_a_commit_that_is_not_possible_changes_nothing(
    lnpatch: Cli, demo: Path, obstacle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if obstacle == "branch":
        git(demo, "branch", "lnpatch/demo-lngru")
    else:
        git(demo, "config", "user.useConfigOnly", "true")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    before = contents(demo)
    refused = lnpatch("apply", "demo", "--dir", demo, "--commit")
    assert refused.code == (4 if obstacle == "branch" else 5)
    assert contents(demo) == before
    assert git(demo, "branch", "--show-current").strip() == "master"
    assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"] == "not-applied"


@pytest.mark.parametrize("detached", [pytest.param(False, id="branch"), pytest.param(True, id="detached")])
def test_a_commit_that_fails_late_puts_all_back(
    lnpatch: Cli, demo: Path, detached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if detached:
        git(demo, "checkout", "-q", "--detach")
    head = (demo / ".git" / "HEAD").read_bytes()
    before = contents(demo)
    (demo / ".git" / "index.lock").write_bytes(b"")  # another git is at work: HEAD can move, the index cannot
    refused = lnpatch("apply", "demo", "--dir", demo, "--commit")
    (demo / ".git" / "index.lock").unlink()
    assert refused.code == 5
    assert (demo / ".git" / "HEAD").read_bytes() == head
    assert contents(demo) == before
    assert "refs/" not in git(demo, "for-each-ref", "refs/lnpatch", "refs/heads/lnpatch")
    assert lnpatch("apply", "demo", "--dir", demo, "--commit").code == 0
    assert git(demo, "status", "--short") == ""


@pytest.mark.parametrize("detached", [pytest.param(False, id="branch"), pytest.param(True, id="detached")])
def test_a_patch_can_be_committed_later(lnpatch: Cli, demo: Path, detached: bool) -> None:
    if detached:
        git(demo, "checkout", "-q", "--detach")
    lnpatch("apply", "demo", "--dir", demo)
    committed = lnpatch("apply", "demo", "--dir", demo, "--commit", "--format", "json").json
    assert committed["branch"] == git(demo, "branch", "--show-current").strip() == "lnpatch/demo-lngru"
    assert git(demo, "status", "--short") == ""
    again = lnpatch("apply", "demo", "--dir", demo, "--commit")
    assert (again.code, git(demo, "rev-list", "--count", "HEAD").strip()) == (0, "2")
    git(demo, "checkout", "-q", "master" if not detached else "HEAD~1")
    assert lnpatch("apply", "demo", "--dir", demo, "--commit").code == 4  # the branch is there


def test_further_edits_are_committed_on_top(lnpatch: Cli, reader: Path) -> None:
    assert lnpatch("apply", READER, "--dir", reader, "--commit").code == 0
    assert lnpatch("apply", READER, "--dir", reader, "--data-dir", "/d", "--commit").code == 0
    assert git(reader, "rev-list", "--count", "HEAD").strip() == "3"
    assert git(reader, "status", "--short") == ""


def test_what_was_changed_since_is_not_committed(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    (demo / "train.py").write_bytes(b"# mine\n" + (demo / "train.py").read_bytes())
    refused = lnpatch("apply", "demo", "--dir", demo, "--commit")
    assert refused.code == 4
    assert "train.py" in refused.err
    assert git(demo, "branch", "--show-current").strip() == "master"


def test_modes_are_those_of_the_index(lnpatch: Cli, demo: Path) -> None:
    """As on file systems where every file is executable."""
    git(demo, "config", "core.fileMode", "false")
    for path in demo.glob("*.py"):
        path.chmod(0o777)
    assert lnpatch("apply", "demo", "--dir", demo, "--commit").code == 0
    assert "mode change" not in git(demo, "show", "--summary", "--format=", "HEAD")


def test_a_merge_in_progress_is_not_disturbed(lnpatch: Cli, demo: Path) -> None:
    git(demo, "checkout", "-q", "-b", "side")
    (demo / "side.txt").write_bytes(b"side\n")
    git(demo, "add", "-A")
    git(demo, "commit", "-qm", "side")
    git(demo, "checkout", "-q", "master")
    git(demo, "merge", "-q", "--no-ff", "--no-commit", "side")
    refused = lnpatch("apply", "demo", "--dir", demo, "--commit")
    assert refused.code == 4
    assert "A merge is in progress" in refused.err
    assert (demo / ".git" / "MERGE_HEAD").exists()
    assert git(demo, "diff", "--name-only") == ""


def test_another_staged_content_is_not_overwritten(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    patched = (demo / "layers.py").read_bytes()
    (demo / "layers.py").write_bytes(patched + b"# staged\n")
    git(demo, "add", "layers.py")
    (demo / "layers.py").write_bytes(patched)
    refused = lnpatch("apply", "demo", "--dir", demo, "--commit")
    assert refused.code == 4
    assert "layers.py" in refused.err
    assert git(demo, "show", ":layers.py").endswith("# staged\n")
