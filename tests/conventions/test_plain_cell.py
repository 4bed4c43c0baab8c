"""The convention that a plain cell says: state, options, what is returned, and the keywords that it honours."""

import textwrap

import pytest

from lnpatch.conventions import Convention, Parameter, ReturnForm, read_cell
from lnpatch.source import Source


def read(layer: str, initializer: str = "def param_init_gru(options, params): pass\n") -> Convention:
    text = initializer + textwrap.dedent(layer)
    convention = read_cell(Source.read(text.encode(), "l.py").module, "l.py", "gru", "param_init_gru", "gru_layer")
    assert convention is not None
    return convention


@pytest.mark.parametrize(
    ("parameters", "name", "position", "optional"),
    [
        ("tparams, state_below, init_state, options", "init_state", 2, False),
        ("tparams, state_below, options, init_state=None", "init_state", 3, True),
        ("tparams, state_below, options, init_states=None", "init_states", 3, True),
        ("tparams, state_below, options, _init_state=None", "_init_state", 3, True),
    ],
)
def test_the_state(parameters: str, name: str, position: int, optional: bool) -> None:
    state = read(f"def gru_layer({parameters}): return [h]\n").state
    assert state is not None
    assert (state.name, state.position, state.optional) == (name, position, optional)


def test_no_state_and_no_options() -> None:
    convention = read("def gru_layer(tparams, state_below, prefix='gru'): return [h]\n")
    assert convention.state is None
    assert convention.options_position is None
    assert convention.layer.parameters[2] == Parameter("prefix", "'gru'")
    assert convention.layer.line == 2


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ("return [h]", ReturnForm.LIST),
        ("return h, c", ReturnForm.TUPLE),
        ("h, updates = theano.scan(step, outputs_info=[state])\n    return h", ReturnForm.BARE),
        ("h, updates = theano.scan(step, outputs_info=[state])\n    h = [h]\n    return h", ReturnForm.LIST),
        ("h, updates = theano.scan(step, outputs_info=[state, memory])\n    return h", ReturnForm.LIST),
        ("h, updates = theano.scan(step, outputs_info=[state])\n    return h[-1]", ReturnForm.BARE),
        ("if one_step:\n        return h\n    return [h]", ReturnForm.UNCLEAR),
        ("return compute(h)", ReturnForm.UNCLEAR),
        ("def step(x):\n        return x, x\n    return [h]", ReturnForm.LIST),
    ],
)
def test_what_is_returned(body: str, form: ReturnForm) -> None:
    assert read(f"def gru_layer(tparams, state_below):\n    {body}\n").returns is form


@pytest.mark.parametrize(
    ("body", "keyword", "honoured"),
    [
        ("return [h]", "dropout", False),
        ("return [h]", "mask", True),
        ("d = kwargs['dropout']", "dropout", True),
        ("d = kwargs.get('dropout')", "dropout", True),
        ("d = kwargs.pop('dropout', 0)", "dropout", True),
        ("d = kwargs.get('dropout')", "other", False),
        ("return other(tparams, **kwargs)", "dropout", True),
        ("d = kwargs.get('a')\n    return other(tparams, **kwargs)", "dropout", True),
        ("if 'dropout' in kwargs: print 1", "dropout", True),
    ],
)
def test_keywords_in_kwargs(body: str, keyword: str, honoured: bool) -> None:
    signature = read(f"def gru_layer(tparams, mask=None, **kwargs):\n    {body}\n").layer
    assert signature.honours(keyword) is honoured
    assert signature.accepts(keyword)


def test_a_keyword_that_is_a_type_error() -> None:
    assert not read("def gru_layer(tparams, mask=None): return [h]\n").layer.accepts("dropout")


@pytest.mark.parametrize(
    ("body", "integer"),
    [
        ("if state_below.dtype == 'int64': return [W[state_below]]", True),
        ("if state_below.dtype in ('int32', 'int64'): return [W[state_below]]", True),
        ("return [tensor.cast(h, state_below.dtype)]", False),
        ("return [h]", False),
    ],
)
def test_integer_input(body: str, integer: bool) -> None:
    assert read(f"def gru_layer(tparams, state_below):\n    {body}\n").integer_input is integer


def test_where_the_rank_is_asked_for() -> None:
    convention = read(
        "def gru_layer(tparams, state_below):\n    if state_below.ndim == 3:\n        pass\n    return [h]\n"
    )
    assert [place.line for place in convention.rank_places] == [3]


def test_a_cell_of_another_file() -> None:
    module = Source.read(b"def gru_layer(tparams): pass\n", "l.py").module
    assert read_cell(module, "l.py", "gru", "param_init_gru", "gru_layer") is None
