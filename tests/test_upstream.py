"""The three real repositories, as a user would patch them: from LNPATCH_UPSTREAM, or from GitHub."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.edits.inject import InjectDefinitions
from lnpatch.folders import templates
from lnpatch.recipes import find_recipe
from tests.conftest import Output, assert_compiles, contents, git, make_checkout

pytestmark = pytest.mark.upstream
Cli = Callable[..., Output]

TARGETS = ["order-embeddings", "skip-thoughts", "attentive-reader"]
#: The settings that change beside the layers file: the lines that `git diff --numstat` counts, added and removed.
SETTINGS = {
    "order-embeddings": {"driver.py": (1, 1)},
    "skip-thoughts": {"training/train.py": (2, 2)},
    "attentive-reader": {
        "codes/att_reader/attentive_reader.py": (2, 2),
        "codes/att_reader/pkl_data_iterator.py": (3, 3),
        "codes/att_reader/train_attentive_reader.py": (1, 1),
    },
}


def intended(target: str, cell: str) -> dict[str, tuple[int, int]]:
    """What `git diff --numstat` has to say after apply: the templates' definitions and one entry in the table."""
    recipe = find_recipe(target)
    inject = next(edit for edit in recipe.edits if isinstance(edit, InjectDefinitions))
    lines = 1
    for name in inject.templates:
        text = (templates() / "layers" / f"{name.replace('{cell}', cell)}.py").read_text()
        lines += 2 + len(text[text.index("\ndef ") :].strip().splitlines())
    return {inject.file: (lines, 0), **SETTINGS[target]}


@pytest.fixture
def checkout(request: pytest.FixtureRequest, lnpatch: Cli, upstream: Callable[[str], Path], tmp_path: Path) -> Path:
    """A clone of the target to work on, for tests with the parameter ``target``."""
    directory = tmp_path / "checkout"
    git(tmp_path, "clone", "-q", str(upstream(request.getfixturevalue("target"))), str(directory))
    return directory


def numstat(directory: Path) -> dict[str, tuple[int, int]]:
    lines = (line.split("\t") for line in git(directory, "diff", "--numstat").splitlines())
    return {path: (int(added), int(removed)) for added, removed, path in lines}


def without_index_lines(diff: str) -> str:
    return re.sub(r"^index .*\n", "", diff, flags=re.MULTILINE)


@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
@pytest.mark.parametrize("target", TARGETS)
def test_the_whole_way(
    lnpatch: Cli, upstream: Callable[[str], Path], tmp_path: Path, python2: Path, target: str, cell: str
) -> None:
    source, directory = upstream(target), tmp_path / "new"
    applied = lnpatch("apply", target, "--from", source, "--dir", directory, "--cell", cell)
    assert applied.code == 0, applied.err
    assert git(directory, "rev-parse", "HEAD").strip() == find_recipe(target).repository.commit
    pristine = contents(source)
    patched = contents(directory)
    diff = git(directory, "diff")

    # only intended lines
    stat = numstat(directory)
    assert stat == intended(target, cell)
    removed = [line for line in diff.splitlines() if re.match(r"-(?!-- )", line)]
    assert all(
        re.search(r"'gru'|return dvals, qvals, avals, ent_mask|sparse\.eye\(emb_sz\)|alphas\.tolist\(\)", line)
        for line in removed
    )
    assert {path for path in pristine if pristine[path] != patched[path]} == set(stat)
    assert_compiles(python2, directory, list(stat))

    # what diff said, and says
    clean = tmp_path / "clean"
    git(tmp_path, "clone", "-q", str(source), str(clean))
    assert without_index_lines(lnpatch("diff", target, "--dir", clean, "--cell", cell).text) == without_index_lines(
        diff
    )
    assert git(clean, "status", "--short") == ""
    assert lnpatch("diff", target, "--dir", directory).text == diff

    # a second time
    again = lnpatch("apply", target, "--dir", directory, "--cell", cell)
    assert again.code == 0
    assert "nothing to do" in again.text
    assert contents(directory) == patched
    assert lnpatch("status", target, "--dir", directory, "--format", "json").json["state"] == "applied"

    # and back
    assert lnpatch("revert", target, "--dir", directory).code == 0
    assert git(directory, "status", "--short") == ""
    assert contents(directory) == pristine


@pytest.mark.parametrize("target", TARGETS)
def test_changes_of_the_users_survive(lnpatch: Cli, checkout: Path, target: str) -> None:
    lnpatch("apply", target, "--dir", checkout)
    paths = git(checkout, "diff", "--name-only").split()
    before = {path: git(checkout, "show", f"HEAD:{path}").encode("utf-8", "surrogateescape") for path in paths}
    for path in paths:
        data = (checkout / path).read_bytes()
        (checkout / path).write_bytes(b"# mine, first\n" + data + b"# mine, last\n")
    assert lnpatch("status", target, "--dir", checkout, "--format", "json").json["state"] == "modified"
    assert lnpatch("revert", target, "--dir", checkout).code == 0
    for path in paths:
        assert (checkout / path).read_bytes() == b"# mine, first\n" + before[path] + b"# mine, last\n"


@pytest.mark.parametrize("target", ["attentive-reader", "order-embeddings"])
def test_data_dir(lnpatch: Cli, checkout: Path, target: str) -> None:
    assert lnpatch("apply", target, "--dir", checkout, "--data-dir", "/my data").code == 0
    changed = [line for line in git(checkout, "diff", "-U0").splitlines() if "/my data" in line]
    expected = {"attentive-reader": '+        vdir = "/my data"', "order-embeddings": "+    'coco': '/my data',"}
    assert changed == [expected[target]]
    assert lnpatch("revert", target, "--dir", checkout).code == 0
    assert git(checkout, "status", "--short") == ""


@pytest.mark.parametrize("target", ["attentive-reader"])
def test_repairs_can_be_left_out(lnpatch: Cli, checkout: Path, target: str) -> None:
    assert lnpatch("apply", target, "--dir", checkout, "--no-repairs").code == 0
    assert list(numstat(checkout)) == ["codes/att_reader/layers.py"]


def reformatted(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files as a fork might have them: other quotes and blanks, renamed imports, tables on one line, CRLF."""

    def one_line(match: re.Match[str]) -> str:
        return re.sub(r",(\s*\})", r"\1", re.sub(r"\s*\n\s*", " ", match[0])).replace(" }", "}")

    changed = {}
    for path, data in files.items():
        if not path.endswith(".py") or b"\t" in data:
            changed[path] = data
            continue
        text = data.decode()
        text = re.sub(r"^(layers|default_params) = \{.*?\n? *\}", one_line, text, flags=re.MULTILINE | re.DOTALL)
        text = re.sub(r"'(gru|lstm|ff|encoder|decoder|param_init_\w+|\w+layer)'", r'"\1"', text)
        if re.search(r"^import numpy$", text, re.MULTILINE) and "numpy import" not in text:
            text = re.sub(r"^import numpy$", "import numpy as np", text, flags=re.MULTILINE)
            text = re.sub(r"\bnumpy\b(?! as)(?=\.)", "np", text)
        if path.endswith("layers.py"):
            text = text.replace("import theano.tensor as tensor", "from theano import tensor as T")
            text = re.sub(r"(?<![\w.])tensor\.", "T.", text).replace("theano.T.", "theano.tensor.")
            text = re.sub(r"(import .*?)\b(_p|prfx)\b", r"\1\2 as name_of", text, count=1)
            text = re.sub(r"(?<!\w)(_p|prfx)\(", "name_of(", text)
        text = text.replace("numpy, scipy.sparse", "numpy, scipy.sparse as sp").replace("scipy.sparse.eye", "sp.eye")
        text = re.sub(r'(encoder|decoder)="gru",', r'\1 = "gru" ,', text)
        changed[path] = text.replace("\n", "\r\n").encode()
    return changed


@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
@pytest.mark.parametrize("target", TARGETS)
def test_a_reformatted_fork(
    lnpatch: Cli, upstream: Callable[[str], Path], tmp_path: Path, python2: Path, target: str, cell: str
) -> None:
    files = reformatted(contents(upstream(target)))
    fork = make_checkout(tmp_path / "fork", files)
    applied = lnpatch("apply", target, "--dir", fork, "--cell", cell)
    assert applied.code == 0, applied.err
    changed = list(numstat(fork))
    assert set(changed) == set(intended(target, cell))
    assert_compiles(python2, fork, changed)
    diff = git(fork, "diff")
    assert "name_of(prefix, 'W')" in diff
    assert "T.dot(h, U)" in diff
    assert "np.zeros" in diff
    if target == "attentive-reader":
        assert 'sp.eye(emb_sz, format="csr")' in diff
    assert lnpatch("apply", target, "--dir", fork, "--cell", cell).code == 0
    assert lnpatch("revert", target, "--dir", fork).code == 0
    assert contents(fork) == files


@pytest.mark.parametrize("target", TARGETS)
def test_a_fork_without_anchors_is_refused_with_all_of_them(
    lnpatch: Cli, upstream: Callable[[str], Path], tmp_path: Path, target: str
) -> None:
    files = contents(upstream(target))
    recipe = find_recipe(target)
    for edit in recipe.selected_edits(recipe.values()):
        text = files[edit.file].decode()
        for name in (
            "layers = {",
            "def trainer(",
            "default_params = {",
            "class DataIterator",
            "def main(",
            "def train(",
        ):
            text = text.replace(name, name.replace(" ", "_old ", 1) if "=" in name else name.replace(" ", " old_"))
        files[edit.file] = text.encode()
    fork = make_checkout(tmp_path / "fork", files)
    refused = lnpatch("apply", target, "--dir", fork, "--format", "json")
    assert refused.code == 3
    named = {(refusal["file"], refusal["kind"]) for refusal in refused.json["error"]["details"]["refusals"]}
    assert named == {(edit.file, edit.kind) for edit in recipe.selected_edits(recipe.values()) if edit.kind != "inject"}
    assert all(refusal["candidates"] for refusal in refused.json["error"]["details"]["refusals"])
    assert git(fork, "status", "--short") == ""
