"""Which target and which checkout a command means where none is named: the one around, or the one patched one here."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import READER, Output, contents, git, make_checkout

Cli = Callable[..., Output]


@pytest.fixture
def patched(lnpatch: Cli, demo: Path) -> Path:
    """A patched checkout with a folder in it, under a name that is not the repository's own."""
    assert lnpatch("apply", "demo", "--dir", demo).code == 0
    there = demo.rename(demo.with_name("mine"))
    (there / "notes" / "deep").mkdir(parents=True)
    return there


PLACES = [
    pytest.param("mine", id="in the checkout"),
    pytest.param("mine/notes/deep", id="in a folder of it"),
    pytest.param(".", id="beside it"),
]


@pytest.mark.parametrize("place", PLACES)
def test_diff_and_revert_need_no_target(
    lnpatch: Cli, patched: Path, demo_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(place)
    patch = lnpatch("diff")
    assert patch.code == 0, patch.err
    reversible = subprocess.run(["git", "-C", patched, "apply", "--check", "-R"], input=patch.out, check=False)
    assert reversible.returncode == 0
    assert lnpatch("revert").code == 0
    assert contents(patched) == demo_files


@pytest.mark.cases_by_default(5)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("command", "told"),
    [
        pytest.param(["status"], "demo in", id="status"),
        pytest.param(["port"], "Python 3 in", id="port"),
        pytest.param(["train", "--set", "dimm=1"], "The trainer of demo has no setting 'dimm'", id="train"),
        pytest.param(
            ["train", "--", "--dim", "3"],
            "no command line for --dim 3",
            id="train with arguments",
            marks=pytest.mark.slow,
        ),
        pytest.param(["evaluate", "--model", "m.npz"], "demo does not support evaluate", id="evaluate"),
        pytest.param(
            ["encode", "--model", "m.npz"], "demo does not support encode", id="encode", marks=pytest.mark.slow
        ),
        pytest.param(["setup", "--python", "/nowhere"], "/nowhere is not a Python", id="setup", marks=pytest.mark.slow),
        pytest.param(["check", "--python", "/nowhere"], "/nowhere is not a Python", id="check"),
    ],
)
def test_every_command_on_a_checkout_finds_it(
    lnpatch: Cli,
    patched: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    place: str,
    command: list[str],
    told: str,
) -> None:
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(place)
    done = lnpatch(*command)
    assert told in done.text + done.err


@pytest.mark.cases_by_default(4)
@pytest.mark.parametrize("place", ["mine", "mine/notes/deep"])
@pytest.mark.parametrize("command", ["diff", "revert", "status", "apply"])
def test_a_named_target_means_the_checkout_around(
    lnpatch: Cli, patched: Path, monkeypatch: pytest.MonkeyPatch, place: str, command: str
) -> None:
    monkeypatch.chdir(place)
    done = lnpatch(command, "demo", "--format", "json")
    assert done.code == 0, done.text
    assert done.json["dir"] == ("." if place == "mine" else str(patched))
    assert not Path("lnpatch-demo").exists()


def test_before_apply_a_checkout_is_recognized_by_its_anchors(
    lnpatch: Cli, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo)
    assert b"param_init_lngru" in lnpatch("diff").out
    assert lnpatch("apply", "demo").code == 0
    assert lnpatch("status", "--format", "json").json["targets"][0]["state"] == "applied"


def test_a_fork_that_lacks_an_anchor_is_told_of_it(lnpatch: Cli, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = (demo / "train.py").read_text()
    (demo / "train.py").write_text(train.replace("def trainer(", "def fit("))
    git(demo, "commit", "-aqm", "Renamed")
    monkeypatch.chdir(demo)
    refused = lnpatch("apply", "demo")
    assert refused.code == 3
    assert "trainer" in refused.err
    assert not (demo / "lnpatch-demo").exists()


@pytest.mark.parametrize("files", [{"README": b"mine\n"}, {"layers.py": b"x = 1\n", "train.py": b"y = 2\n"}])
def test_another_repository_around_is_not_meant(
    lnpatch: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]
) -> None:
    around = make_checkout(tmp_path / "around", files)
    monkeypatch.chdir(around)
    assert lnpatch("apply", "demo", "--format", "json").json["dir"] == "lnpatch-demo"
    assert contents(around).keys() > files.keys()
    assert lnpatch("diff", "--format", "json").json["dir"] == "lnpatch-demo"
    assert lnpatch("revert").code == 0


def test_several_are_an_error_that_lists_them(lnpatch: Cli, patched: Path, reader: Path) -> None:
    assert lnpatch("apply", READER, "--dir", reader).code == 0
    for command in ("diff", "revert"):
        refused = lnpatch(command)
        assert refused.code == 2
        assert "demo in mine" in refused.err
        assert f"{READER} in reader" in refused.err
    assert lnpatch("diff", "demo", "--dir", "mine").code == 0
    assert lnpatch("diff", "--dir", "reader").code == 0


def test_two_targets_in_one_checkout_are_an_error_that_lists_them(
    lnpatch: Cli, patched: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reader_files: dict[str, bytes]
) -> None:
    for path, data in reader_files.items():
        (patched / path).parent.mkdir(parents=True, exist_ok=True)
        (patched / path).write_bytes(data)
    git(patched, "add", "-A")
    git(patched, "commit", "-qm", "Both")
    assert lnpatch("apply", READER, "--dir", patched).code == 0
    monkeypatch.chdir(patched)
    refused = lnpatch("diff")
    assert refused.code == 2
    assert "demo in" in refused.err
    assert READER in refused.err


@pytest.mark.parametrize("command", ["diff", "revert", "port", "check", "setup", "train"])
def test_nothing_around_says_which(lnpatch: Cli, tmp_path: Path, command: str) -> None:
    failed = lnpatch(command, "--format", "json")
    assert failed.code == 3
    assert failed.json["error"]["kind"] == "TargetUnknownError"
    assert "lnpatch targets" in failed.json["error"]["hint"]


def test_a_folder_alone_says_which(lnpatch: Cli, patched: Path) -> None:
    assert lnpatch("revert", "--dir", "mine").code == 0


def test_a_folder_of_something_else_is_refused(lnpatch: Cli, tmp_path: Path) -> None:
    make_checkout(tmp_path / "other", {"a.txt": b"a\n"})
    refused = lnpatch("diff", "--dir", "other")
    assert refused.code == 3
    assert "other is not a checkout of a known target" in refused.err


def test_a_link_to_it_is_not_another_one(lnpatch: Cli, patched: Path, tmp_path: Path) -> None:
    os.symlink("mine", tmp_path / "a-link")
    assert lnpatch("diff", "--format", "json").json["dir"] == "mine"


def test_a_named_target_is_found_here_under_another_name(lnpatch: Cli, patched: Path) -> None:
    assert lnpatch("diff", "demo", "--format", "json").json["dir"] == "mine"
    assert lnpatch("apply", "demo", "--format", "json").json["dir"] == "lnpatch-demo"


def test_a_checkout_around_that_cannot_be_read_is_told(
    lnpatch: Cli, patched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not taken for none: apply would clone another one into it."""
    git(patched, "update-ref", "refs/lnpatch/main/demo/lngru/foreign", "HEAD")
    monkeypatch.chdir(patched)
    for command in (["diff"], ["revert"], ["status"], ["diff", "demo"], ["apply", "demo"]):
        refused = lnpatch(*command, "--format", "json")
        assert refused.json["error"]["kind"] == "RecordError", command
    assert not Path("lnpatch-demo").exists()


@pytest.mark.parametrize("damage", ["syntax", "missing file"])
def test_a_fork_that_cannot_be_patched_is_not_cloned_into(
    lnpatch: Cli, demo: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    if damage == "syntax":
        (demo / "layers.py").write_text("def (\n")
    else:
        (demo / "train.py").unlink()
    git(demo, "commit", "-aqm", "Damaged")
    monkeypatch.chdir(demo)
    refused = lnpatch("apply", "demo")
    assert refused.code in (1, 3)
    assert ("layers.py:1" if damage == "syntax" else "train.py") in refused.err
    assert not Path("lnpatch-demo").exists()


def test_a_checkout_of_a_target_that_shares_files_is_not_meant(
    lnpatch: Cli, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """order-embeddings has a layers.py and a train.py as the demo has, and other anchors in them."""
    (demo / "train.py").write_text("def train():\n    pass\n")
    (demo / "driver.py").write_text("default_params = {'encoder': 'gru'}\n")
    (demo / "paths.py").write_text("dataset_dir = {'coco': 'data'}\n")
    git(demo, "add", "-A")
    git(demo, "commit", "-qm", "Another repository")
    monkeypatch.chdir(demo)
    assert lnpatch("diff", "--format", "json").json["target"] == "order-embeddings"
    assert lnpatch("apply", "demo", "--format", "json").json["dir"] == "lnpatch-demo"


def test_a_recipe_that_has_moved_is_asked_for(
    lnpatch: Cli, reader: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = shutil.copy(READER, tmp_path / "mine.toml")
    assert lnpatch("apply", recipe, "--dir", reader).code == 0
    moved = recipe.rename(tmp_path / "moved.toml")
    monkeypatch.chdir(reader)
    refused = lnpatch("revert")
    assert refused.code == 3
    assert "mine.toml" in refused.err
    assert lnpatch("revert", moved).code == 0


def test_a_folder_that_was_removed(lnpatch: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    failed = lnpatch("revert", "demo", "--format", "json")
    monkeypatch.chdir(tmp_path)
    assert (failed.code, failed.err) == (3, "")
    assert failed.json["error"]["kind"] == "CheckoutMissingError"


def test_what_is_broken_beside_it_does_not_matter(lnpatch: Cli, patched: Path, tmp_path: Path) -> None:
    (tmp_path / "broken" / ".git").mkdir(parents=True)
    shutil.copytree(patched, tmp_path / "reverted")
    assert lnpatch("revert", "demo", "--dir", "reverted").code == 0
    os.symlink("nowhere", tmp_path / "dangling")
    assert lnpatch("diff").code == 0
