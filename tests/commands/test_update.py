"""`apply` over the patch of an older lnpatch: the newer one is offered, and taken with `--update`, nothing of the user's lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from lnpatch.folders import templates
from tests.conftest import READER, Output, contents, git

Cli = Callable[..., Output]


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """Make this lnpatch an older one within a block: with another text of ``ln``, and its own version."""
    folder = tmp_path.parent / f"{tmp_path.name}-older"
    shutil.copytree(templates(), folder, dirs_exist_ok=True)
    ln = folder / "layers" / "ln.py"
    assert "1e-5" in ln.read_text()
    ln.write_text(ln.read_text().replace("1e-5", "1e-4"))

    @contextmanager
    def be_older() -> Iterator[None]:
        with monkeypatch.context() as patch:
            for module in ("edits.inject", "patch.made_of"):
                patch.setattr(f"lnpatch.{module}.templates", lambda: folder)
            patch.setattr("lnpatch.patch.made_of.__version__", "0.0.9")
            yield

    return be_older


@pytest.fixture
def patched(lnpatch: Cli, demo: Path, older: Callable[[], AbstractContextManager[None]]) -> Path:
    """The demo with the patch of an older lnpatch."""
    with older():
        assert lnpatch("apply", "demo").code == 0
    assert b"1e-4" in (demo / "layers.py").read_bytes()
    return demo


@pytest.fixture
def newest(lnpatch: Cli, patched: Path, tmp_path: Path) -> dict[str, bytes]:
    """The files as this lnpatch patches them."""
    git(tmp_path, "clone", "-q", str(patched), "fresh")
    assert lnpatch("apply", "demo", "--dir", "fresh").code == 0
    return contents(tmp_path / "fresh")


def test_it_is_offered_as_a_diff(lnpatch: Cli, patched: Path) -> None:
    before, refs = contents(patched), git(patched, "for-each-ref")
    offered = lnpatch("apply", "demo")
    assert offered.code == 0
    assert "lngru is in place; a newer patch" in offered.text
    for line in ("-", "+"):
        assert any(
            text.startswith(line) and ("1e-4" if line == "-" else "1e-5") in text for text in offered.text.splitlines()
        )
    assert "one of lnpatch 0.0.9; --update" in offered.err
    assert "next: lnpatch apply demo --update" in offered.err
    report = lnpatch("apply", "demo", "--format", "json").json
    assert (report["state"], report["changed"], report["diff"], report["updated"]) == ("applied", [], "", False)
    assert report["update"].startswith("diff --git a/layers.py b/layers.py")
    assert (contents(patched), git(patched, "for-each-ref")) == (before, refs)


def test_it_is_taken(lnpatch: Cli, patched: Path, newest: dict[str, bytes]) -> None:
    report = lnpatch("apply", "demo", "--dir", patched, "--update", "--format", "json").json
    assert (report["state"], report["changed"], report["updated"], report["update"]) == (
        "applied",
        ["layers.py"],
        True,
        "",
    )
    assert "1e-5" in report["diff"]
    assert contents(patched) == newest
    again = lnpatch("apply", "demo", "--dir", patched)
    assert "nothing to do" in again.text
    assert again.err == ""
    assert git(patched, "for-each-ref", "refs/lnpatch").count("\n") == 1


def test_taken_back_all_is_as_it_was(lnpatch: Cli, patched: Path, demo_files: dict[str, bytes]) -> None:
    assert lnpatch("apply", "demo", "--update").code == 0
    assert lnpatch("revert", "demo").code == 0
    assert contents(patched) == demo_files


def test_a_dry_run_writes_nothing(lnpatch: Cli, patched: Path) -> None:
    before, refs = contents(patched), git(patched, "for-each-ref")
    report = lnpatch("apply", "demo", "--update", "--dry-run", "--format", "json").json
    assert (report["changed"], report["dry_run"]) == (["layers.py"], True)
    assert "1e-5" in report["diff"]
    assert (contents(patched), git(patched, "for-each-ref")) == (before, refs)


def test_the_same_patch_of_an_older_version_is_no_news(
    lnpatch: Cli, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("lnpatch.patch.made_of.__version__", "0.0.9")
        lnpatch("apply", "demo")
    again = lnpatch("apply", "demo")
    assert ("nothing to do" in again.text, again.err) == (True, "")
    assert "nothing to do" in lnpatch("apply", "demo", "--update").text


def test_a_record_of_the_first_release_has_no_origin(lnpatch: Cli, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lnpatch.checkout.record import MadeOf

    with monkeypatch.context() as patch:
        patch.setattr("lnpatch.patch.change.what_makes", lambda recipe: MadeOf())
        lnpatch("apply", "demo")
    assert "nothing to do" in lnpatch("apply", "demo").text
    assert lnpatch("status", "demo", "--format", "json").json["state"] == "applied"


def edit(file: Path, old: bytes, new: bytes) -> None:
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new, 1))


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize("committed", [False, True])
def test_what_was_changed_since_is_kept(
    lnpatch: Cli, patched: Path, newest: dict[str, bytes], demo_files: dict[str, bytes], committed: bool
) -> None:
    layers = patched / "layers.py"
    layers.write_bytes(b"# mine, at the top\n" + layers.read_bytes() + b"\n# mine, at the end\n")
    edit(patched / "train.py", b"encoder='lngru'", b"encoder='lngru', mine=1")
    if committed:
        git(patched, "commit", "-qam", "patched, and mine")
    assert lnpatch("status", "demo", "--dir", patched, "--format", "json").json["state"] == "modified"
    assert "one of lnpatch 0.0.9" in lnpatch("apply", "demo", "--dir", patched).err
    report = lnpatch("apply", "demo", "--dir", patched, "--update", "--format", "json").json
    assert (report["state"], report["changed"]) == ("modified", ["layers.py"])
    assert layers.read_bytes() == b"# mine, at the top\n" + newest["layers.py"] + b"\n# mine, at the end\n"
    assert b"mine=1" in (patched / "train.py").read_bytes()
    assert lnpatch("status", "demo", "--dir", patched, "--format", "json").json["state"] == "modified"
    edit(patched / "train.py", b", mine=1", b"")
    assert lnpatch("revert", "demo", "--dir", patched).code == 0
    assert layers.read_bytes() == b"# mine, at the top\n" + demo_files["layers.py"] + b"\n# mine, at the end\n"


def test_a_change_over_it_is_a_conflict_with_its_line(lnpatch: Cli, patched: Path) -> None:
    layers = patched / "layers.py"
    edit(layers, b"1e-4", b"1e-3")
    line = layers.read_bytes()[: layers.read_bytes().index(b"1e-3")].count(b"\n") + 1
    before, refs = contents(patched), git(patched, "for-each-ref")
    assert f"layers.py:{line}" in lnpatch("apply", "demo").err
    refused = lnpatch("apply", "demo", "--update", "--format", "json")
    assert (refused.code, refused.json["error"]["kind"]) == (4, "UpdateConflictError")
    assert refused.json["error"]["details"]["overlaps"] == [{"file": "layers.py", "first": line, "last": line}]
    assert (contents(patched), git(patched, "for-each-ref")) == (before, refs)


def test_a_file_that_was_removed_is_a_conflict(lnpatch: Cli, patched: Path) -> None:
    (patched / "layers.py").unlink()
    refused = lnpatch("apply", "demo", "--dir", patched, "--update")
    assert refused.code == 4
    assert "layers.py: the file was removed" in refused.err


def test_the_newer_text_put_there_by_hand_is_recorded(
    lnpatch: Cli, patched: Path, newest: dict[str, bytes], demo_files: dict[str, bytes]
) -> None:
    (patched / "layers.py").write_bytes((patched / "layers.py").read_bytes().replace(b"1e-4", b"1e-5"))
    assert contents(patched) == newest
    assert lnpatch("apply", "demo", "--dir", patched, "--update").code == 0
    assert lnpatch("status", "demo", "--dir", patched, "--format", "json").json["state"] == "applied"
    assert lnpatch("revert", "demo", "--dir", patched).code == 0
    assert contents(patched) == demo_files


def test_committed(lnpatch: Cli, patched: Path) -> None:
    assert lnpatch("apply", "demo", "--commit").code == 0
    report = lnpatch("apply", "demo", "--update", "--commit", "--format", "json").json
    assert report["branch"] == "lnpatch/demo-lngru"
    assert git(patched, "status", "--short") == ""
    assert "1e-5" in git(patched, "show", "HEAD")


def test_changes_of_the_users_are_not_committed_for_them(lnpatch: Cli, patched: Path) -> None:
    (patched / "layers.py").write_bytes((patched / "layers.py").read_bytes() + b"\n# mine\n")
    before = contents(patched)
    refused = lnpatch("apply", "demo", "--update", "--commit")
    assert (refused.code, "--commit" in refused.err) == (2, True)
    assert contents(patched) == before


def test_what_was_left_out_comes_with_the_update(
    lnpatch: Cli, reader: Path, older: Callable[[], AbstractContextManager[None]]
) -> None:
    """Repairs and the folder of the data, which an older lnpatch was not asked for."""
    before = contents(reader)
    with older():
        assert lnpatch("apply", READER, "--dir", reader, "--no-repairs").code == 0
    refused = lnpatch("apply", READER, "--dir", reader, "--data-dir", "/one")
    assert (refused.code, "--update" in refused.err) == (4, True)
    assert lnpatch("apply", READER, "--dir", reader, "--data-dir", "/one", "--update").code == 0
    patched = contents(reader)
    assert b'"/one"' in patched["codes/reader/data.py"]
    assert b"1e-5" in patched["codes/reader/layers.py"]
    assert b'format="csr"' in patched["codes/reader/data.py"]
    assert lnpatch("revert", READER, "--dir", reader).code == 0
    assert contents(reader) == before


def test_without_a_patch_it_is_an_apply(lnpatch: Cli, demo: Path) -> None:
    report = lnpatch("apply", "demo", "--update", "--format", "json").json
    assert (report["state"], report["updated"], len(report["changed"])) == ("applied", False, 2)
