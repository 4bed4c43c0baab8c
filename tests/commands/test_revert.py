"""`revert`: the exact bytes back, and nothing that was done since lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import READER, Output, contents, git

Cli = Callable[..., Output]


@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
@pytest.mark.parametrize("target", ["demo", pytest.param(READER, id="reader")])
def test_every_byte_is_back(lnpatch: Cli, demo: Path, reader: Path, target: str, cell: str) -> None:
    checkout = demo if target == "demo" else reader
    before = contents(checkout)
    lnpatch("apply", target, "--dir", checkout, "--cell", cell)
    reverted = lnpatch("revert", target, "--dir", checkout)
    assert reverted.code == 0
    assert contents(checkout) == before
    assert git(checkout, "status", "--short") == ""
    assert "refs/lnpatch" not in git(checkout, "for-each-ref")


def test_without_a_patch_there_is_nothing_to_do(lnpatch: Cli, demo: Path) -> None:
    for _ in range(2):
        reverted = lnpatch("revert", "demo", "--dir", demo)
        assert reverted.code == 0
        assert "nothing to do" in reverted.text


def test_later_changes_elsewhere_survive(lnpatch: Cli, demo: Path) -> None:
    original = (demo / "layers.py").read_bytes()
    lnpatch("apply", "demo", "--dir", demo)
    patched = (demo / "layers.py").read_bytes()
    (demo / "layers.py").write_bytes(b"# mine, at the top\n" + patched + b"\n# mine, at the end\n")
    reverted = lnpatch("revert", "demo", "--dir", demo)
    assert reverted.code == 0
    assert "later changes are kept" in reverted.err
    assert (demo / "layers.py").read_bytes() == b"# mine, at the top\n" + original + b"\n# mine, at the end\n"


def test_later_commits_survive(lnpatch: Cli, demo: Path) -> None:
    original = (demo / "train.py").read_bytes()
    lnpatch("apply", "demo", "--dir", demo)
    (demo / "train.py").write_bytes((demo / "train.py").read_bytes() + b"\n# mine\n")
    git(demo, "commit", "-aqm", "patched, and more")
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert (demo / "train.py").read_bytes() == original + b"\n# mine\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"encoder='lngru'", b"encoder='lngru', mine=1", id="beside the new value"),
        pytest.param(b"encoder='lngru'", b"encoder='mine'", id="in place of the new value"),
    ],
)
def test_a_change_over_the_patch_is_a_conflict_with_its_line(lnpatch: Cli, demo: Path, old: bytes, new: bytes) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    train = demo / "train.py"
    train.write_bytes(train.read_bytes().replace(old, new))
    line = train.read_bytes()[: train.read_bytes().index(new)].count(b"\n") + 1
    before = contents(demo)
    refused = lnpatch("revert", "demo", "--dir", demo)
    assert refused.code == 4
    assert f"train.py:{line}" in refused.err
    assert contents(demo) == before  # layers.py is still patched: all or nothing
    refused = lnpatch("revert", "demo", "--dir", demo, "--format", "json")
    assert refused.json["error"]["details"]["overlaps"][0]["file"] == "train.py"


def test_all_conflicts_are_named(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    layers = demo / "layers.py"
    text = layers.read_bytes().replace(b"1e-5)", b"1e-6)").replace(b"return [h]", b"return [h, None]")
    layers.write_bytes(text)
    (demo / "train.py").unlink()
    refused = lnpatch("revert", "demo", "--dir", demo)
    assert refused.code == 4
    assert "layers.py:" in refused.err
    assert "train.py: the file was removed" in refused.err


def test_after_git_has_put_the_files_back(lnpatch: Cli, demo: Path) -> None:
    before = contents(demo)
    lnpatch("apply", "demo", "--dir", demo)
    git(demo, "checkout", "--", ".")
    reverted = lnpatch("revert", "demo", "--dir", demo)
    assert reverted.code == 0
    assert "not applied" in reverted.err
    assert contents(demo) == before


def test_each_branch_has_its_own_patch(lnpatch: Cli, demo: Path) -> None:
    """Both cells, each committed on its branch, looked at and taken back there."""
    before = contents(demo)
    for cell in ("lngru", "lnlstm"):
        assert lnpatch("apply", "demo", "--dir", demo, "--cell", cell, "--commit").code == 0
        git(demo, "checkout", "-q", "master")
        assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"] == "not-applied"
        assert lnpatch("revert", "demo", "--dir", demo).code == 0
    for cell in ("lngru", "lnlstm"):
        git(demo, "checkout", "-q", f"lnpatch/demo-{cell}")
        status = lnpatch("status", "demo", "--dir", demo, "--format", "json").json
        assert (status["state"], status["cell"]) == ("applied", cell)
        assert f"{cell}_layer" in lnpatch("diff", "demo", "--dir", demo).text
        assert "nothing to do" in lnpatch("apply", "demo", "--dir", demo).text
        assert lnpatch("revert", "demo", "--dir", demo).code == 0
        assert contents(demo) == before
        git(demo, "checkout", "-q", "-f", "master")


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize(
    "edit", [pytest.param(b"%s# at the end\n", id="at the end"), pytest.param(b"# at the start\n%s", id="at the start")]
)
@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
def test_the_patch_of_another_branch_is_no_obstacle(lnpatch: Cli, demo: Path, edit: bytes, cell: str) -> None:
    lnpatch("apply", "demo", "--dir", demo, "--commit")
    git(demo, "checkout", "-q", "master")
    for name in ("layers.py", "train.py"):
        (demo / name).write_bytes(edit.replace(b"%s", (demo / name).read_bytes()))
    git(demo, "commit", "-aqm", "more on master")
    before = contents(demo)
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert lnpatch("apply", "demo", "--dir", demo, "--cell", cell).code == 0
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert contents(demo) == before
    git(demo, "checkout", "-q", "lnpatch/demo-lngru")
    assert lnpatch("status", "demo", "--dir", demo, "--exit-code").code == 0
    assert lnpatch("revert", "demo", "--dir", demo, "--format", "json").json["changed"] == ["layers.py", "train.py"]


def test_a_committed_patch_can_be_taken_back_again(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo, "--commit")
    for _ in range(2):
        assert lnpatch("revert", "demo", "--dir", demo, "--format", "json").json["changed"]
        git(demo, "checkout", "-q", ".")


def test_a_line_changed_over_the_patch_is_not_taken_for_the_original(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    train = demo / "train.py"
    train.write_bytes(train.read_bytes().replace(b"encoder='lngru',", b"encoder='gru', # mine"))
    git(demo, "commit", "-aqm", "changed")
    refused = lnpatch("apply", "demo", "--dir", demo)
    assert refused.code == 4
    assert "train.py:" in refused.err


def test_options_of_another_branchs_patch_do_not_stay(lnpatch: Cli, reader: Path) -> None:
    lnpatch("apply", READER, "--dir", reader, "--data-dir", "/x", "--commit")
    git(reader, "checkout", "-q", "master")
    assert lnpatch("apply", READER, "--dir", reader).code == 0
    assert lnpatch("status", READER, "--dir", reader, "--format", "json").json["state"] == "applied"


def test_one_file_put_back_by_git(lnpatch: Cli, demo: Path) -> None:
    before = contents(demo)
    lnpatch("apply", "demo", "--dir", demo)
    git(demo, "checkout", "--", "train.py")
    assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"] == "partial"
    assert lnpatch("revert", "demo", "--dir", demo, "--format", "json").json["changed"] == ["layers.py"]
    assert contents(demo) == before


def test_one_file_put_back_by_git_and_applied_again(lnpatch: Cli, demo: Path) -> None:
    before = contents(demo)
    lnpatch("apply", "demo", "--dir", demo)
    git(demo, "checkout", "--", "train.py")
    assert lnpatch("apply", "demo", "--dir", demo, "--format", "json").json["changed"] == ["train.py"]
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert contents(demo) == before


def test_json(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    report = lnpatch("revert", "demo", "--dir", demo, "--format", "json").json
    assert report["state"] == "not-applied"
    assert report["changed"] == ["layers.py", "train.py"]
    assert report["diff"].count("\n-def ") == 4


def test_two_patches_in_one_checkout(lnpatch: Cli, demo: Path, tmp_path: Path) -> None:
    """A recipe of the user's own for another file of the same checkout."""
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        """
        name = "mine"
        title = "t"
        paper = "p"
        cell = "lngru"
        repository = { embedded = "demo", directory = "d", license = "none" }
        cells = { lngru = { baseline = "gru", what = "w" } }
        [[edits]]
        kind = "default"
        file = "train.py"
        function = "trainer"
        parameter = "max_epochs"
        value = 1
        """
    )
    before = contents(demo)
    assert lnpatch("apply", "demo", "--dir", demo).code == 0
    refused = lnpatch("apply", recipe, "--dir", demo)
    assert refused.code == 4  # train.py has changes that are not committed
    git(demo, "commit", "-aqm", "patched")
    assert lnpatch("apply", recipe, "--dir", demo).code == 0
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert lnpatch("revert", recipe, "--dir", demo).code == 0
    assert contents(demo) == before
