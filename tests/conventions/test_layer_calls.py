"""Calls of layers through a table."""

import pytest

from lnpatch.conventions import CallRole, find_layer_calls
from lnpatch.source import Source

CALL = "print 'x'\ny = "


def only_call(code: str):  # type: ignore[no-untyped-def]
    (call,) = find_layer_calls(Source.read((CALL + code + "\n").encode(), "m.py").module, "m.py")
    return call


def test_a_layer_by_option() -> None:
    call = only_call("get_layer(options['encoder'])[1](tparams, emb, None, options, prefix='e', mask=m)")
    assert (call.role, call.cell, call.positional, call.keywords) == (CallRole.LAYER, None, 4, ("prefix", "mask"))
    assert (call.path, call.line, call.chosen_by) == ("m.py", 2, "options['encoder']")
    assert call.may_call("lngru")


def test_an_initializer_by_name() -> None:
    call = only_call("layers.get_layer('gru')[0](options, params, nin=1)")
    assert (call.role, call.cell, call.positional, call.keywords) == (CallRole.INITIALIZER, "gru", 2, ("nin",))
    assert call.may_call("gru")
    assert not call.may_call("lngru")


def test_arguments_that_are_not_known() -> None:
    assert only_call("get_layer('gru')[1](*args)").has_star
    assert only_call("get_layer('gru')[1](tparams, **kwargs)").has_star
    assert only_call("get_layer('gru')[1](tparams, *args)").positional == 1


@pytest.mark.parametrize(
    "code",
    ["get_layer('gru')", "get_layer('gru')[2]()", "get_layer('gru')(x)", "get_layer()[1](x)", "table['gru'][1](x)"],
)
def test_what_is_none(code: str) -> None:
    assert find_layer_calls(Source.read((CALL + code + "\n").encode(), "m.py").module, "m.py") == ()
