"""The recurrent layers: equal to their own equations, and with the habits of ``torch.nn.GRU`` and ``LSTM``."""

from __future__ import annotations

import copy
import pickle
import sys
from itertools import product

import pytest

torch = pytest.importorskip("torch")

from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence  # noqa: E402

from lnpatch.folders import templates  # noqa: E402
from lnpatch.torch import GRU, LSTM, LayerNormGRU, LayerNormLSTM, RecurrentLayer  # noqa: E402

LAYERS = [GRU, LSTM, LayerNormGRU, LayerNormLSTM]
FUSED = [LayerNormGRU, LayerNormLSTM]

STEPS, SAMPLES, INPUT, DIM = 7, 5, 4, 6
LENGTHS = torch.tensor([7, 3, 1, 0, 5])
MASK = (torch.arange(STEPS)[:, None] < LENGTHS).double()


def make_layer(kind: type[RecurrentLayer], **options) -> RecurrentLayer:
    """A layer in float64, none of whose parameters is at a value that would hide it."""
    torch.manual_seed(1)
    layer = kind(INPUT, DIM, dtype=torch.float64, **options)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return layer


def make_states(layer: RecurrentLayer, samples: int = SAMPLES):
    torch.manual_seed(2)
    shape = (layer.num_layers * layer.num_directions, samples, DIM)
    states = tuple(torch.randn(shape, dtype=torch.float64) for _ in layer.CELL.STATES)
    return states if len(states) > 1 else states[0]


def make_input(steps: int = STEPS, samples: int = SAMPLES):
    torch.manual_seed(3)
    return torch.randn(steps, samples, INPUT, dtype=torch.float64)


def tensors(value) -> list:
    return [value] if isinstance(value, torch.Tensor) else list(value)


def outputs_and_gradients(layer, x, state, mask=None) -> list:
    """Output, last states, and the gradients of input, first states and parameters for random weights of all results."""
    x = x.clone().requires_grad_()
    first = [] if state is None else [tensor.clone().requires_grad_() for tensor in tensors(state)]
    output, last = layer(x, None if not first else first[0] if len(first) == 1 else tuple(first), mask)
    results = [output, *tensors(last)]
    torch.manual_seed(4)
    cost = sum((result * torch.randn_like(result)).sum() for result in results)
    return [*results, *torch.autograd.grad(cost, [x, *first, *layer.parameters()])]


def assert_equal(ours: list, theirs: list, tolerance: float = 1e-12) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)


FORMS = {
    "one layer": {},
    "two layers": {"num_layers": 2},
    "bidirectional": {"bidirectional": True},
    "three bidirectional layers": {"num_layers": 3, "bidirectional": True},
}


@pytest.mark.cases_by_default(6)
@pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "mask"])
@pytest.mark.parametrize("given", [False, True], ids=["from zeros", "from a state"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", FUSED)
def test_fused_is_plain(kind, form, given, mask):
    """The autograd function and the equations that PyTorch differentiates by itself: results and all gradients."""
    fused, plain = make_layer(kind, **FORMS[form]), make_layer(kind, **FORMS[form], implementation="plain")
    state = make_states(fused) if given else None
    assert_equal(
        outputs_and_gradients(fused, make_input(), state, mask), outputs_and_gradients(plain, make_input(), state, mask)
    )


@pytest.mark.parametrize(("steps", "samples"), [(1, 1), (1, 5), (9, 1), (40, 3)])
@pytest.mark.parametrize("kind", FUSED)
def test_fused_is_plain_at_other_sizes(kind, steps, samples):
    fused, plain = make_layer(kind), make_layer(kind, implementation="plain")
    x, state = make_input(steps, samples), make_states(fused, samples)
    assert_equal(outputs_and_gradients(fused, x, state), outputs_and_gradients(plain, x, state))


@pytest.mark.parametrize("kind", FUSED)
def test_in_blocks_of_steps(kind, monkeypatch):
    """Backward takes blocks of steps; here of two, of which the last one has a single step."""
    monkeypatch.setattr("lnpatch.torch.backward._BLOCK_SIZE", 2 * SAMPLES * DIM)
    fused, plain = make_layer(kind), make_layer(kind, implementation="plain")
    state = make_states(fused)
    assert_equal(
        outputs_and_gradients(fused, make_input(), state, MASK), outputs_and_gradients(plain, make_input(), state, MASK)
    )


@pytest.mark.parametrize("kind", FUSED)
def test_without_gradients_it_is_the_same(kind):
    layer = make_layer(kind)
    x, state = make_input(), make_states(layer)
    expected = layer(x, state, MASK)
    with torch.no_grad():
        found = layer(x, state, MASK)
    assert torch.equal(found[0], expected[0])
    assert all(map(torch.equal, tensors(found[1]), tensors(expected[1])))


@pytest.mark.parametrize("kind", FUSED)
def test_gradients_are_differences(kind):
    layer = make_layer(kind)
    x, state = make_input(4, 2).requires_grad_(), make_states(layer, 2)
    mask = torch.tensor([[1, 1], [1, 0], [1, 0], [0, 0]])
    assert torch.autograd.gradcheck(lambda value: layer(value, state, mask)[0], (x,))


@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
def test_the_reference_on_numpy(cell):
    """The independent reference that `lnpatch check` compares a checkout's layer with."""
    sys.path.insert(0, str(templates() / "layer_checks"))
    import layer_reference
    import numpy
    from layer_cases import random_case

    case = random_case(cell, numpy.random.RandomState(5), STEPS, SAMPLES, INPUT, DIM)
    expected = layer_reference.run_cell(cell, **case)
    layer = {"lngru": LayerNormGRU, "lnlstm": LayerNormLSTM}[cell](INPUT, DIM, dtype=torch.float64)
    layer.l0.load_state_dict({name: torch.from_numpy(value).double() for name, value in case["params"].items()})
    states = [torch.from_numpy(case[name])[None].double() for name in ("state", "memory") if case[name] is not None]
    output, last = layer(
        torch.from_numpy(case["x"]).double(),
        states[0] if len(states) == 1 else tuple(states),
        torch.from_numpy(case["mask"]),
    )
    torch.testing.assert_close(output.detach(), torch.from_numpy(numpy.asarray(expected[0])), rtol=1e-6, atol=1e-6)
    if len(states) == 2:
        memory = torch.from_numpy(numpy.asarray(expected[1][-1]))
        torch.testing.assert_close(last[1][0].detach(), memory, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", LAYERS)
def test_steps_of_the_cell(kind):
    """A layer is its cell, step by step; the last state is the state after the last step."""
    layer = make_layer(kind)
    x, state = make_input(), make_states(layer)
    single = tuple(tensor[0] for tensor in tensors(state))
    outputs = []
    for t in range(STEPS):
        result = layer.l0(x[t], single if len(single) > 1 else single[0], MASK[t])
        single = tuple(tensors(result))
        outputs.append(single[0])
    output, last = layer(x, state, MASK)
    assert_equal([output, *tensors(last)], [torch.stack(outputs), *(tensor[None] for tensor in single)])


@pytest.mark.parametrize("kind", LAYERS)
def test_a_masked_step_keeps_the_state(kind):
    layer = make_layer(kind)
    state = make_states(layer)
    output, last = layer(make_input(), state, MASK)
    for sample, length in enumerate(LENGTHS):
        alone, state_alone = layer(
            make_input()[:length, sample : sample + 1],
            *[
                tuple(t[:, sample : sample + 1] for t in state)
                if isinstance(state, tuple)
                else state[:, sample : sample + 1]
            ],
        )
        assert_equal([output[:length, sample]], [alone[:, 0]])
        assert_equal([t[:, sample] for t in tensors(last)], [t[:, 0] for t in tensors(state_alone)])


# What torch.nn.GRU and LSTM do


@pytest.mark.cases_by_default(3)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "torchs"), [(GRU, torch.nn.GRU), (LSTM, torch.nn.LSTM)])
def test_shapes_are_those_of_torch(kind, torchs, form):
    ours, theirs = make_layer(kind, **FORMS[form]), torchs(INPUT, DIM, **FORMS[form], dtype=torch.float64)
    x, state = make_input(), make_states(ours)
    for arguments in ((x,), (x, state), (x[:, 0],)):
        found, expected = ours(*arguments), theirs(*arguments)
        assert found[0].shape == expected[0].shape
        assert [t.shape for t in tensors(found[1])] == [t.shape for t in tensors(expected[1])]


def test_the_plain_gru_is_that_of_torch():
    """One of its two biases at zero, gates and matrices in torch's order: a check of the equations by somebody else's code."""
    ours, theirs = make_layer(GRU), torch.nn.GRU(INPUT, DIM, dtype=torch.float64)
    cell = ours.l0
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(torch.cat([cell.W, cell.Wx], dim=1).T)
        theirs.weight_hh_l0.copy_(torch.cat([cell.U, cell.Ux], dim=1).T)
        theirs.bias_ih_l0.copy_(torch.cat([cell.b, cell.bx]))
        theirs.bias_hh_l0.zero_()
    x, state = make_input(), make_states(ours)
    assert_equal(list(ours(x, state)), list(theirs(x, state)))


@pytest.mark.cases_by_default(4)
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_packed_is_masked(kind, bidirectional):
    """In any order of the lengths, given with or without sorting; the states come back in the order of the samples."""
    layer = make_layer(kind, bidirectional=bidirectional, num_layers=2)
    x, state = make_input(), make_states(layer)
    lengths = torch.tensor([2, 7, 1, 7, 4])
    mask = torch.arange(STEPS)[:, None] < lengths
    expected, expected_last = layer(x, state, mask)
    output, last = layer(pack_padded_sequence(x, lengths, enforce_sorted=False), state)
    assert isinstance(output, PackedSequence)
    unpacked, found_lengths = pad_packed_sequence(output, total_length=STEPS)
    assert torch.equal(found_lengths, lengths)
    assert_equal([unpacked, *tensors(last)], [expected * mask[..., None], *tensors(expected_last)])


@pytest.mark.parametrize("kind", LAYERS)
def test_batch_first(kind):
    layer, other = make_layer(kind), make_layer(kind, batch_first=True)
    state = make_states(layer)
    output, last = layer(make_input(), state, MASK)
    found, found_last = other(make_input().transpose(0, 1), state, MASK.T)
    assert_equal([found, *tensors(found_last)], [output.transpose(0, 1), *tensors(last)])


@pytest.mark.parametrize("kind", LAYERS)
def test_without_a_batch(kind):
    layer = make_layer(kind)
    state = make_states(layer, 1)
    flat = tuple(t[:, 0] for t in state) if isinstance(state, tuple) else state[:, 0]
    output, last = layer(make_input(samples=1), state, MASK[:, 1:2])
    found, found_last = layer(make_input(samples=1)[:, 0], flat, MASK[:, 1])
    assert_equal([found, *tensors(found_last)], [output[:, 0], *(t[:, 0] for t in tensors(last))])


@pytest.mark.cases_by_default(4)
@pytest.mark.parametrize(("kind", "size"), list(product(LAYERS, [(0, SAMPLES), (STEPS, 0), (0, 0)])))
def test_nothing_to_read(kind, size):
    layer = make_layer(kind, bidirectional=True)
    state = make_states(layer, size[1])
    output, last = layer(make_input(*size), state)
    assert output.shape == (*size, 2 * DIM)
    assert all(map(torch.equal, tensors(last), tensors(state))) or size[0]


@pytest.mark.parametrize("kind", LAYERS)
def test_dropout_is_between_layers_and_in_training_only(kind):
    layer = make_layer(kind, num_layers=2, dropout=0.5)
    x = make_input()
    assert not torch.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert torch.equal(layer(x)[0], layer(x)[0])
    single = make_layer(kind, dropout=0.5)
    assert torch.equal(single(x)[0], single(x)[0])


@pytest.mark.parametrize("kind", LAYERS)
def test_copied_saved_and_moved(kind):
    layer = make_layer(kind, bidirectional=True)
    x = make_input()
    expected = layer(x)[0]
    other = kind(INPUT, DIM, bidirectional=True).double()
    other.load_state_dict(layer.state_dict())
    for again in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), other):
        assert torch.equal(again(x)[0], expected)
    assert layer.float()(x.float())[0].dtype == torch.float32


@pytest.mark.parametrize("kind", LAYERS)
def test_autocast(kind):
    layer = make_layer(kind).float()
    x = make_input().float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, _ = layer(x)
    torch.testing.assert_close(output.float(), layer(x)[0], rtol=0.1, atol=0.1)
    output.float().sum().backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("kind", LAYERS)
def test_compiled(kind):
    layer = make_layer(kind)
    compiled = torch.compile(layer, fullgraph=True)
    state = make_states(layer)
    assert_equal(
        outputs_and_gradients(layer, make_input(), state, MASK),
        [
            *outputs_and_gradients_of(compiled, layer, make_input(), state, MASK),
        ],
        tolerance=1e-10,
    )


def outputs_and_gradients_of(called, layer, x, state, mask) -> list:
    """As outputs_and_gradients, where another object is called than has the parameters."""

    class Both:
        def __call__(self, *arguments):
            return called(*arguments)

        def parameters(self):
            return layer.parameters()

    return outputs_and_gradients(Both(), x, state, mask)


@pytest.mark.slow
@pytest.mark.parametrize("kind", LAYERS)
def test_exported(kind):
    layer = make_layer(kind)
    x, state = make_input(), make_states(layer)
    program = torch.export.export(layer, (x, state, MASK))
    assert_equal(tensors(program.module()(x, state, MASK)[0]), tensors(layer(x, state, MASK)[0]))


def test_a_gradient_of_a_gradient_is_refused_unless_plain():
    for implementation, kind in product(("auto", "plain"), FUSED):
        layer = make_layer(kind, implementation=implementation)
        x = make_input().requires_grad_()
        cost = layer(x)[0].sum()
        if implementation == "plain":
            torch.autograd.grad(cost, x, create_graph=True)[0].sum().backward()
        else:
            with pytest.raises(RuntimeError, match="implementation='plain'"):
                torch.autograd.grad(cost, x, create_graph=True)


@pytest.mark.parametrize("kind", FUSED)
def test_an_output_that_was_changed_is_no_wrong_gradient(kind):
    output, _ = make_layer(kind)(make_input())
    output.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


@pytest.mark.parametrize("kind", LAYERS)
def test_new_parameters(kind):
    layer = kind(INPUT, DIM)
    for name, parameter in layer.l0.named_parameters():
        if parameter.dim() == 1:
            assert torch.equal(parameter, torch.full_like(parameter, name.startswith("s")))
        elif name.startswith("U"):
            for gate in parameter.split(DIM, dim=1):
                torch.testing.assert_close(gate @ gate.T, torch.eye(DIM))
        else:
            assert parameter.abs().max() <= 0.1
            assert parameter.std() > 0.03


REPRS = {
    "LayerNormGRU(\n  4, 6\n  (l0): LayerNormGRUCell(4, 6)\n)": {},
    "LayerNormGRU(\n  4, 6, num_layers=2, batch_first=True, dropout=0.5, implementation='plain'\n"
    "  (l0): LayerNormGRUCell(4, 6)\n  (l1): LayerNormGRUCell(6, 6)\n)": {
        "num_layers": 2,
        "batch_first": True,
        "dropout": 0.5,
        "implementation": "plain",
    },
    "LayerNormGRU(\n  4, 6, bidirectional=True\n  (l0): LayerNormGRUCell(4, 6)\n"
    "  (l0_reverse): LayerNormGRUCell(4, 6)\n)": {"bidirectional": True},
}


@pytest.mark.parametrize("text", REPRS)
def test_repr(text):
    assert repr(LayerNormGRU(INPUT, DIM, **REPRS[text])) == text


REFUSED = {
    "hidden_size is 0": lambda: GRU(4, 0),
    "dropout is 2": lambda: GRU(4, 6, dropout=2),
    "implementation is 'fast'": lambda: GRU(4, 6, implementation="fast"),
    "the input has 4 dimensions": lambda: GRU(4, 6)(torch.zeros(1, 1, 1, 4)),
    "the input has 5 features, and has to have 4": lambda: GRU(4, 6)(torch.zeros(2, 3, 5)),
    r"the mask is \[3, 2\], and has to be \[2, 3\]": lambda: GRU(4, 6)(torch.zeros(2, 3, 4), None, torch.ones(3, 2)),
    r"the state h is \[1, 1, 6\], and has to be \[1, 3, 6\]": lambda: GRU(4, 6)(
        torch.zeros(2, 3, 4), torch.zeros(1, 1, 6)
    ),
    "the state is 1 tensors, and has to be 2: h, c": lambda: LSTM(4, 6)(torch.zeros(2, 3, 4), torch.zeros(1, 3, 6)),
    "takes no mask": lambda: GRU(4, 6)(
        pack_padded_sequence(torch.zeros(2, 3, 4), torch.tensor([2, 1, 1])), None, torch.ones(2, 3)
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_refused(words):
    with pytest.raises(ValueError, match=words):
        REFUSED[words]()
