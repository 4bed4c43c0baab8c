"""``lnpatch port``, as a user sees it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.checkout.worktree import Checkout
from lnpatch.errors import PortModifiedError
from lnpatch.port import port_checkout
from lnpatch.port.convert import files, fixers
from lnpatch.recipes import find_recipe
from tests.conftest import READER, Output, contents, git, make_checkout, unpriviledged

Cli = Callable[..., Output]


def ported(output: Output) -> Path:
    assert output.code == 0, output.err
    return Path(output.json["output"])


@pytest.fixture
def patched(demo: Path, lnpatch: Cli) -> Path:
    """A checkout of the embedded repository, patched."""
    assert lnpatch("apply", "demo").code == 0
    return demo


def test_the_copy_is_python3(lnpatch: Cli, patched: Path, cache: Path) -> None:
    before = contents(patched)
    report = lnpatch("port", "demo", "--format", "json")
    copy = ported(report)
    assert copy.is_relative_to(cache)
    assert contents(patched) == before
    assert git(patched, "status", "--short") == " M layers.py\n M train.py\n"
    assert report.json["cell"] == "lngru"
    assert report.json["remarks"] == report.json["notes"] == []
    files = {file["path"]: file["converted"] for file in report.json["files"]}
    assert files == {path: path.endswith(".py") for path in before}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "compileall", "-q", copy], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout
    train = (copy / "train.py").read_text()
    assert "lnpatch_py2.dump_pickle(options, f)" in train
    assert "print('Epoch ', eidx, 'Update ', uidx, 'Cost ', cost, 'UD ', ud)" in train
    assert "encoder='lngru'" in train
    assert (copy / "corpus.txt").read_bytes() == before["corpus.txt"]


def test_text(lnpatch: Cli, patched: Path) -> None:
    first, second = lnpatch("port", "demo"), lnpatch("port", "demo")
    assert "6 files converted" in first.text
    assert "as it was made before" in second.text


def test_the_difference_is_a_patch(lnpatch: Cli, patched: Path, tmp_path: Path) -> None:
    shown = lnpatch("port", "demo", "--diff", "--output", tmp_path / "out")
    assert "Python 3 in" in shown.err
    assert "Python 3 in" not in shown.text
    (tmp_path / "patch").write_bytes(shown.out)
    git(patched, "apply", str(tmp_path / "patch"))
    assert {**contents(patched)} == {
        k: v for k, v in contents(tmp_path / "out").items() if not k.startswith(".lnpatch")
    }


def test_in_json_the_difference_is_a_member(lnpatch: Cli, patched: Path) -> None:
    document = lnpatch("port", "demo", "--diff", "--format", "json").json
    assert document["diff"].startswith("diff --git a/data.py b/data.py\n")


def test_the_same_bytes_twice(lnpatch: Cli, patched: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = contents(ported(lnpatch("port", "demo", "--format", "json")))
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "other"))
    again = lnpatch("port", "demo", "--format", "json")
    assert not again.json["reused"]
    assert contents(ported(again)) == first


def test_a_copy_is_used_again(lnpatch: Cli, patched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = lnpatch("port", "demo", "--format", "json")
    monkeypatch.setattr(files, "convert_files", None)  # what would convert
    second = lnpatch("port", "demo", "--format", "json")
    assert (first.json["reused"], second.json["reused"]) == (False, True)
    assert second.json == {**first.json, "reused": True}


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["changed", "removed", "manifest", "everything"])
def test_a_damaged_copy_is_made_again(lnpatch: Cli, patched: Path, harm: str) -> None:
    copy = ported(lnpatch("port", "demo", "--format", "json"))
    whole = contents(copy)
    if harm == "changed":
        (copy / "utils.py").write_text("print 1\n")
    elif harm == "removed":
        (copy / "utils.py").unlink()
    elif harm == "manifest":
        (copy / ".lnpatch-port.json").write_text("{")
    else:
        shutil.rmtree(copy)
        copy.mkdir()
    again = lnpatch("port", "demo", "--format", "json")
    assert not again.json["reused"]
    assert ported(again) == copy
    assert contents(copy) == whole


def test_what_a_run_leaves_in_a_copy_is_no_damage(lnpatch: Cli, patched: Path) -> None:
    copy = ported(lnpatch("port", "demo", "--format", "json"))
    (copy / "model.npz").write_bytes(b"")
    assert lnpatch("port", "demo", "--format", "json").json["reused"]
    assert (copy / "model.npz").exists()


def test_other_contents_are_another_copy(lnpatch: Cli, patched: Path) -> None:
    first = ported(lnpatch("port", "demo", "--format", "json"))
    with open(patched / "utils.py", "a") as f:
        f.write("\n\nprint 'more'\n")
    second = ported(lnpatch("port", "demo", "--format", "json"))
    assert first != second
    assert "print('more')" in (second / "utils.py").read_text()


def test_a_checkout_that_is_not_patched(lnpatch: Cli, demo: Path) -> None:
    output = lnpatch("port", "demo")
    assert output.code == 0
    assert "is not patched" in output.err


def test_output(lnpatch: Cli, patched: Path, tmp_path: Path) -> None:
    out = tmp_path / "a" / "out"
    copy = ported(lnpatch("port", "demo", "--output", out, "--format", "json"))
    assert copy == out
    (out / "__pycache__").mkdir()
    (out / "__pycache__" / "utils.pyc").write_bytes(b"")
    assert lnpatch("port", "demo", "--output", out).code == 0
    assert sorted(path.name for path in out.parent.iterdir()) == ["out"]


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("mine.txt", "mine", "did not write what is in it"),
        ("utils.py", "mine", "were changed since; nothing was written:\n  utils.py"),
    ],
)
def test_what_others_wrote_is_kept(
    lnpatch: Cli, patched: Path, tmp_path: Path, path: str, data: str, message: str
) -> None:
    out = tmp_path / "out"
    assert lnpatch("port", "demo", "--output", out).code == 0
    (out / path).write_text(data)
    before = contents(out)
    refused = lnpatch("port", "demo", "--output", out)
    assert refused.code == 4
    assert message in refused.err
    assert contents(out) == before


def test_a_folder_of_others_is_refused(lnpatch: Cli, patched: Path) -> None:
    refused = lnpatch("port", "demo", "--output", patched, "--format", "json")
    assert refused.code == 4
    assert refused.json["error"]["kind"] == "PortFolderError"


@pytest.mark.skipif(not unpriviledged(), reason="permissions mean nothing to this user")
def test_a_folder_that_cannot_be_written(lnpatch: Cli, patched: Path, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    assert lnpatch("port", "demo", "--output", tmp_path / "closed" / "out").code == 1


def test_nothing_to_convert(lnpatch: Cli, tmp_path: Path) -> None:
    make_checkout(tmp_path / "lnpatch-demo", {"README": b""})
    assert lnpatch("port", "demo").code == 3


def test_without_fissix(lnpatch: Cli, patched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise fixers.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(fixers.metadata, "version", missing)
    refused = lnpatch("port", "demo")
    assert refused.code == 5
    assert "fissix is needed" in refused.err


def test_links_out_of_the_checkout_are_left_out(lnpatch: Cli, patched: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("print 1\n")
    os.symlink(tmp_path / "secret.py", patched / "link.py")
    git(patched, "add", "link.py")
    assert not (ported(lnpatch("port", "demo", "--format", "json")) / "link.py").exists()


RECIPE = """
[port]
folders = ["codes"]
exclude = ["codes/core"]

[[port.repairs]]
kind = "replace"
file = "codes/reader/helpers.py"
find = "%s"
put = "lnpatch_py2.ragged(shapes)"
why = "rows differ in length"
"""


@pytest.fixture
def own_recipe(reader: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A recipe with a section of its own for the port, and a repair of what is given."""

    def write(find: str) -> Path:
        path = tmp_path / "own.toml"
        path.write_text(Path(READER).read_text() + RECIPE % find)
        return path

    with open(reader / "codes/reader/helpers.py", "a") as f:
        f.write("\n\ndef rows(shapes):\n    return numpy.array(shapes)\n")
    return write


def test_folders_and_repairs(lnpatch: Cli, reader: Path, own_recipe: Callable[[str], Path]) -> None:
    report = lnpatch("port", own_recipe("numpy.array(shapes)"), "--dir", reader, "--format", "json")
    copy = ported(report)
    assert report.json["remarks"] == []
    assert all(file["path"].startswith("codes/reader/") for file in report.json["files"])
    assert (copy / "codes/reader/helpers.py").read_text().endswith("return lnpatch_py2.ragged(shapes)\n")
    assert "import lnpatch_py2\n" in (copy / "codes/reader/helpers.py").read_text()


def test_a_repair_that_is_not_possible_is_a_remark(
    lnpatch: Cli, reader: Path, own_recipe: Callable[[str], Path]
) -> None:
    report = lnpatch("port", own_recipe("numpy.array(form)"), "--dir", reader, "--format", "json")
    ((remark),) = report.json["remarks"]
    assert remark["path"] == "codes/reader/helpers.py"
    assert "not repaired" in remark["message"]
    assert "rows differ in length" in remark["message"]


def test_every_run_can_have_a_copy_of_its_own(patched: Path, tmp_path: Path) -> None:
    recipe, checkout = find_recipe("demo"), Checkout.open(patched, "demo")
    first, second = (port_checkout(recipe, checkout, tmp_path / name) for name in ("one", "two"))
    assert (first.reused, second.reused) == (False, True)
    assert first.files == second.files
    assert contents(first.directory) == contents(second.directory)


def test_a_run_that_goes_on_keeps_what_it_has_written_beside_its_code(patched: Path, tmp_path: Path) -> None:
    checkout = Checkout.open(patched, "demo")
    copy = port_checkout(find_recipe("demo"), checkout, tmp_path / "code", keep_other_files=True).directory
    (copy / "snapshots").mkdir()
    (copy / "snapshots" / "1.npz").write_bytes(b"model")
    (copy / "removed.py").symlink_to("nowhere")
    (copy / "more.py").write_text("a trainer's own, before the checkout had one")
    (patched / "more.py").write_bytes(b"print 1\n")
    subprocess.run(["git", "-C", patched, "add", "more.py"], check=True)
    assert port_checkout(find_recipe("demo"), checkout, tmp_path / "code", keep_other_files=True).directory == copy
    assert (copy / "snapshots" / "1.npz").read_bytes() == b"model"
    assert (copy / "removed.py").is_symlink()
    assert (copy / "more.py").read_text() == "print(1)\n"
    (copy / "train.py").write_text("changed")
    with pytest.raises(PortModifiedError):
        port_checkout(find_recipe("demo"), checkout, tmp_path / "code", keep_other_files=True)


def test_a_copy_that_is_used_again_is_quick(lnpatch: Cli, patched: Path) -> None:
    assert lnpatch("port", "demo").code == 0
    code = "import sys; from lnpatch.cli import main; main(['port', 'demo']); print(sorted({'libcst', 'fissix'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ('folders = ["../x"]', "port.folders: expected a path inside the repository"),
        ('[[port.repairs]]\nkind = "replace"\nfile = "a.py"\nfind = "a"\nput = "b"', "port.repairs[0].why: missing"),
        ("fold = 1", "port.fold: unknown key (did you mean folders?)"),
    ],
)
def test_mistakes_in_a_recipe(lnpatch: Cli, tmp_path: Path, section: str, message: str) -> None:
    (tmp_path / "own.toml").write_text(f"{Path(READER).read_text()}\n[port]\n{section}\n")
    refused = lnpatch("port", tmp_path / "own.toml")
    assert refused.code == 2
    assert message in refused.err
