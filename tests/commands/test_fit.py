"""What a patch would break in the repository's own model is refused before anything is written, with file and line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Output, contents, make_checkout
from tests.family import ARGUMENT_GRU, Family, write_recipe

Cli = Callable[..., Output]

#: The usual call, which fits.
CALL = """
def build(tparams, options, emb, m):
    return get_layer(options['encoder'])[1](tparams, emb, None, options, prefix='e', mask=m)[0]
"""


def apply(lnpatch: Cli, folder: Path, family: Family) -> Output:
    checkout = make_checkout(folder / "family", family.files())
    before = contents(checkout)
    output = lnpatch("apply", write_recipe(folder), "--dir", checkout)
    assert (contents(checkout) == before) is (output.code != 0)
    return output


def plain(old: str = "", new: str = "") -> str:
    """The plain cell, otherwise."""
    assert old in ARGUMENT_GRU
    return ARGUMENT_GRU.replace(old, new)


def with_keyword(keyword: str) -> str:
    return plain("mask=None, **kwargs", f"mask=None, {keyword}=None, **kwargs")


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(Family(model=CALL), id="the usual call"),
        pytest.param(Family(gru=with_keyword("dropout"), model=CALL), id="a parameter that no call uses"),
        pytest.param(
            Family(gru=with_keyword("dropout"), model="get_layer('ff')[1](t, x, None, o, dropout=1)\n"),
            id="the call of another layer",
        ),
        pytest.param(Family(model="get_layer(o['dec'])[1](t, x, s, o, context=c)\n"), id="a keyword that nobody reads"),
        pytest.param(
            Family(
                gru=plain("mask=None, **kwargs", "mask=None"),
                model="get_layer(o['decoder'])[1](t, x, s, o, context=c)\n",
            ),
            id="a call that the plain cell does not take",
        ),
        pytest.param(Family(model="get_layer(o['encoder'])[0](o, params, 'p', 3, 4)\n"), id="the initializer"),
        pytest.param(Family(model="(\n"), id="a file that no Python reads"),
    ],
)
def test_fits(lnpatch: Cli, tmp_path: Path, family: Family) -> None:
    output = apply(lnpatch, tmp_path, family)
    assert (output.code, output.err.partition("next:")[0]) == (0, "")


@pytest.mark.parametrize(
    ("family", "place", "detail"),
    [
        pytest.param(
            Family(gru=with_keyword("dropout"), model=CALL.replace("mask=m", "mask=m, dropout=.5")),
            "model.py:4",
            "gru_layer honours dropout=, lngru_layer would ignore it and compute something else",
            id="an unread keyword",
        ),
        pytest.param(
            Family(
                gru=plain("        if init_state", "        drop = kwargs.get('dropout')\n        if init_state"),
                model=CALL.replace("mask=m", "mask=m, dropout=.5"),
            ),
            "model.py:4",
            "gru_layer honours dropout=, lngru_layer would ignore it",
            id="a keyword out of kwargs",
        ),
        pytest.param(
            Family(
                gru=plain(
                    "init_state, options, prefix='gru', mask=None", "options, prefix='gru', mask=None, init_state=None"
                ),
                model="get_layer(options['encoder'])[1](tparams, emb, options, prefix='e', mask=m)\n",
            ),
            "model.py:2",
            "argument 3 is options of gru_layer, but init_state of lngru_layer",
            id="arguments elsewhere",
        ),
        pytest.param(
            Family(gru=plain("            rval = [rval]\n".replace("            ", "        "), ""), model=CALL),
            "layers.py:27",
            "gru_layer returns the variable itself, lngru_layer a list",
            id="what is returned",
        ),
        pytest.param(
            Family(
                gru=plain(
                    "        if init_state",
                    "        drop = options.get('drop') or options['dim']\n        if init_state",
                )
            ),
            "layers.py:27",
            "gru_layer depends on options['drop'], which lngru_layer does not read",
            id="an option",
        ),
        pytest.param(
            Family(
                gru=plain(
                    "        if init_state",
                    "        if 'int' in state_below.dtype:\n            print 1\n        if init_state",
                )
            ),
            "layers.py:27",
            "gru_layer takes word indices as well, lngru_layer does not",
            id="word indices",
        ),
        pytest.param(
            Family(gru=with_keyword("dropout"), model="get_layer(o['e'])[1](t, x, None, o, **more)\n"),
            "model.py:2",
            "the call may pass dropout of gru_layer on by * or **, which lngru_layer lacks",
            id="keywords that are not known",
        ),
    ],
)
def test_refused(lnpatch: Cli, tmp_path: Path, family: Family, place: str, detail: str) -> None:
    output = apply(lnpatch, tmp_path, family)
    assert output.code == 4
    assert f"{place}: fit " in output.err
    assert f"does not fit: {detail}" in output.err
    refused = lnpatch("diff", "family.toml", "--dir", "family")
    assert (refused.code, refused.out) == (4, b"")


def test_calls_of_another_table_do_not_count(lnpatch: Cli, tmp_path: Path) -> None:
    family = Family(gru=with_keyword("dropout"))
    own = (
        "layers = {'gru': ('a', 'b')}\ndef get_layer(n): return layers[n]\nget_layer(x)[1](t, e, None, o, dropout=1)\n"
    )
    checkout = make_checkout(tmp_path / "family", {**family.files(), "other.py": own.encode()})
    assert lnpatch("apply", write_recipe(tmp_path), "--dir", checkout).code == 0


def test_every_misfit_is_listed(lnpatch: Cli, tmp_path: Path) -> None:
    calls = "f(get_layer(o['e'])[1](t, x, None, o, dropout=1))\n" * 3
    output = apply(lnpatch, tmp_path, Family(gru=with_keyword("dropout"), model=calls))
    assert [line for line in (2, 3, 4) if f"model.py:{line}: fit" in output.err] == [2, 3, 4]
