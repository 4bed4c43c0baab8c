"""`status`: the four states, the JSON that scripts rely on, and finding checkouts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.cli import main
from tests.conftest import READER, Output, git

Cli = Callable[..., Output]


def state(lnpatch: Cli, checkout: Path, target: str = "demo") -> str:
    text = lnpatch("status", target, "--dir", checkout, "--format", "json").json["state"]
    assert isinstance(text, str)
    return text


def test_the_states(lnpatch: Cli, demo: Path) -> None:
    assert state(lnpatch, demo) == "not-applied"
    lnpatch("apply", "demo", "--dir", demo)
    assert state(lnpatch, demo) == "applied"
    (demo / "train.py").write_bytes((demo / "train.py").read_bytes() + b"\n# mine\n")
    assert state(lnpatch, demo) == "modified"
    git(demo, "checkout", "--", "train.py")
    assert state(lnpatch, demo) == "partial"
    git(demo, "checkout", "--", ".")
    assert state(lnpatch, demo) == "not-applied"


def test_json_is_as_the_contract_says(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo)
    report = lnpatch("status", "demo", "--dir", demo, "--format", "json").json
    assert report["target"] == "demo"
    assert report["dir"] == str(demo)
    assert report["cell"] == "lngru"
    assert report["commit"] == git(demo, "rev-parse", "HEAD").strip()
    assert report["files"] == [
        {
            "path": "layers.py",
            "edits": [
                {"kind": "inject", "name": name, "state": "in-place"}
                for name in ("ln", "param_init_lngru", "lngru_step", "lngru_layer")
            ]
            + [{"kind": "register", "name": "layers['lngru']", "state": "in-place"}],
        },
        {"path": "train.py", "edits": [{"kind": "default", "name": "trainer(encoder=)", "state": "in-place"}]},
    ]


def test_the_cell_is_the_one_that_is_there(lnpatch: Cli, demo: Path) -> None:
    lnpatch("apply", "demo", "--dir", demo, "--cell", "lnlstm")
    assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["cell"] == "lnlstm"
    git(demo, "commit", "-aqm", "patched")
    for ref in git(demo, "for-each-ref", "--format=%(refname)", "refs/lnpatch").split():
        git(demo, "update-ref", "-d", ref)  # a clone of it would have no record
    assert lnpatch("status", "demo", "--dir", demo, "--format", "json").json["cell"] == "lnlstm"


def test_exit_code(lnpatch: Cli, demo: Path) -> None:
    assert lnpatch("status", "demo", "--dir", demo).code == 0
    assert lnpatch("status", "demo", "--dir", demo, "--exit-code").code == 1
    lnpatch("apply", "demo", "--dir", demo)
    assert lnpatch("status", "demo", "--dir", demo, "--exit-code").code == 0


def test_shows_what_is_not_possible(lnpatch: Cli, demo: Path) -> None:
    train = demo / "train.py"
    train.write_bytes(train.read_bytes().replace(b"encoder='gru'", b"encoder='bow'"))
    shown = lnpatch("status", "demo", "--dir", demo)
    assert shown.code == 0
    assert "collision" in shown.text
    assert "it is 'bow'" in shown.text


def test_without_a_target(lnpatch: Cli, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reports = lnpatch("status", "--format", "json").json["targets"]  # tmp_path holds the demo under its usual name
    assert [(report["target"], report["dir"]) for report in reports] == [("demo", "lnpatch-demo")]
    assert lnpatch("status", "--dir", demo, "--format", "json").json["targets"][0]["target"] == "demo"
    monkeypatch.chdir(demo)
    assert main(["status"]) == 0
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert main(["status"]) == 0


def test_without_a_target_finds_what_is_there_and_no_more(
    lnpatch: Cli, demo: Path, reader: Path, tmp_path: Path
) -> None:
    assert lnpatch("status", "--dir", reader, "--format", "json").json == {"targets": []}
    assert lnpatch("status", "--dir", reader, "--exit-code").code == 1
    lnpatch("apply", READER, "--dir", reader)
    reports = lnpatch("status", "--dir", reader, "--format", "json").json["targets"]
    assert [(report["target"], report["state"]) for report in reports] == [("reader", "applied")]


def test_of_a_checkout_that_is_not_there(lnpatch: Cli) -> None:
    refused = lnpatch("status", "skip-thoughts")
    assert refused.code == 3
    assert "lnpatch apply skip-thoughts" in refused.err


def test_options_of_the_recorded_patch_count(lnpatch: Cli, reader: Path) -> None:
    lnpatch("apply", READER, "--dir", reader, "--no-repairs", "--data-dir", "/d")
    assert state(lnpatch, reader, READER) == "applied"
    (reader / "codes/reader/data.py").write_bytes((reader / "codes/reader/data.py").read_bytes() + b"# mine\n")
    assert state(lnpatch, reader, READER) == "modified"
