"""Where a checkout comes from: cloned at the pinned commit, from a local copy, embedded; and what is left if it fails."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import git as gitpython
import pytest

from lnpatch.checkout import staging
from lnpatch.cli import main
from lnpatch.files import hold_lock
from lnpatch.folders import templates
from tests.conftest import FIXTURES, READER, Output, contents, git, make_checkout

Cli = Callable[..., Output]


@pytest.fixture
def origin(tmp_path: Path, reader_files: dict[str, bytes]) -> Path:
    """The fixture repository as an upstream: the commit that the recipe pins, and one more that breaks it."""
    directory = make_checkout(tmp_path / "origin", reader_files)
    git(directory, "tag", "pinned")
    (directory / "codes/reader/layers.py").write_bytes(b"# rewritten since\n")
    git(directory, "commit", "-aqm", "Rewritten")
    return directory


@pytest.fixture
def recipe(tmp_path: Path, origin: Path) -> Path:
    """A recipe that pins the first commit of :func:`origin`."""
    text = (FIXTURES / "reader.toml").read_text()
    text = text.replace("https://localhost/reader", origin.as_uri())
    path = tmp_path / "recipe.toml"
    path.write_text(text.replace("0123456789" * 4, git(origin, "rev-parse", "pinned").strip()))
    return path


def leftovers(directory: Path, before: set[Path]) -> set[Path]:
    return set(directory.iterdir()) - before


def test_at_the_pinned_commit_on_a_branch(lnpatch: Cli, recipe: Path, origin: Path, tmp_path: Path) -> None:
    report = lnpatch("apply", recipe, "--format", "json").json
    checkout = tmp_path / "reader"
    assert report["cloned"] is True
    assert report["dir"] == "reader"
    assert report["commit"] == git(origin, "rev-parse", "pinned").strip() == git(checkout, "rev-parse", "HEAD").strip()
    assert git(checkout, "branch", "--show-current").strip() == "master"
    assert lnpatch("apply", recipe, "--format", "json").json["cloned"] is False


def test_into_a_folder_that_does_not_exist_yet(lnpatch: Cli, recipe: Path, tmp_path: Path) -> None:
    assert lnpatch("apply", recipe, "--dir", "some/new/folder").code == 0
    assert (tmp_path / "some/new/folder/.git").is_dir()
    assert sorted(path.name for path in (tmp_path / "some/new").iterdir()) == ["folder"]


def test_into_an_empty_folder(lnpatch: Cli, recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert lnpatch("apply", recipe, "--dir", "empty").code == 0


@pytest.mark.parametrize("kind", ["folder", "bare", "url"])
def test_from_another_place(lnpatch: Cli, recipe: Path, origin: Path, tmp_path: Path, kind: str) -> None:
    source = {"folder": "origin", "bare": "bare.git", "url": origin.as_uri()}[kind]
    if kind == "bare":
        git(tmp_path, "clone", "-q", "--bare", str(origin), "bare.git")
    recipe.write_text(recipe.read_text().replace(origin.as_uri(), "https://localhost/nowhere"))
    report = lnpatch("apply", recipe, "--from", source, "--dir", "new", "--format", "json").json
    assert report["commit"] == git(origin, "rev-parse", "pinned").strip()


def test_another_revision(lnpatch: Cli, recipe: Path, origin: Path, tmp_path: Path) -> None:
    refused = lnpatch("apply", recipe, "--ref", "master", "--dir", "new")
    assert refused.code == 3  # the rewritten file has no anchors
    assert lnpatch("apply", recipe, "--ref", "pinned", "--dir", "tagged").code == 0
    git(origin, "branch", "old", "pinned")
    assert lnpatch("apply", recipe, "--ref", "old", "--dir", "branched").code == 0
    assert git(tmp_path / "branched", "branch", "--show-current").strip() == "old"


@pytest.mark.parametrize("ref", ["HEAD", "HEAD~1", "origin/master~1"])
def test_relative_revisions(lnpatch: Cli, recipe: Path, origin: Path, tmp_path: Path, ref: str) -> None:
    code = lnpatch("apply", recipe, "--ref", ref, "--dir", "new").code
    assert code == (3 if ref == "HEAD" else 0)
    expected = git(origin, "rev-parse", ref.replace("origin/", "")).strip()
    assert git(tmp_path / "new", "rev-parse", "HEAD").strip() == expected


def test_a_revision_of_the_embedded_repository(lnpatch: Cli, tmp_path: Path) -> None:
    assert lnpatch("apply", "demo", "--ref", "v2").code == 3
    assert not (tmp_path / "lnpatch-demo").exists()


def test_a_revision_that_is_not_there(lnpatch: Cli, recipe: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    refused = lnpatch("apply", recipe, "--ref", "v2", "--dir", "new")
    assert refused.code == 3
    assert "no revision v2" in refused.err
    assert leftovers(tmp_path, before) == set()


def test_a_fork_without_the_pinned_commit_is_patched_at_its_head(
    lnpatch: Cli, recipe: Path, tmp_path: Path, reader_files: dict[str, bytes]
) -> None:
    fork = make_checkout(tmp_path / "fork", {**reader_files, "NEWS": b"forked\n"})
    applied = lnpatch("apply", recipe, "--from", fork, "--dir", "new")
    assert applied.code == 0
    assert "does not have the pinned commit" in applied.err
    assert git(tmp_path / "new", "rev-parse", "HEAD") == git(fork, "rev-parse", "HEAD")


def test_an_existing_checkout_is_used_as_it_is(lnpatch: Cli, recipe: Path, origin: Path, tmp_path: Path) -> None:
    lnpatch("apply", recipe)
    again = lnpatch("apply", recipe, "--from", origin, "--ref", "master")
    assert again.code == 0
    assert "is used as it is" in again.err
    assert git(tmp_path / "reader", "rev-parse", "HEAD") == git(origin, "rev-parse", "pinned")


def test_a_dry_run_leaves_no_clone(lnpatch: Cli, recipe: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    report = lnpatch("apply", recipe, "--dry-run", "--format", "json").json
    assert not report["cloned"]
    assert report["dir"] == "reader"
    assert report["changed"]
    assert leftovers(tmp_path, before) == set()


def test_without_a_network_it_says_what_to_do(lnpatch: Cli, recipe: Path, origin: Path, tmp_path: Path) -> None:
    shutil.rmtree(origin)
    before = set(tmp_path.iterdir())
    refused = lnpatch("apply", recipe)
    assert refused.code == 5
    for part in ("could not be cloned", "--from PATH", "--dir CHECKOUT", "lnpatch demo", "fatal:"):
        assert part in refused.err
    assert leftovers(tmp_path, before) == set()


def test_a_source_that_is_not_there(lnpatch: Cli, recipe: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    refused = lnpatch("apply", recipe, "--from", "no/such/folder", "--dir", "new")
    assert refused.code == 3
    assert leftovers(tmp_path, before) == set()


def test_a_clone_that_is_stopped_leaves_nothing(
    lnpatch: Cli, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gitpython.cmd, "handle_process_output", stopped)
    before = set(tmp_path.iterdir())
    assert lnpatch("apply", recipe, "--dir", "new/place").code == 1
    assert leftovers(tmp_path, before) == set()


class Interloper:
    """Does something at the moment at which a clone is whole and about to be moved to its place."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
        move = staging.Staging.move_to

        def acting_before(self: staging.Staging, directory: Path) -> None:
            monkeypatch.setattr(staging.Staging, "move_to", move)
            act()
            move(self, directory)

        monkeypatch.setattr(staging.Staging, "move_to", acting_before)


@pytest.mark.parametrize("there", [pytest.param(False, id="new folder"), pytest.param(True, id="empty folder")])
@pytest.mark.parametrize("name", ["layers.py", "notes.txt", ".git/mine", "folder/mine"])
def test_what_others_put_in_its_place_meanwhile_stays(
    lnpatch: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, name: str
) -> None:
    place = tmp_path / "place"
    if there:
        place.mkdir()
    mine = place / name

    def put() -> None:
        mine.parent.mkdir(parents=True, exist_ok=True)
        mine.write_bytes(b"mine")

    Interloper(monkeypatch, put)
    refused = lnpatch("apply", "demo", "--dir", place)
    assert refused.code == 4
    assert "stays as it is" in refused.err
    assert [path for path in place.rglob("*") if path.is_file()] == [mine]
    assert mine.read_bytes() == b"mine"
    assert not list(tmp_path.glob("**/.lnpatch-*"))


def test_what_comes_while_it_is_moved_stays_too(lnpatch: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, mine = tmp_path / "place", tmp_path / "place" / "train.py"
    place.mkdir()
    move = staging.move_without_replacing

    def late(source: Path, goal: Path) -> None:
        if goal == mine:
            mine.write_bytes(b"mine")
        move(source, goal)

    monkeypatch.setattr(staging, "move_without_replacing", late)
    assert lnpatch("apply", "demo", "--dir", place).code == 4
    assert [(path, path.read_bytes()) for path in place.iterdir()] == [(mine, b"mine")]


@pytest.mark.parametrize("there", [pytest.param(False, id="new folder"), pytest.param(True, id="empty folder")])
def test_two_at_once_make_one_checkout(
    lnpatch: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    place = tmp_path / "place"
    if there:
        place.mkdir()
    codes: list[int] = []
    Interloper(monkeypatch, lambda: codes.append(main(["apply", "demo", "--dir", str(place)])))
    second = lnpatch("apply", "demo", "--dir", place)
    assert (codes, second.code) == ([0], 4)
    assert "run the command again" in second.err
    assert git(place, "status", "--short") == " M layers.py\n M train.py\n"
    assert lnpatch("apply", "demo", "--dir", place).code == 0
    assert not list(tmp_path.glob("**/.lnpatch-*"))


_KILLED_CLONE = """
import os, signal, sys
from lnpatch.checkout import staging
from lnpatch.checkout import staging
from lnpatch.cli import main
from lnpatch.files import hold_lock
original, calls = getattr(staging, sys.argv[1], None) or staging.Staging.move_to, []
def killing(*arguments):
    calls.append(arguments)
    if len(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments)
setattr(staging if hasattr(staging, sys.argv[1]) else staging.Staging, sys.argv[1], killing)
sys.exit(main(["apply", "demo", "--dir", sys.argv[3]]))
"""


@pytest.mark.cases_by_default(2)
@pytest.mark.parametrize("there", [pytest.param(False, id="new folder"), pytest.param(True, id="empty folder")])
@pytest.mark.parametrize("moment", [("move_to", 1), ("move_without_replacing", 1), ("move_without_replacing", 3)])
@pytest.mark.parametrize("command", ["apply", pytest.param("status", marks=pytest.mark.slow)])
def test_a_clone_that_was_killed_is_cleaned_up_by_the_next_command(
    lnpatch: Cli, tmp_path: Path, demo_files: dict[str, bytes], there: bool, moment: tuple[str, int], command: str
) -> None:
    place = tmp_path / "place"
    if there:
        place.mkdir()
    arguments = [sys.executable, "-c", _KILLED_CLONE, moment[0], str(moment[1]), str(place)]
    code = subprocess.run(arguments, check=False, capture_output=True).returncode
    if moment[0] != "move_to" and not there:  # it is moved in one step
        assert code == 0
        return
    assert code == -signal.SIGKILL
    assert list(tmp_path.glob("**/.lnpatch-*"))
    shown = lnpatch(command, "demo", "--dir", place)
    whole = moment == ("move_without_replacing", 3)
    assert shown.code == (0 if whole or command == "apply" else 3)
    assert not list(tmp_path.glob("**/.lnpatch-*"))
    if command == "status":
        assert contents(place) == (demo_files if whole else {})
    assert lnpatch("apply", "demo", "--dir", place).code == 0
    assert git(place, "status", "--short") == " M layers.py\n M train.py\n"


@pytest.mark.parametrize("kind", ["another name inside", "no lock", "a link", "at work"])
def test_only_what_is_surely_left_by_a_clone_is_removed(lnpatch: Cli, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / ".lnpatch-abcdefgh"
    real = tmp_path / "real" if kind == "a link" else folder
    (real / "checkout").mkdir(parents=True)
    (real / "checkout/a").write_bytes(b"a")
    if kind == "a link":
        folder.symlink_to(real)
    if kind != "no lock":
        (real / "lock").touch()
    if kind == "another name inside":
        (real / "mine").write_bytes(b"mine")
    with hold_lock(real / "lock") if kind == "at work" else nullcontext():
        before = contents(real)
        assert lnpatch("apply", "demo", "--dir", "place").code == 0
        assert lnpatch("status", "demo", "--dir", "place").code == 0
        assert contents(real) == before


def test_a_folder_that_is_called_like_the_home(lnpatch: Cli, tmp_path: Path) -> None:
    for command in ("apply", "status", "diff", "revert"):
        assert lnpatch(command, "demo", "--dir", "~").code == 0
    assert (tmp_path / "~/layers.py").exists()


@pytest.mark.parametrize("ref", ["^HEAD", "HEAD^@", "HEAD..HEAD", "HEAD^{tree}", ":/nothing like it", "@{-1}", "a b"])
def test_what_names_no_commit_is_no_revision(lnpatch: Cli, recipe: Path, tmp_path: Path, ref: str) -> None:
    before = set(tmp_path.iterdir())
    refused = lnpatch("apply", recipe, "--dir", "new", "--ref", ref)
    assert refused.code == 3
    assert f"no revision {ref}" in refused.err
    assert leftovers(tmp_path, before) == set()


def test_into_the_current_folder(lnpatch: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to("here")
    monkeypatch.chdir(tmp_path / "here")
    assert main(["apply", "demo", "--dir", "."]) == 0
    assert git(tmp_path / "here", "status", "--short") == " M layers.py\n M train.py\n"
    (tmp_path / "other").mkdir()
    (tmp_path / "link2").symlink_to("other")
    assert main(["apply", "demo", "--dir", str(tmp_path / "link2")]) == 0


def test_paths_are_taken_as_they_are(lnpatch: Cli, tmp_path: Path, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable in a path is expanded, whatever GitPython does by default."""
    monkeypatch.setenv("EMPTY", "")
    odd = tmp_path / "lnpatch-demo$EMPTY"
    git(tmp_path, "clone", "-q", str(demo), str(odd))
    (odd / "train.py").write_bytes((odd / "train.py").read_bytes() + b"# mine\n")
    assert lnpatch("apply", "demo", "--dir", odd).code == 4
    assert lnpatch("apply", "demo", "--dir", "new$HOME and 'more'").code == 0
    assert (tmp_path / "new$HOME and 'more'" / "layers.py").exists()
    assert lnpatch("apply", READER, "--from", odd, "--dir", "x").code == 3


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--from", "ext::sh -c touch% ran"),
        ("--from", "--upload-pack=touch ran"),
        ("--from", "-u./x"),
        ("--from", "fd::17"),
        ("--ref", "--upload-pack=touch ran"),
        ("--ref", "-x"),
    ],
)
def test_unsafe_addresses_are_refused(lnpatch: Cli, recipe: Path, tmp_path: Path, option: str, value: str) -> None:
    before = set(tmp_path.iterdir())
    refused = lnpatch("apply", recipe, "--dir", "new", f"{option}={value}")
    assert refused.code == 2
    assert "is refused" in refused.err
    assert leftovers(tmp_path, before) == set()


@pytest.mark.parametrize(
    ("files", "code"), [pytest.param({}, 3, id="empty"), pytest.param({"a": b""}, 5, id="with a file")]
)
def test_a_folder_that_is_no_checkout(lnpatch: Cli, tmp_path: Path, files: dict[str, bytes], code: int) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for path, data in files.items():
        (folder / path).write_bytes(data)
    refused = lnpatch("status", "demo", "--dir", folder)
    assert refused.code == code
    if files:
        assert f"git -C {folder} init" in refused.err
        assert lnpatch("apply", "demo", "--dir", folder).code == code
    assert contents(folder) == files


def test_a_folder_inside_a_checkout(lnpatch: Cli, demo: Path) -> None:
    (demo / "inner").mkdir()
    (demo / "inner" / "a").write_bytes(b"")
    refused = lnpatch("apply", "demo", "--dir", demo / "inner")
    assert refused.code == 5
    assert f"inside the one at {demo}" in refused.err
    assert f"--dir {demo}" in refused.err


def test_a_repository_without_a_commit(lnpatch: Cli, tmp_path: Path, demo_files: dict[str, bytes]) -> None:
    for path, data in demo_files.items():
        (tmp_path / "new" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "new" / path).write_bytes(data)
    git(tmp_path, "init", "-q", "new")
    refused = lnpatch("apply", "demo", "--dir", "new")
    assert refused.code == 4
    assert "git -C new add -A && git -C new commit" in refused.err
    git(tmp_path / "new", "add", "-A")
    git(tmp_path / "new", "commit", "-qm", "first")
    assert lnpatch("apply", "demo", "--dir", "new").code == 0


def test_the_embedded_repository_is_the_same_each_time(lnpatch: Cli, tmp_path: Path) -> None:
    assert lnpatch("apply", "demo", "--dir", "one").code == 0
    assert lnpatch("apply", "demo", "--dir", "two").code == 0
    assert git(tmp_path / "one", "rev-parse", "HEAD") == git(tmp_path / "two", "rev-parse", "HEAD")
    assert git(tmp_path / "one", "status", "--short") == " M layers.py\n M train.py\n"


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_clone_has_the_usual_permissions(lnpatch: Cli, recipe: Path, tmp_path: Path) -> None:
    lnpatch("apply", recipe)
    (tmp_path / "plain").mkdir()
    assert (tmp_path / "reader").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_an_embedded_repository_that_is_installed_read_only(
    lnpatch: Callable[..., Output], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is laid out is the user's own, whatever the permissions of the files that it is made from."""
    folder = tmp_path / "installed"
    shutil.copytree(templates() / "demo", folder / "demo")
    for path in (folder / "demo").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (folder / "demo").chmod(0o555)
    monkeypatch.setattr("lnpatch.checkout.clone.templates", lambda: folder)
    done = lnpatch("apply", "demo", "--dir", "there")
    assert done.code == 0, done.err
    for path in (tmp_path / "there", *(tmp_path / "there").glob("*.py")):
        assert path.stat().st_mode & 0o200, path
