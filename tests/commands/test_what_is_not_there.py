"""`apply` where something of a recipe is not there: repairs without a fault, optional edits, tables that are left alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import FIXTURES, READER, Output, contents, folder_contents, git, make_checkout

Cli = Callable[..., Output]


# Repairs of what is not there

DATA = "codes/reader/data.py"


def reader_without(find: bytes, put: bytes, folder: Path) -> Path:
    """A checkout of the reader, with other code in the place of a fault."""
    files = folder_contents(FIXTURES / "reader")
    assert find in files[DATA]
    return make_checkout(folder, files | {DATA: files[DATA].replace(find, put)})


@pytest.mark.parametrize("also_renamed", [False, True])
def test_a_repair_whose_fault_is_not_there_is_not_needed(lnpatch: Cli, tmp_path: Path, also_renamed: bool) -> None:
    root = reader_without(b"scipy.sparse.eye(", b"numpy.identity(", tmp_path / "reader")
    if also_renamed:  # the function that it stood in is gone as well
        text = (root / DATA).read_text().replace("def __init__", "def start")
        (root / DATA).write_text(text)
        git(root, "commit", "-qam", "renamed")
    before = contents(root)
    done = lnpatch("apply", READER, "--dir", root)
    assert done.code == 0, done.err
    assert "not needed replace" in done.text
    again = lnpatch("apply", READER, "--dir", root)
    assert (again.code, "nothing to do" in again.text) == (0, True)
    state = lnpatch("status", READER, "--dir", root, "--format", "json").json
    assert state["state"] == "applied"
    names = [edit["name"] for file in state["files"] for edit in file["edits"]]
    assert not any("scipy.sparse.eye" in name for name in names)
    assert lnpatch("revert", READER, "--dir", root).code == 0
    assert contents(root) == before


def test_a_fault_in_a_function_of_another_name_is_refused(lnpatch: Cli, tmp_path: Path) -> None:
    root = reader_without(b"class Batches", b"class Groups", tmp_path / "reader")
    refused = lnpatch("apply", READER, "--dir", root)
    assert (refused.code, "no function Batches.__init__" in refused.err) == (3, True), refused.err


def test_a_repair_that_finds_its_fault_in_another_number_is_refused(lnpatch: Cli, tmp_path: Path) -> None:
    root = reader_without(
        b"scipy.sparse.eye(size)", b"scipy.sparse.eye(size) + scipy.sparse.eye(size)", tmp_path / "reader"
    )
    refused = lnpatch("apply", READER, "--dir", root)
    assert (refused.code, "is expected 1x and was found 2x" in refused.err) == (3, True), refused.err


# Recipes of one's own: optional edits, and the cell in replaced code

OPTIONAL = """
[[edits]]
kind = "{kind}"
file = "{file}"
optional = {optional}
{rest}
"""
PLACES = {
    "a-file": ("assign", "decoding/train.py", 'name = "cell"\nvalue = "{cell}"'),
    "a-function": ("assign", DATA, 'function = "nowhere"\nname = "cell"\nvalue = "{cell}"'),
    "a-variable": ("assign", DATA, 'function = "get_data_files"\nname = "cell"\nvalue = "{cell}"'),
    "a-table": ("dict-value", DATA, 'table = "params"\nkey = "cell"\nvalue = "{cell}"'),
    "code": ("replace", DATA, "find = \"get_layer('{baseline}')\"\nput = \"get_layer('{cell}')\""),
}


@pytest.mark.parametrize(("kind", "file", "rest"), PLACES.values(), ids=PLACES)
def test_an_optional_edit_of_what_is_not_there(lnpatch: Cli, reader: Path, kind: str, file: str, rest: str) -> None:
    before = contents(reader)
    text = Path(READER).read_text()
    for optional, code in (("false", 3), ("true", 0)):
        edit = OPTIONAL.format(kind=kind, file=file, rest=rest, optional=optional)
        Path("recipe.toml").write_text(text.replace("[[edits]]", f"{edit}\n[[edits]]", 1))
        done = lnpatch("apply", "./recipe.toml", "--dir", reader)
        assert done.code == code, done.err
    assert f"not needed {kind}" in done.text
    assert lnpatch("revert", "./recipe.toml", "--dir", reader).code == 0
    assert contents(reader) == before


def test_the_cell_in_replaced_code(lnpatch: Cli, tmp_path: Path) -> None:
    files = folder_contents(FIXTURES / "reader")
    files[DATA] += b"\n\ndef build(name):\n    return get_layer('lstm')(name, {'cell': 1})\n"
    root = make_checkout(tmp_path / "reader", files)
    code = "get_layer('%s')(name, {'cell': 1})"
    edit = f'[[edits]]\nkind = "replace"\nfile = "{DATA}"\nfind = "{code % "{baseline}"}"\nput = "{code % "{cell}"}"\n'
    Path("recipe.toml").write_text(Path(READER).read_text().replace("[[edits]]", f"{edit}\n[[edits]]", 1))
    for cell in ("lnlstm", "lngru"):
        done = lnpatch("apply", "./recipe.toml", "--dir", root, "--cell", cell)
        if cell == "lngru":  # whose baseline is gru: there is no such call
            assert (done.code, "`get_layer('gru')(name, {'cell': 1})` is not there" in done.err) == (3, True), done.err
            break
        assert done.code == 0, done.err
        assert (root / DATA).read_bytes().endswith(b"    return get_layer('lnlstm')(name, {'cell': 1})\n")
        assert lnpatch("revert", "./recipe.toml", "--dir", root).code == 0


def test_other_tables_of_layers_are_named(lnpatch: Cli, tmp_path: Path) -> None:
    pair = "('param_init_gru', 'gru_layer')"
    others = {
        "decoding/layers.py": f"import os\nlayers = {{'gru': {pair}}}\n",
        "model.py": f"class Model:\n    def build(self):\n        table = dict(gru={pair})\n",
        "words.py": "pairs = {'a': ('the', 'cat')}\n",
        "broken.py": f"layers = {{'gru': {pair}\n",
    }
    files = {name: text.encode() for name, text in others.items()}
    root = make_checkout(tmp_path / "reader", folder_contents(FIXTURES / "reader") | files)
    done = lnpatch("apply", READER, "--dir", root, "--format", "json")
    assert done.code == 0, done.err
    named = [note.partition(" has")[0] for note in done.json["notes"] if "table of layers" in note]
    assert named == ["decoding/layers.py:2", "model.py:3"]
    again = lnpatch("apply", READER, "--dir", root, "--format", "json")
    assert not any("table of layers" in note for note in again.json["notes"])
