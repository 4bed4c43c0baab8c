"""A checkout that comes from a stranger, with its .git: nothing of it is run, and nothing is written outside of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Output, contents, git, make_checkout

Cli = Callable[..., Output]

COMMANDS = ("status", "diff", "apply --dry-run", "apply", "status", "diff", "apply --commit", "revert", "status")

#: What git runs as a program, if its configuration says so.
PROGRAMS = (
    "core.alternateRefsCommand",
    "core.askPass",
    "core.editor",
    "core.fsmonitor",
    "core.gitProxy",
    "core.pager",
    "core.sshCommand",
    "credential.helper",
    "diff.evil.command",
    "diff.evil.textconv",
    "diff.external",
    "filter.evil.clean",
    "filter.evil.process",
    "filter.evil.smudge",
    "filter.with=equals.clean",
    "gpg.program",
    "gpg.ssh.defaultKeyCommand",
    "interactive.diffFilter",
    "merge.evil.driver",
    "pager.diff",
    "remote.origin.receivepack",
    "remote.origin.uploadpack",
    "sequence.editor",
    "uploadpack.packObjectsHook",
)
HOOKS = ("reference-transaction", "post-index-change", "post-checkout", "post-commit", "pre-commit", "commit-msg")


def configure(config: Path, setting: str, value: str) -> None:
    """Set what ``git config`` has no way to name, such as a subsection with an equals sign, too."""
    section, _, rest = setting.partition(".")
    name, _, key = rest.rpartition(".")
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    with config.open("a") as file:
        file.write(f'[{section} "{name}"]\n' if name else f"[{section}]\n")
        file.write(f'\t{key} = "{quoted}"\n')


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """Where programs of the checkout would leave their names."""
    folder = tmp_path / "ran"
    folder.mkdir()
    return folder


def touch(ran: Path, name: str) -> str:
    return f"touch {ran}/{name}; cat"


@pytest.fixture(params=["config", "include", "includeIf", "worktree", "linked worktree"])
def hostile(request: pytest.FixtureRequest, tmp_path: Path, demo: Path, ran: Path) -> Path:
    """A checkout whose configuration, wherever git looks for it, names programs for everything."""
    (demo / ".gitattributes").write_text("*.py filter=evil diff=evil merge=evil\n*.md filter=with=equals\n")
    git(demo, "add", "-A")
    git(demo, "commit", "-qm", "attributes")
    if request.param == "linked worktree":
        git(demo, "worktree", "add", "-q", str(tmp_path / "linked"))
    for hook in HOOKS:
        (demo / ".git/hooks").mkdir(exist_ok=True)
        (demo / ".git/hooks" / hook).write_text(f"#!/bin/sh\ntouch {ran}/{hook}\n")
        (demo / ".git/hooks" / hook).chmod(0o755)
    config = demo / {"config": ".git/config", "worktree": ".git/config.worktree"}.get(request.param, ".gitconfig")
    if "include" in request.param:
        condition = "include" if request.param == "include" else f"includeIf.gitdir:{demo}/.git"
        configure(demo / ".git/config", f"{condition}.path", "../.gitconfig")
    elif request.param == "worktree":
        git(demo, "config", "extensions.worktreeConfig", "true")
    elif request.param == "linked worktree":
        config = demo / ".git/config"
    for setting in PROGRAMS:
        configure(config, setting, touch(ran, setting))
    for setting, value in (
        ("filter.evil.required", "true"),
        ("commit.gpgSign", "true"),
        ("protocol.ext.allow", "always"),
        ("remote.origin.url", f"ext::sh -c touch% {ran}/transport"),
        ("remote.origin.promisor", "true"),
        ("extensions.partialClone", "origin"),
    ):
        configure(demo / ".git/config" if setting.startswith("extensions") else config, setting, value)
    git(demo, "config", "core.repositoryFormatVersion", "1")
    return tmp_path / "linked" if request.param == "linked worktree" else demo


@pytest.mark.cases_by_default(2)
def test_no_program_of_the_checkout_is_run(lnpatch: Cli, hostile: Path, ran: Path) -> None:
    original = contents(hostile)
    for path in hostile.glob("*.py"):  # so that git has to look into the files
        os.utime(path, (1, 1))
    for command in COMMANDS:
        done = lnpatch(*command.split(), "demo", "--dir", hostile)
        if command == "apply --commit":  # it would commit what a filter makes of the files
            assert (done.code, "(filter=evil)" in done.err) == (4, True)
        else:
            assert done.code == 0, done
    assert contents(hostile) == original
    assert sorted(path.name for path in ran.iterdir()) == []


@pytest.mark.cases_by_default(1)
def test_a_lost_object_is_not_fetched(lnpatch: Cli, hostile: Path, ran: Path) -> None:
    """A partial clone fetches it, by the transport that its configuration names."""
    blob = git(hostile, "rev-parse", "HEAD:layers.py").strip()
    common = Path(git(hostile, "rev-parse", "--path-format=absolute", "--git-common-dir").strip())
    (common / "objects" / blob[:2] / blob[2:]).unlink()
    for command in COMMANDS:
        assert lnpatch(*command.split(), "demo", "--dir", hostile).code in (0, 4, 5)
    assert sorted(path.name for path in ran.iterdir()) == []


@pytest.mark.parametrize("scope", ["user", "checkout"])
def test_a_file_that_only_its_filter_can_compare_is_refused(lnpatch: Cli, demo: Path, scope: str) -> None:
    """As with git-lfs: what is committed is not what is in the folder."""
    git(demo, "config", "--global" if scope == "user" else "--local", "filter.upper.clean", "tr a-z A-Z")
    (demo / ".git/info").mkdir(exist_ok=True)
    (demo / ".git/info/attributes").write_text("layers.py filter=upper\n")
    os.utime(demo / "layers.py", (1, 1))
    git(demo, "add", "--renormalize", ".")
    git(demo, "commit", "-qm", "filtered")
    assert git(demo, "status", "--short") == ""
    before = contents(demo)
    assert lnpatch("apply", "demo", "--dir", demo).code == 0  # git has just found it unchanged, and says so
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert contents(demo) == before
    refused = lnpatch("apply", "demo", "--dir", demo)
    assert refused.code == 4
    assert "layers.py (filter=upper)" in refused.err
    assert f"git -C {demo} status" in refused.err
    assert contents(demo) == before
    os.utime(demo / "layers.py", (2, 2))  # what is as new as the index itself is never taken for unchanged
    git(demo, "status")
    assert lnpatch("apply", "demo", "--dir", demo).code == 0


@pytest.mark.parametrize("setting", ["core.autocrlf=true", "core.eol=crlf", "core.autocrlf=input"])
def test_line_ends_are_converted_as_git_does(lnpatch: Cli, demo: Path, setting: str) -> None:
    (demo / ".gitattributes").write_text("*.py text\n" if "eol" in setting else "")
    git(demo, "add", "-A")
    git(demo, "commit", "-qm", "attributes")
    git(demo, "config", *setting.split("="))
    for path in demo.glob("*.py"):
        path.unlink()
    git(demo, "checkout", "--", ".")
    before = contents(demo)
    assert (b"\r\n" in before["layers.py"]) is ("input" not in setting)
    assert lnpatch("apply", "demo", "--dir", demo, "--commit").code == 0
    assert git(demo, "status", "--short") == ""
    assert "\r" not in git(demo, "show", "HEAD:layers.py")
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert contents(demo) == before


def test_a_commit_says_that_it_is_not_signed(lnpatch: Cli, demo: Path, ran: Path) -> None:
    git(demo, "config", "commit.gpgSign", "true")
    git(demo, "config", "gpg.program", touch(ran, "gpg"))
    committed = lnpatch("apply", "demo", "--dir", demo, "--commit")
    assert committed.code == 0
    assert "The commit is not signed" in committed.err
    assert "commit --amend --no-edit -S" in committed.err
    assert not list(ran.iterdir())


@pytest.mark.cases_by_default(8)
@pytest.mark.parametrize(
    "link",
    ["lnpatch", "refs/lnpatch", "refs/lnpatch-pending", "refs/heads", "logs", "logs/refs", "objects", "HEAD", "index"],
)
@pytest.mark.parametrize("command", ["apply --commit", "revert"])
def test_nothing_is_written_through_links_of_the_git_directory(
    lnpatch: Cli, demo: Path, tmp_path: Path, link: str, command: str
) -> None:
    if command == "revert":
        lnpatch("apply", "demo", "--dir", demo)
    place, outside = demo / ".git" / link, tmp_path / "outside"
    if not place.exists():
        place.mkdir(parents=True)
    place.rename(outside)
    place.symlink_to(outside)
    before = contents(outside) if outside.is_dir() else outside.read_bytes()
    files = contents(demo)
    refused = lnpatch(*command.split(), "demo", "--dir", demo)
    if link == "HEAD":  # git itself takes that for no repository
        assert refused.code == 5
    else:
        assert refused.code == 1
        assert str(place) in refused.err
        assert str(outside) in refused.err
    assert (contents(outside) if outside.is_dir() else outside.read_bytes()) == before
    assert contents(demo) == files


def test_nothing_is_written_through_the_lock(lnpatch: Cli, demo: Path, tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"keep\n")
    (demo / ".git/lnpatch").mkdir()
    (demo / ".git/lnpatch/lock").symlink_to(tmp_path / "victim")
    for command in ("status", "diff", "apply"):
        assert lnpatch(command, "demo", "--dir", demo).code == (1 if command == "apply" else 0)
    assert (tmp_path / "victim").read_bytes() == b"keep\n"


def test_a_reference_that_leads_to_a_branch_is_not_followed(lnpatch: Cli, demo: Path) -> None:
    head = git(demo, "rev-parse", "master")
    git(demo, "symbolic-ref", "refs/lnpatch-pending/main", "refs/heads/master")
    assert lnpatch("apply", "demo", "--dir", demo).code == 0
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert git(demo, "rev-parse", "master") == head


@pytest.mark.parametrize("kind", ["submodule", "embedded", "submodule that is not its own"])
@pytest.mark.parametrize("change", [False, True])
def test_a_file_of_another_repository_inside_is_left_alone(
    lnpatch: Cli, tmp_path: Path, demo_files: dict[str, bytes], kind: str, change: bool
) -> None:
    inner = make_checkout(tmp_path / "inner", {"layers.py": demo_files["layers.py"]})
    outer = make_checkout(tmp_path / "outer", {p: data for p, data in demo_files.items() if p != "layers.py"})
    if kind == "embedded":
        git(tmp_path, "clone", "-q", str(inner), str(outer / "sub"))
    else:
        git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
        if kind == "submodule that is not its own":
            (outer / "sub/.git").unlink()
    (outer / "layers.py").symlink_to("sub/layers.py")
    git(outer, "add", "layers.py", *([] if kind == "embedded" else [".gitmodules"]))
    git(outer, "commit", "-qam", "with another one")
    if change:
        (outer / "sub/layers.py").write_bytes(b"# mine\n" + demo_files["layers.py"])
    before, index = contents(outer), git(outer, "ls-files", "-s")
    for command in ("apply", "apply --commit"):
        refused = lnpatch(*command.split(), "demo", "--dir", outer)
        assert refused.code in (1, 4)
        assert "sub" in refused.err
        assert "Traceback" not in refused.err
        assert contents(outer) == before
        assert git(outer, "ls-files", "-s") == index


def test_a_file_that_git_does_not_track_is_refused(lnpatch: Cli, demo: Path) -> None:
    git(demo, "rm", "-q", "--cached", "layers.py")
    git(demo, "commit", "-qm", "not tracked")
    (demo / ".git/info").mkdir(exist_ok=True)
    for ignored in ("", "layers.py\n"):
        (demo / ".git/info/exclude").write_text(ignored)
        before = contents(demo)
        assert lnpatch("apply", "demo", "--dir", demo).code == 4
        assert contents(demo) == before
