"""`apply`: what it writes, what it leaves alone, what it refuses."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import READER, Output, assert_compiles, contents, git, make_checkout

Cli = Callable[..., Output]


@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
@pytest.mark.parametrize("target", ["demo", pytest.param(READER, id="reader")])
def test_both_cells_in_both_conventions(
    lnpatch: Cli, demo: Path, reader: Path, python2: Path, target: str, cell: str
) -> None:
    checkout = demo if target == "demo" else reader
    before = contents(checkout)
    assert lnpatch("apply", target, "--dir", checkout, "--cell", cell).code == 0
    changed = git(checkout, "diff", "--name-only").split()
    assert set(changed) == {path for path, data in contents(checkout).items() if data != before[path]}
    assert_compiles(python2, checkout, changed)
    assert f"'{cell}': ('param_init_{cell}', '{cell}_layer')" in git(checkout, "diff")


def test_changes_no_line_that_it_did_not_mean_to(lnpatch: Cli, reader: Path) -> None:
    lnpatch("apply", READER, "--dir", reader, "--data-dir", "/d")
    diff = git(reader, "diff", "-U0", "codes/reader/data.py")
    lines = [line for line in diff.splitlines() if re.match(r"[-+](?![-+])", line)]
    assert lines == [
        '-\t\tvdir = "/data/large/"',
        '+\t\tvdir = "/d"',
        "-        self.eye = scipy.sparse.eye(size)",
        '+        self.eye = scipy.sparse.eye(size, format="csr")',
        "-            return docs, questions",
        "-        return docs, questions",
        "+            return docs, questions, len(docs)",
        "+        return docs, questions, len(docs)",
    ]
    assert not re.findall(r"^-(?!--)", git(reader, "diff", "-U0", "codes/reader/layers.py"), re.MULTILINE)


def test_second_run_changes_nothing(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    before = {path: (demo / path).stat().st_mtime_ns for path in contents(demo)}
    again = lnpatch("apply", "demo", "--dir", demo)
    assert again.code == 0
    assert "nothing to do" in again.text
    assert {path: (demo / path).stat().st_mtime_ns for path in contents(demo)} == before


def test_edits_made_by_hand_are_recognised(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    patched = contents(demo)
    lnpatch("revert", "demo", "--dir", demo)
    for path, data in patched.items():  # as if somebody had typed it, in other quotes
        (demo / path).write_bytes(data.replace(b"encoder='lngru'", b'encoder="lngru"'))
    by_hand = contents(demo)
    assert "nothing to do" in lnpatch("apply", "demo", "--dir", demo).text
    assert contents(demo) == by_hand
    assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"] == "applied"
    reverted = lnpatch("revert", "demo", "--dir", demo)
    assert reverted.code == 0
    assert "not made by lnpatch" in reverted.err
    assert contents(demo) == by_hand


def test_half_made_by_hand_is_completed_and_only_that_is_reverted(lnpatch: Cli, demo: Path) -> None:
    train = demo / "train.py"
    train.write_bytes(train.read_bytes().replace(b"encoder='gru'", b"encoder='lngru'"))
    git(demo, "commit", "-aqm", "by hand")
    before = contents(demo)
    report = lnpatch("apply", "demo", "--dir", demo, "--format", "json").json
    assert report["changed"] == ["layers.py"]
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert contents(demo) == before


def test_dry_run_writes_nothing(lnpatch: Cli, demo: Path) -> None:
    before, refs = contents(demo), git(demo, "for-each-ref")
    report = lnpatch("apply", "demo", "--dir", demo, "--dry-run", "--format", "json").json
    assert report["changed"] == ["layers.py", "train.py"]
    assert report["state"] == "not-applied"
    assert contents(demo) == before
    assert git(demo, "for-each-ref") == refs
    applied = lnpatch("apply", "demo", "--dir", demo, "--format", "json").json
    assert applied["diff"] == report["diff"] == git(demo, "diff")


def test_repairs_are_named_and_can_be_left_out(lnpatch: Cli, reader: Path) -> None:
    named = lnpatch("apply", READER, "--dir", reader)
    assert "repair: a matrix in diagonal format cannot be indexed" in named.text
    lnpatch("revert", READER, "--dir", reader)
    report = lnpatch("apply", READER, "--dir", reader, "--no-repairs", "--format", "json").json
    assert report["changed"] == ["codes/reader/layers.py"]


def test_what_was_left_out_can_be_added_and_all_of_it_taken_back(lnpatch: Cli, reader: Path) -> None:
    before = contents(reader)
    lnpatch("apply", READER, "--dir", reader, "--no-repairs")
    assert lnpatch("apply", READER, "--dir", reader, "--data-dir", "/one").code == 0
    assert lnpatch("apply", READER, "--dir", reader, "--data-dir", "/two").code == 0
    assert b'"/two"' in contents(reader)["codes/reader/data.py"]
    assert lnpatch("revert", READER, "--dir", reader).code == 0
    assert contents(reader) == before


def test_data_dir_is_made_absolute(lnpatch: Cli, reader: Path, tmp_path: Path) -> None:
    lnpatch("apply", READER, "--dir", reader, "--data-dir", "some/data")
    assert str(tmp_path / "some" / "data").encode() in contents(reader)["codes/reader/data.py"]


def test_data_dir_for_a_target_without_one(lnpatch: Cli, demo: Path) -> None:
    refused = lnpatch("apply", "demo", "--dir", demo, "--data-dir", "/d")
    assert (refused.code, refused.out) == (2, b"")
    assert "no setting for --data-dir" in refused.err


@pytest.mark.parametrize("staged", [pytest.param(False, id="unstaged"), pytest.param(True, id="staged")])
def test_dirty_files_are_refused_by_name(lnpatch: Cli, demo: Path, staged: bool) -> None:
    for name in ("layers.py", "model.py"):
        (demo / name).write_bytes((demo / name).read_bytes() + b"\n# mine\n")
    if staged:
        git(demo, "add", "-A")
    before = contents(demo)
    refused = lnpatch("apply", "demo", "--dir", demo)
    assert refused.code == 4
    assert "layers.py" in refused.err
    assert "model.py" not in refused.err  # the patch does not touch it
    assert contents(demo) == before


def test_changes_in_other_files_are_no_obstacle(lnpatch: Cli, demo: Path) -> None:
    (demo / "model.py").write_bytes(b"# mine\n")
    (demo / "notes.txt").write_bytes(b"mine\n")
    assert lnpatch("apply", "demo", "--dir", demo).code == 0
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
    assert git(demo, "status", "--short") == " M model.py\n?? notes.txt\n"


def test_untracked_files_are_refused(lnpatch: Cli, tmp_path: Path, demo_files: dict[str, bytes]) -> None:
    rest = {path: data for path, data in demo_files.items() if path != "train.py"}
    checkout = make_checkout(tmp_path / "partly", rest)
    (checkout / "train.py").write_bytes(demo_files["train.py"])
    refused = lnpatch("apply", "demo", "--dir", checkout)
    assert refused.code == 4
    assert "train.py" in refused.err


def test_all_missing_anchors_are_listed(lnpatch: Cli, tmp_path: Path, demo_files: dict[str, bytes]) -> None:
    files = dict(demo_files)
    files["layers.py"] = (
        files["layers.py"].replace(b"layers = {", b"layer_table = {").replace(b"norm_weight", b"norm_w")
    )
    files["train.py"] = files["train.py"].replace(b"def trainer(", b"def run_training(")
    checkout = make_checkout(tmp_path / "fork", files)
    refused = lnpatch("apply", "demo", "--dir", checkout)
    assert refused.code == 3
    for part in ("layers.py", "dictionary layers", "layer_table", "norm_weight", "train.py", "no function trainer"):
        assert part in refused.err
    assert git(checkout, "status", "--short") == ""
    error = lnpatch("apply", "demo", "--dir", checkout, "--format", "json")
    assert error.code == error.json["error"]["exit_code"] == 3
    assert {refusal["file"] for refusal in error.json["error"]["details"]["refusals"]} == {"layers.py", "train.py"}


def test_a_missing_file_is_named_with_the_nearest(lnpatch: Cli, tmp_path: Path, demo_files: dict[str, bytes]) -> None:
    files = {path.replace("train.py", "code/train.py"): data for path, data in demo_files.items()}
    refused = lnpatch("apply", "demo", "--dir", make_checkout(tmp_path / "fork", files))
    assert refused.code == 3
    assert (
        "train.py: default trainer(encoder=): not found: the file is not there (there is: code/train.py)" in refused.err
    )


def test_collisions_are_refused_with_their_line(lnpatch: Cli, demo: Path) -> None:
    layers = demo / "layers.py"
    layers.write_bytes(layers.read_bytes() + b"\ndef ln(x):\n    return x\n")
    git(demo, "commit", "-aqm", "own ln")
    line = layers.read_bytes().count(b"\n") - 1
    refused = lnpatch("apply", "demo", "--dir", demo)
    assert refused.code == 4
    assert f"layers.py:{line}: inject ln: collision" in refused.err


def test_another_cell_needs_a_revert_first(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    refused = lnpatch("apply", "demo", "--dir", demo, "--cell", "lnlstm")
    assert refused.code == 4
    assert f"lnpatch revert demo --dir {demo}" in refused.err
    assert "nothing to do" in lnpatch("apply", "demo", "--dir", demo).text


def test_a_file_that_is_no_python_is_refused_with_its_line(lnpatch: Cli, demo: Path) -> None:
    (demo / "train.py").write_bytes(b"print 1\ndef trainer(:\n")
    git(demo, "commit", "-aqm", "broken")
    refused = lnpatch("apply", "demo", "--dir", demo)
    assert refused.code == 1
    assert "train.py:2" in refused.err
    assert git(demo, "status", "--short") == ""


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_permissions_are_kept(lnpatch: Cli, demo: Path) -> None:
    (demo / "train.py").chmod(0o755)
    git(demo, "commit", "-aqm", "executable")
    lnpatch("apply", "demo", "--dir", demo)
    assert (demo / "train.py").stat().st_mode & 0o777 == 0o755
    diff = git(demo, "diff")
    assert "100755" in diff
    assert re.sub(r"^index .*\n", "", lnpatch("diff", "demo", "--dir", demo).text, flags=re.MULTILINE) == re.sub(
        r"^index .*\n", "", diff, flags=re.MULTILINE
    )


def test_line_ends_are_converted_as_git_does(lnpatch: Cli, demo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", str(demo), str(tmp_path / "crlf"))
    crlf = tmp_path / "crlf"
    assert b"\r\n" in (crlf / "layers.py").read_bytes()
    patch = lnpatch("diff", "demo", "--dir", crlf).out
    assert patch == lnpatch("diff", "demo", "--dir", demo).out
    assert lnpatch("apply", "demo", "--dir", crlf).code == 0
    assert b"\n" not in (crlf / "layers.py").read_bytes().replace(b"\r\n", b"")
    assert git(crlf, "diff").encode() == patch == lnpatch("diff", "demo", "--dir", crlf).out
    assert lnpatch("apply", "demo", "--dir", crlf, "--commit").code == 0
    assert git(crlf, "status", "--short") == ""
    assert b"\r" not in git(crlf, "show", "HEAD:layers.py").encode()


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_changes_that_git_is_told_not_to_see_are_seen(lnpatch: Cli, demo: Path, flag: str) -> None:
    git(demo, "update-index", flag, "layers.py")
    (demo / "layers.py").write_bytes((demo / "layers.py").read_bytes() + b"# mine\n")
    refused = lnpatch("apply", "demo", "--dir", demo)
    assert refused.code == 4
    assert "layers.py" in refused.err


def test_in_a_linked_worktree(lnpatch: Cli, demo: Path, tmp_path: Path) -> None:
    git(demo, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    linked = tmp_path / "linked"
    assert lnpatch("apply", "demo", "--dir", linked).code == 0
    assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"] == "not-applied"
    assert lnpatch("status", "demo", "--dir", linked, "--format", "json").json["state"] == "applied"
    assert lnpatch("revert", "demo", "--dir", linked).code == 0
    assert git(linked, "status", "--short") == ""


@pytest.mark.parametrize("linked", [pytest.param(False, id="main"), pytest.param(True, id="linked")])
def test_the_record_survives_garbage_collection(lnpatch: Cli, demo: Path, tmp_path: Path, linked: bool) -> None:
    checkout = tmp_path / "linked" if linked else demo
    if linked:
        git(demo, "worktree", "add", "-q", "-b", "other", str(checkout))
    before = contents(checkout)
    lnpatch("apply", "demo", "--dir", checkout)
    git(demo, "gc", "-q", "--prune=now")
    assert lnpatch("revert", "demo", "--dir", checkout).code == 0
    assert contents(checkout) == before


def test_a_fork_in_another_style(lnpatch: Cli, tmp_path: Path, demo_files: dict[str, bytes], python2: Path) -> None:
    files = dict(demo_files)
    layers = files["layers.py"].decode()
    table = re.search(r"^layers = \{.*?\}\n", layers, re.DOTALL | re.MULTILINE)
    assert table is not None
    layers = layers.replace(
        table[0], 'layers = {"ff": ("param_init_fflayer", "fflayer"), "gru": ("param_init_gru", "gru_layer")}\n'
    )
    layers = re.sub(r"^import theano.tensor as tensor$", "from theano import tensor as T", layers, flags=re.MULTILINE)
    layers = re.sub(r"^import numpy$", "import numpy as np", layers, flags=re.MULTILINE)
    layers = re.sub(r"\btensor\.", "T.", layers).replace("numpy.", "np.").replace("    ", "\t")
    files["layers.py"] = layers.replace("\n", "\r\n").encode()
    files["train.py"] = files["train.py"].replace(b"encoder='gru'", b'encoder = "gru"')
    checkout = make_checkout(tmp_path / "fork", files)
    assert lnpatch("apply", "demo", "--dir", checkout).code == 0
    patched = contents(checkout)
    assert (
        b'"gru": ("param_init_gru", "gru_layer"), "lngru": ("param_init_lngru", "lngru_layer")}\r\n'
        in patched["layers.py"]
    )
    assert b"T.dot(h, U)" in patched["layers.py"]
    assert b"np.ones(" in patched["layers.py"]
    assert b"\n" not in patched["layers.py"].replace(b"\r\n", b"")
    assert b'encoder = "lngru"' in patched["train.py"]
    assert_compiles(python2, checkout, ["layers.py", "train.py"])
    assert lnpatch("revert", "demo", "--dir", checkout).code == 0
    assert contents(checkout) == files


@pytest.mark.cases_by_default(8)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(b"\xef\xbb\xbf", id="BOM"),
        pytest.param(b"# -*- coding: latin-1 -*-\n# caf\xe9\n", id="latin-1"),
        pytest.param(b"\x0c\n", id="form feed"),
        pytest.param(b"#!/usr/bin/python\n", id="shebang"),
    ],
)
@pytest.mark.parametrize("newline", [pytest.param(b"\n", id="LF"), pytest.param(b"\r\n", id="CRLF")])
@pytest.mark.parametrize("final", [pytest.param(True, id="final newline"), pytest.param(False, id="no final newline")])
def test_bytes_around_the_edits_stay(
    lnpatch: Cli,
    tmp_path: Path,
    demo_files: dict[str, bytes],
    change: bytes,
    newline: bytes,
    final: bool,
    python2: Path,
) -> None:
    files = {}
    for path, data in demo_files.items():
        data = (change + data if path.endswith(".py") else data).replace(b"\n", newline)
        files[path] = data if final else data.rstrip(b"\r\n")
    checkout = make_checkout(tmp_path / "fork", files)
    applied = lnpatch("apply", "demo", "--dir", checkout)
    assert applied.code == 0, applied.err
    patched = contents(checkout)
    for path in ("layers.py", "train.py"):
        assert patched[path].startswith(change.replace(b"\n", newline))
        assert patched[path].endswith(newline) is final
        assert patched[path].count(b"\n") == patched[path].count(newline)
    assert_compiles(python2, checkout, ["layers.py", "train.py"])
    assert lnpatch("revert", "demo", "--dir", checkout).code == 0
    assert contents(checkout) == files


def test_git_apply_takes_the_json_diff(lnpatch: Cli, demo: Path) -> None:
    patch = lnpatch("apply", "demo", "--dir", demo, "--dry-run", "--format", "json").json["diff"]
    subprocess.run(["git", "-C", demo, "apply", "-"], input=patch.encode(), check=True)
    assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["state"] == "applied"
