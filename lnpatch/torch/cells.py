"""The cells of the repositories in PyTorch: parameters, one step, and what of a step depends on the input alone.

This module needs torch alone: ``lnpatch export`` puts its text into the modeling.py of a model.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

# -- cells --

#: The eps of layer normalization, inside the root.
EPS = 1e-5


class RecurrentCell(nn.Module):
    """One step of a recurrent layer; its subclasses are the cells.

    Parameters have the names, shapes and order of the Theano repositories' .npz files: ``W`` is [input, gates], so that
    the product is ``x @ W``, and not its transpose as in ``torch.nn.GRU``.

    Args:
        input_size: features of the input.
        hidden_size: features of the state, D.
        device, dtype: where the parameters are, and what they are.
    """

    #: The states that a step hands on; the first is the output.
    STATES: ClassVar[tuple[str, ...]] = ("h",)

    def __init__(self, input_size: int, hidden_size: int, *, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        for name, shape in self.shapes(input_size, hidden_size).items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        self.reset_parameters()

    @staticmethod
    def shapes(input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Return the parameters' shapes by name, in the repositories' order."""
        raise NotImplementedError

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw new parameters as skip-thoughts and order-embeddings do.

        Matrices of the state, and others where they are square, are orthogonal for each gate; other matrices are uniform
        in -0.1 to 0.1, biases 0, gains 1.
        """
        for name, parameter in self.named_parameters():
            if parameter.dim() == 1:
                nn.init.constant_(parameter, 1.0 if name.startswith("s") else 0.0)
            for gate in parameter.split(self.hidden_size, dim=1) if parameter.dim() == 2 else ():
                if gate.shape[0] == gate.shape[1]:
                    gate.copy_(nn.init.orthogonal_(torch.empty_like(gate, memory_format=torch.contiguous_format)))
                else:
                    gate.uniform_(-0.1, 0.1)

    def project(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute what depends on the input [..., input_size] alone, for all steps at once: [..., gates * D] each."""
        raise NotImplementedError

    def step(
        self, projected: tuple[Tensor, ...], states: tuple[Tensor, ...], mask: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Compute the next states, [N, D] each.

        Args:
            projected: of :meth:`project`, [N, gates * D] each.
            states: the previous ones, [N, D] each.
            mask: [N, 1], 1 where the sample still has a word; where it is 0 the sample keeps its states.
        """
        raise NotImplementedError

    def forward(
        self, x: Tensor, state: Tensor | tuple[Tensor, ...] | None = None, mask: Tensor | None = None
    ) -> Tensor | tuple[Tensor, ...]:
        """Compute one step, as ``torch.nn.GRUCell`` and ``LSTMCell`` do.

        Args:
            x: [N, input_size] or [input_size].
            state: the previous state [N, D]; of an LSTM, (h, c). Zeros by default.
            mask: [N], 1 where the sample still has a word; where it is 0 the sample keeps its state.

        Returns:
            The next state, [N, D]; of an LSTM, (h, c).
        """
        if state is None:
            states = (x.new_zeros((*x.shape[:-1], self.hidden_size)),) * len(self.STATES)
        else:
            states = (state,) if isinstance(state, Tensor) else tuple(state)
        states = self.step(self.project(x), states, None if mask is None else mask.to(x.dtype).unsqueeze(-1))
        return states if len(states) > 1 else states[0]

    def extra_repr(self) -> str:
        """Say the sizes."""
        return f"{self.input_size}, {self.hidden_size}"


def layer_norm(x: Tensor, bias: Tensor, gain: Tensor) -> Tensor:
    """Normalize over the last axis (Ba, Kiros, Hinton 2016, arXiv 1607.06450, section 3)."""
    return functional.layer_norm(x, x.shape[-1:], gain, bias, EPS)


def keep_masked(mask: Tensor | None, new: Tensor, old: Tensor) -> Tensor:
    """Return the new state where *mask* [N, 1] is 1, and the old one where it is 0."""
    return new if mask is None else mask * new + (1 - mask) * old


class GRUCell(RecurrentCell):
    """The GRU of the repositories; gates in the order reset, update.

    It differs from ``torch.nn.GRUCell``: the update gate is the share of the old state here as there, but one bias serves
    input and state, and the matrices are transposed.
    """

    @staticmethod
    def shapes(input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes: of the gates, then of the candidate."""
        n, d = input_size, hidden_size
        return {"W": (n, 2 * d), "b": (2 * d,), "U": (d, 2 * d), "Wx": (n, d), "Ux": (d, d), "bx": (d,)}

    def project(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the input's share of the gates [..., 2D] and of the candidate [..., D]."""
        return functional.linear(x, self.W.T, self.b), functional.linear(x, self.Wx.T, self.bx)

    def recur(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return the old state's share of the gates [N, 2D] and of the candidate [N, D]."""
        return h @ self.U, h @ self.Ux

    def step(
        self, projected: tuple[Tensor, ...], states: tuple[Tensor, ...], mask: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Step once; the update gate is the share of the old state."""
        (h,) = states
        gates, candidate = self.recur(h)
        reset, update = torch.sigmoid(gates + projected[0]).chunk(2, -1)
        new = update * h + (1 - update) * torch.tanh(reset * candidate + projected[1])
        return (keep_masked(mask, new, h),)


class LayerNormGRUCell(GRUCell):
    """GRU with layer normalization: both gates are normalized together, the candidate by itself."""

    @staticmethod
    def shapes(input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes: those of the GRU, then biases, then gains: of the input and of the state."""
        d = hidden_size
        widths = (2 * d, d, 2 * d, d)
        norms = {f"{kind}{i}": (width,) for kind in "bs" for i, width in enumerate(widths, start=1)}
        return {**GRUCell.shapes(input_size, hidden_size), **norms}

    def project(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the normalized shares of the input."""
        gates, candidate = super().project(x)
        return layer_norm(gates, self.b1, self.s1), layer_norm(candidate, self.b2, self.s2)

    def recur(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return the normalized shares of the old state."""
        gates, candidate = super().recur(h)
        return layer_norm(gates, self.b3, self.s3), layer_norm(candidate, self.b4, self.s4)


class LSTMCell(RecurrentCell):
    """The LSTM of attentive-reader; gates in the order input, forget, output, candidate.

    ``b`` is added twice, with the input and with the state: the repository does so, and its models were trained so.
    """

    STATES = ("h", "c")

    @staticmethod
    def shapes(input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes."""
        n, d = input_size, hidden_size
        return {"W": (n, 4 * d), "U": (d, 4 * d), "b": (4 * d,)}

    def project(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the input's share of the gates, [..., 4D]."""
        return (functional.linear(x, self.W.T, self.b) + self.b,)

    def recur(self, h: Tensor) -> Tensor:
        """Return the old state's share of the gates, [N, 4D]."""
        return h @ self.U

    def squash(self, c: Tensor) -> Tensor:
        """Return what of the cell [N, D] the output gate lets through."""
        return torch.tanh(c)

    def step(
        self, projected: tuple[Tensor, ...], states: tuple[Tensor, ...], mask: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Step once; the output is computed of the masked cell."""
        h, c = states
        preact = self.recur(h) + projected[0]
        i, f, o, candidate = preact.chunk(4, -1)
        c = keep_masked(mask, torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(candidate), c)
        return keep_masked(mask, torch.sigmoid(o) * self.squash(c), h), c


class LayerNormLSTMCell(LSTMCell):
    """LSTM with layer normalization of input, state and cell; ``b`` is added before and after that of the input."""

    @staticmethod
    def shapes(input_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes: those of the LSTM, then biases, then gains: of the input, of the state and of the cell."""
        d = hidden_size
        widths = (4 * d, 4 * d, d)
        norms = {f"{kind}{i}": (width,) for kind in "bs" for i, width in enumerate(widths, start=1)}
        return {**LSTMCell.shapes(input_size, hidden_size), **norms}

    def project(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the normalized share of the input, and the bias that is added after it: to that of the normalization."""
        return (layer_norm(functional.linear(x, self.W.T, self.b), self.b1 + self.b, self.s1),)

    def recur(self, h: Tensor) -> Tensor:
        """Return the normalized share of the old state."""
        return layer_norm(super().recur(h), self.b2, self.s2)

    def squash(self, c: Tensor) -> Tensor:
        """Normalize the cell first."""
        return torch.tanh(layer_norm(c, self.b3, self.s3))


#: The cells by the names that a model's hyperparameters have for them.
CELLS: dict[str, type[RecurrentCell]] = {
    "gru": GRUCell,
    "lngru": LayerNormGRUCell,
    "lstm": LSTMCell,
    "lnlstm": LayerNormLSTMCell,
}
