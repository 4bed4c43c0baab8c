"""Recipes: those that come along, and what is said about mistakes in one."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.edits import edit_kinds
from lnpatch.errors import RecipeError
from lnpatch.recipes import Recipe, known_recipes, read_recipe
from tests.conftest import FIXTURES, Output

Cli = Callable[..., Output]
TEXT = (FIXTURES / "reader.toml").read_text()


def problems(tmp_path: Path, *replacements: tuple[str, str]) -> list[str]:
    """What is said about the fixture recipe with text replaced, a line for each mistake."""
    text = TEXT
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(RecipeError) as raised:
        read_recipe(path)
    assert str(path) in raised.value.message
    return [str(problem) for problem in raised.value.problems]


@pytest.mark.parametrize("recipe", known_recipes(), ids=lambda recipe: recipe.name)
def test_known_recipes_are_complete(recipe: Recipe) -> None:
    assert recipe.repository.license
    assert recipe.cell in recipe.cells
    assert {"lngru", "lnlstm"} == set(recipe.cells)
    assert recipe.requirements is not None
    assert "train" in recipe.jobs
    for cell in recipe.cells:
        for edit in recipe.selected_edits(recipe.values(cell, "/data")):
            assert edit.names(recipe.values(cell, "/data"))
            assert edit.describe(recipe.values(cell, "/data"))


def test_names_and_aliases_are_unique() -> None:
    owners: dict[str, str] = {}
    for recipe in known_recipes():
        for name in (recipe.name, *recipe.aliases):
            assert owners.setdefault(name.lower().replace("_", "-"), recipe.name) == recipe.name


def test_the_released_files_have_the_papers_addresses() -> None:
    urls = {artefact.url for recipe in known_recipes() for artefact in recipe.artefacts}
    assert {re.sub(r"^.*/~\w+/", "", url)[:20] for url in urls} == {
        "lngru_order_add0.npz",
        "lngru_order_add0.pkl",
        "order/coco.zip",
        "order/models.zip",
        "lngru_may13_1700000.",
        "top4.zip",
        "stats_dimworda_[240]",
    }


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('cell = "lnlstm"', 'cell = "lstm"', "cell: expected one of the recipe's cells (lnlstm, lngru), found 'lstm'"),
        ('title = "A small reader"', "title = 3", "title: expected a string, found 3"),
        ('title = "A small reader"\n', "", "title: missing; expected a string"),
        (
            'title = "A small reader"',
            'titel = "x"',
            "titel: unknown key (did you mean title?); allowed: aliases, artefacts,",
        ),
        ('aliases = ["little-reader"]', 'aliases = "x"', "aliases: expected a list, each a string, found 'x'"),
        ('aliases = ["little-reader"]', 'aliases = ["x", 1]', "aliases[1]: expected a string, found 1"),
        (
            'kind = "register"',
            'kind = "registre"',
            "edits[1].kind: expected one of assign, default, dict-value, inject,",
        ),
        ('kind = "register"\n', "", "edits[1].kind: expected one of assign"),
        (
            'table = "layers"',
            'table = "the layers"',
            "edits[1].table: expected the name of a variable, found 'the layers'",
        ),
        (
            'key = "{cell}"',
            'key = "{sell}"',
            "edits[1].key: unknown placeholder {sell}; allowed: {cell}, {baseline}, {data_dir}",
        ),
        ('"ln", "{cell}"', '"nl", "{cell}"', "edits[0].templates[0]: no template 'nl'; there are ln, lngru, lnlstm,"),
        ("not mode == 'small'", "not mode ==", "edits[2].when[0]: expected a Python expression"),
        ("count = 2", "count = 0", "repairs[1].count: expected 1 or more, found 0"),
        ("count = 2", "count = true", "repairs[1].count: expected an integer, found True"),
        (
            'find = "scipy.sparse.eye(size)"',
            'find = "print x"',
            "repairs[0].find: expected an expression or a statement",
        ),
        ('find = "scipy.sparse.eye(size)"', 'find = "a; b"', "repairs[0].find: expected one expression or one simple"),
        ('why = "the training loop takes three values"', "", "repairs[1].why: missing; a repair says what it mends"),
        ("0123456789012345678901234567890123456789", "master", "repository.commit: expected the 40 hexadecimal digits"),
        (
            'aliases = { _p = ["prfx", "_p"] }',
            "aliases = { _p = [] }",
            "edits[0].aliases._p: expected at least one name",
        ),
        ("[cells]\n", "[engine]\npython = '2.7'\n[cells]\n", "engine: key `engine` is now called `requirements`"),
        (
            "[cells]\n",
            "[jobs.train]\nentry = 'a:b'\n[jobs.train.padding.sizes]\nT = { most = 3 }\n[cells]\n",
            "jobs.train.padding.sizes: key `sizes` is now called `buckets`",
        ),
        ("aliases = { _p", "spelled = { _p", "edits[0].spelled: key `spelled` is now called `aliases`"),
        ('put = "return docs, questions, len(docs)"', 'put = "docs"', "repairs[1].put: expected an expression for an"),
        ("[cells]\n", '[cells]\nfoo = { baseline = "gru", what = "w" }\n', "edits[0].templates[1]: no template 'foo'"),
        ('value = "{data_dir}"', "value = inf", "edits[2].value: expected a number that can be written in Python"),
        ('name = "reader"', 'name = "' + 40 * "a" + '!"', "name: expected letters"),
        ("https://localhost/reader", "ext::sh", "repository.url: expected a https, http, ssh, git or file address"),
        ('branch = "master"', 'branch = "-x"', "repository.branch: expected the name of the branch"),
    ],
)
def test_mistakes_name_the_key_and_what_is_allowed(tmp_path: Path, old: str, new: str, expected: str) -> None:
    found = problems(tmp_path, (old, new))
    assert any(line.startswith(expected) for line in found), found


def test_all_mistakes_are_listed_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path, ('title = "A small reader"', "title = 3"), ("count = 2", "count = 0"), ('kind = "inject"', "")
    )
    assert [line.partition(":")[0] for line in found] == ["title", "edits[0].kind", "repairs[1].count"]


@pytest.mark.parametrize(("data", "part"), [(b"name = ", "not valid TOML"), (b"\xff", "not UTF-8")])
def test_files_that_are_no_recipes(lnpatch: Cli, tmp_path: Path, data: bytes, part: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(data)
    refused = lnpatch("apply", path)
    assert refused.code == 2
    assert part in refused.err
    assert str(path) in refused.err


def test_every_kind_of_edit_is_registered() -> None:
    assert list(edit_kinds()) == ["assign", "default", "dict-value", "inject", "register", "replace"]
