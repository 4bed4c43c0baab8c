"""Nothing from a repository or a recipe is trusted."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import FIXTURES, Output, contents, git, make_checkout

Cli = Callable[..., Output]


@pytest.mark.skipif(os.name != "posix", reason="links are POSIX's")
@pytest.mark.parametrize("linked", ["file", "folder"])
def test_links_out_of_the_checkout_are_refused(
    lnpatch: Cli, tmp_path: Path, reader_files: dict[str, bytes], linked: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for path, data in reader_files.items():
        (outside / path).parent.mkdir(parents=True, exist_ok=True)
        (outside / path).write_bytes(data)
    inside = {path: data for path, data in reader_files.items() if not path.startswith("codes/reader/")}
    checkout = make_checkout(tmp_path / "checkout", {**inside, "codes/keep": b""})
    if linked == "folder":
        (checkout / "codes/reader").symlink_to(outside / "codes/reader")
    else:
        (checkout / "codes/reader").mkdir()
        for path in ("layers.py", "data.py", "helpers.py"):
            (checkout / "codes/reader" / path).symlink_to(outside / "codes/reader" / path)
    git(checkout, "add", "-A")
    git(checkout, "commit", "-qm", "links")
    before = contents(outside)
    refused = lnpatch("apply", FIXTURES / "reader.toml", "--dir", checkout)
    assert refused.code == 1
    assert "leads out of" in refused.err
    assert contents(outside) == before


@pytest.mark.skipif(os.name != "posix", reason="links are POSIX's")
def test_links_inside_the_checkout_are_followed(lnpatch: Cli, tmp_path: Path, demo_files: dict[str, bytes]) -> None:
    files = {("src/layers.py" if path == "layers.py" else path): data for path, data in demo_files.items()}
    checkout = make_checkout(tmp_path / "checkout", files)
    (checkout / "layers.py").symlink_to("src/layers.py")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-qm", "link")
    assert lnpatch("apply", "demo", "--dir", checkout).code == 0
    assert (checkout / "layers.py").is_symlink()
    assert git(checkout, "status", "--short") == " M src/layers.py\n M train.py\n"
    assert lnpatch("revert", "demo", "--dir", checkout).code == 0
    assert git(checkout, "status", "--short") == ""


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../outside.py",
        "a/../../b.py",
        ".git/config",
        "a/.GIT/hooks/x",
        pytest.param("", id="empty"),
        "a//b.py",
        "C:/x.py",
        pytest.param("a\nb", id="with a newline"),
    ],
)
def test_recipes_cannot_name_files_outside(lnpatch: Cli, tmp_path: Path, path: str) -> None:
    recipe = tmp_path / "r.toml"
    text = (FIXTURES / "reader.toml").read_text()
    recipe.write_text(text.replace('file = "codes/reader/data.py"', f"file = {path!r}".replace("'", '"'), 1))
    refused = lnpatch("show", recipe)
    assert refused.code == 2
    assert "edits[2].file" in refused.err


@pytest.mark.parametrize("name", ["../x", "a/b", "x.lock", "-x", "a..b", ".x", pytest.param("", id="empty")])
def test_recipes_cannot_have_names_that_mean_something_to_git(lnpatch: Cli, tmp_path: Path, name: str) -> None:
    recipe = tmp_path / "r.toml"
    text = (FIXTURES / "reader.toml").read_text()
    recipe.write_text(
        text.replace('name = "reader"', f'name = "{name}"').replace('directory = "reader"', f'directory = "{name}"')
    )
    refused = lnpatch("show", recipe)
    assert refused.code == 2


def test_no_code_of_the_repository_is_run(lnpatch: Cli, tmp_path: Path, demo_files: dict[str, bytes]) -> None:
    trap = b"open('ran', 'w').close()\n"
    files = {path: data + trap if path.endswith(".py") else data for path, data in demo_files.items()}
    files |= {"sitecustomize.py": trap, "libcst.py": trap, "git.py": trap}
    checkout = make_checkout(tmp_path / "trap", files)
    for command in ("diff", "apply", "status", "diff", "revert"):
        assert lnpatch(command, "demo", "--dir", checkout).code == 0
    assert not list(tmp_path.rglob("ran"))


def test_gits_own_variables_do_not_lead_elsewhere(
    lnpatch: Cli, demo: Path, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As inside of a hook of another repository."""
    monkeypatch.setenv("GIT_DIR", str(reader / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(reader / ".git" / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(reader))
    assert lnpatch("apply", "demo", "--dir", demo).code == 0
    assert lnpatch("revert", "demo", "--dir", demo).code == 0
