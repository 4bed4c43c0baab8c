"""The command line as a whole: help, errors, streams, start-up."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import lnpatch.cli as lnpatch_cli
from lnpatch import __version__
from lnpatch.cli import COMMANDS
from tests.conftest import READER, Output, git

Cli = Callable[..., Output]


def run_process(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "lnpatch", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


def test_every_command_has_a_module_and_no_more() -> None:
    modules = {path.stem for path in Path(lnpatch_cli.__file__).parent.glob("*.py")}
    shared = {
        "__init__",
        "complete_words",
        "configured",
        "console",
        "failure",
        "failure_report",
        "help",
        "lazy_commands",
        "lazy_rich",
        "options",
        "patch_report",
        "show_diff",
        "study_view",
        "time_left",
        "train_view",
        "verbosity",
        "verbosity_options",
        "visible_console",
        "visible_text",
        "wrap_prose",
    }
    assert modules - shared == {entry.module for entry in COMMANDS.values()}


def test_version(lnpatch: Cli) -> None:
    assert __version__ in lnpatch("--version").text


@pytest.mark.parametrize("arguments", [["--help"], ["apply", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    heavy = {"libcst", "git", "rich", "filelock", "tomllib", "lnpatch.checkout.worktree"}
    code = (
        "import sys; from lnpatch.cli import main; "
        f"main({arguments!r}); sys.exit(sorted({heavy!r} & sys.modules.keys()) or None)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()


@pytest.mark.parametrize(
    "arguments", [["targets"], ["show", "demo"], ["status", "demo"], ["diff", "demo"], ["revert", "demo"]]
)
def test_commands_that_look_at_no_tree_do_without_libcst(lnpatch: Cli, demo: Path, arguments: list[str]) -> None:
    lnpatch("apply", "demo")
    code = (
        "import sys; from lnpatch.cli import main; "
        f"main({arguments!r}); sys.exit('libcst was imported' if 'libcst' in sys.modules else None)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=demo.parent)
    assert run.returncode == 0, run.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["show", "skip-thots"], 3, ["no target 'skip-thots'", "skip-thoughts", "lnpatch targets"]),
        (["show", "nothing-like-it"], 3, ["no target"]),
        (["show", "no/such/recipe.toml"], 3, ["no recipe file no/such/recipe.toml"]),
        (["apply", "demo", "--cell", "gru"], 2, ["no cell 'gru'", "lngru, lnlstm"]),
        (["apply"], 2, ["Missing argument 'TARGET'"]),
        (["apply", "demo", "--nonsense"], 2, ["--nonsense"]),
        (["nonsense"], 2, ["nonsense"]),
        (["diff", "demo", "--format", "xml"], 2, ["xml"]),
        (["train", "demo", "--engine", "jax"], 2, ["--engine is now called --backend: --backend jax"]),
        (["diff"], 3, ["No target is named", "lnpatch targets"]),
        (["diff", "skip-thoughts"], 3, ["no checkout of skip-thoughts at skip-thoughts"]),
    ],
)
def test_errors(lnpatch: Cli, arguments: list[str], code: int, parts: list[str]) -> None:
    failed = lnpatch(*arguments)
    assert (failed.code, failed.out) == (code, b"")
    for part in parts:
        assert part in failed.err
    if "--format" in arguments:
        return
    as_json = lnpatch(*arguments, "--format", "json")
    assert (as_json.code, as_json.err) == (code, "")
    error = as_json.json["error"]
    assert error["exit_code"] == code
    assert set(error) == {"kind", "message", "hint", "exit_code", "details"}


@pytest.mark.cases_by_default(5)
@pytest.mark.parametrize(
    "arguments",
    [
        ["targets"],
        ["show", "skip-thoughts"],
        ["apply", "demo", "--dry-run"],
        ["apply", "demo"],
        ["status"],
        ["status", "demo"],
        ["diff", "demo"],
        ["revert", "demo"],
        ["demo"],
    ],
)
def test_every_report_is_one_json_document(lnpatch: Cli, demo: Path, arguments: list[str]) -> None:
    shown = lnpatch(*arguments, "--format", "json")
    assert shown.code == 0
    assert isinstance(shown.json, dict)
    assert shown.err == ""


def test_no_ansi_in_a_pipe(demo: Path) -> None:
    for arguments in (
        ["targets"],
        ["show", "demo"],
        ["status", "demo"],
        ["apply", "demo"],
        ["revert", "demo"],
        ["show", "x"],
    ):
        run = run_process(*arguments, cwd=demo.parent)
        assert b"\x1b" not in run.stdout + run.stderr


def test_long_lines_are_not_folded_in_a_pipe(lnpatch: Cli) -> None:
    url = "http://www.cs.toronto.edu/~rkiros/stats_dimworda_[240]_datamode_top4_usedqsim_1"
    assert url in lnpatch("show", "attentive-reader").text


def test_works_where_output_is_ascii_only(demo: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    for arguments in (["targets"], ["apply", "demo"], ["--help"]):
        run = run_process(*arguments, cwd=demo.parent, env=environment)
        assert run.returncode == 0, run.stderr.decode()


def test_a_reader_that_goes_away_is_no_traceback(demo: Path) -> None:
    command = f"{sys.executable} -m lnpatch diff demo --dir {demo} | head -n 1"
    run = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert run.stdout.startswith(b"diff --git")
    assert b"Traceback" not in run.stderr
    assert b"Exception ignored" not in run.stderr


@pytest.mark.parametrize(
    "alias", ["order-embedding", "Order_Embeddings", "attentive_reader", "Attentive-Reader", "SKIPTHOUGHTS"]
)
def test_aliases(lnpatch: Cli, alias: str) -> None:
    assert lnpatch("show", alias).code == 0


def test_show_says_what_the_paper_did_by_hand(lnpatch: Cli) -> None:
    shown = lnpatch("show", "attentive-reader").text
    for part in (
        "https://github.com/cooijmanstim/Attentive_reader, branch bn, commit 7c1ea8ad80c1a3b92ea03ca1a1f67638c0fcee27",
        "BSD-3-Clause",
        "add ln, param_init_lnlstm, lnlstm_step, lnlstm_layer after lstm_layer",
        "Repairs (left out by --no-repairs)",
        'by `scipy.sparse.eye(emb_sz, format="csr")`',
        "where top4.zip was unpacked; only with --data-dir",
        "--use_desc_skip_c_g 1",
        "http://www.cs.toronto.edu/~rkiros/top4.zip",
    ):
        assert part in shown
    assert "param_init_lngru" in lnpatch("show", "attentive-reader", "--cell", "lngru").text


def test_targets_lists_all(lnpatch: Cli) -> None:
    names = [recipe["name"] for recipe in lnpatch("targets", "--format", "json").json["targets"]]
    assert names == ["attentive-reader", "demo", "order-embeddings", "skip-thoughts"]
    text = lnpatch("targets").text
    assert all(name in text for name in names)


def test_a_recipe_of_the_users_own_is_named_by_its_path(lnpatch: Cli, reader: Path) -> None:
    applied = lnpatch("apply", READER, "--dir", reader)
    assert f"lnpatch revert {READER}\n" in applied.err
    assert json.loads(json.dumps(lnpatch("show", READER, "--format", "json").json))["origin"] == READER


def test_the_next_commands_name_a_folder_that_they_would_not_find(lnpatch: Cli, demo: Path) -> None:
    assert lnpatch("apply", "demo").err.splitlines() == [
        "next: lnpatch diff demo",
        "      lnpatch check demo",
        "      lnpatch train demo --smoke",
        "      lnpatch revert demo",
    ]
    elsewhere = demo.rename(demo.with_name("else where"))
    assert lnpatch("revert", "demo", "--dir", elsewhere).code == 0
    assert f"lnpatch train demo --dir '{elsewhere}' --smoke" in lnpatch("apply", "demo", "--dir", elsewhere).err


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["evaluate", "demo"], 2, ["demo does not support evaluate", "lnpatch curves RUN"]),
        (["encode", "attentive-reader"], 2, ["does not support encode", "lnpatch evaluate"]),
        (["encode", "skip-thoughts"], 2, ["Nothing says which model", "--model"]),
        (["apply", "skip-thoughts", "--cell", "gru"], 2, ["no cell 'gru'", "lnpatch train skip-thoughts --cell gru"]),
        (["apply", "demo", "--cell", "nothing"], 2, ["no cell 'nothing'"]),
    ],
)
def test_what_cannot_be_says_what_to_do_instead(
    lnpatch: Cli, arguments: list[str], code: int, parts: list[str]
) -> None:
    refused = lnpatch(*arguments)
    assert refused.code == code
    assert [part for part in parts if part not in refused.err] == []
    assert ("needs no patch" in refused.err) is ("gru" in arguments)


def test_nobody_is_told_to_put_the_home_under_git(
    lnpatch: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("home", "folder"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert "git" in lnpatch("apply", "demo", "--dir", "folder").err
    assert "init" in lnpatch("apply", "demo", "--dir", "folder").err
    for folder in (tmp_path / "home", Path(tmp_path.anchor)):
        refused = lnpatch("apply", "demo", "--dir", folder)
        assert refused.code == 5
        assert "init" not in refused.err


@pytest.mark.parametrize("option", ["--dir", "--from", "--ref", "--cell", "--data-dir"])
def test_empty_values_are_refused(lnpatch: Cli, option: str) -> None:
    """As they are when a shell variable is not set."""
    refused = lnpatch("apply", "demo", option, "")
    assert refused.code == 2
    assert option in refused.err


def test_output_that_cannot_be_written(demo: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    for arguments in (["targets"], ["show", "demo", "--format", "json"]):
        with open("/dev/full", "w") as full:
            run = subprocess.run(
                [sys.executable, "-m", "lnpatch", *arguments], stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert run.returncode == 1
        assert b"Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("directory", "code"), [("file", 5), ("file/below", 1), ("x" * 300, 1), ("loop", 5), ("broken", 5)]
)
def test_odd_folders(lnpatch: Cli, tmp_path: Path, directory: str, code: int) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "broken").symlink_to("nowhere")
    failed = lnpatch("apply", "demo", "--dir", directory)
    assert failed.code == code, failed.err
    assert "error: " in failed.err


def test_stopped_while_json_is_wanted(lnpatch: Cli, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lnpatch.commands import apply

    def stopped(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(apply, "make_change", stopped)
    stopped_run = lnpatch("apply", "demo", "--dir", demo, "--format", "json")
    assert (stopped_run.code, stopped_run.json["error"]["kind"]) == (1, "StoppedError")


def test_git_missing(demo: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path / "nothing")}
    run = run_process("apply", "demo", "--dir", demo, env=environment)
    assert run.returncode == 5
    assert b"git was not found on PATH" in run.stderr
    assert b"Traceback" not in run.stderr


@pytest.mark.cases_by_default(1)
@pytest.mark.parametrize(
    ("encoding", "name"),
    [("ascii", "w\u00f6rter"), ("cp1252", f"\u65e5\u672c {os.fsdecode(b'b' + bytes([255]))}")],
    ids=ascii,
)
def test_paths_that_the_output_cannot_encode(tmp_path: Path, encoding: str, name: str) -> None:
    """Nothing may fail after the files were patched, least of all to say so."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for arguments in (
        ["apply", "demo", "--dir", name],
        ["status", "demo", "--dir", name],
        ["revert", "demo", "--dir", name, "--format", "json"],
    ):
        run = run_process(*arguments, cwd=tmp_path, env=environment)
        assert (run.returncode, b"Traceback" in run.stderr) == (0, False), run.stderr.decode(errors="replace")
        if "json" in arguments:
            assert json.loads(run.stdout)["dir"] == name
    missing = run_process("status", "demo", "--dir", f"{name}!", cwd=tmp_path, env=environment)
    assert (missing.returncode, b"error: There is no checkout" in missing.stderr) == (3, True)


@pytest.mark.slow
def test_the_locale_of_old(tmp_path: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for arguments in (["apply", "demo", "--dir", "\u65e5"], ["show", "attentive-reader"], ["show", "\u65e5"]):
        run = run_process(*arguments, cwd=tmp_path, env=environment)
        assert (run.returncode, b"Traceback" in run.stderr) == (
            3 if arguments[-1] == "\u65e5" and arguments[0] == "show" else 0,
            False,
        )


def test_a_file_that_takes_long_to_read_is_named_first(lnpatch: Cli, demo: Path) -> None:
    assert "reading" not in lnpatch("apply", "demo", "--dry-run").err
    layers = demo / "layers.py"
    layers.write_text(layers.read_text() + "\n# " + "x" * 120_000 + "\n")
    git(demo, "commit", "-qam", "large")
    assert "reading layers.py (0.1 MB)" in lnpatch("apply", "demo", "--dry-run").err
    assert "reading" not in lnpatch("apply", "demo", "--dry-run", "-q").err
