"""Recurrent layers with the habits of ``torch.nn.GRU`` and ``LSTM``, and the cells of the repositories."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from lnpatch.torch.archives import read_parameters, write_parameters
from lnpatch.torch.cells import GRUCell, LayerNormGRUCell, LayerNormLSTMCell, LSTMCell, RecurrentCell
from lnpatch.torch.fused_gru import run_lngru
from lnpatch.torch.fused_lstm import run_lnlstm

#: The states of a layer: a tensor, or (h, c) of an LSTM.
State: TypeAlias = "Tensor | tuple[Tensor, Tensor]"

#: How the steps are computed: see :class:`RecurrentLayer`.
Implementation: TypeAlias = Literal["auto", "plain"]


class RecurrentLayer(nn.Module):
    """Layers of a cell over sequences; its subclasses name the cell.

    It is called as ``torch.nn.GRU`` and ``torch.nn.LSTM`` are, and takes a mask besides. The cells are submodules ``l0``,
    ``l0_reverse``, ``l1`` and so on, with the parameters of the repositories.

    Args:
        input_size: features of the input.
        hidden_size: features of the state of each direction, D.
        num_layers: layers on top of each other.
        batch_first: whether inputs, masks and outputs are [N, T, ...], and not [T, N, ...]. States are not affected.
        dropout: the share of outputs that is dropped between layers while training.
        bidirectional: whether each layer reads the sequence backwards, too; outputs are concatenated.
        implementation: ``auto`` takes one autograd function for all steps where there is one (LayerNormGRU and
            LayerNormLSTM), and plain PyTorch under autocast, ``torch.compile`` and ``torch.export``; ``plain`` always
            takes plain PyTorch, which ``torch.func`` and gradients of gradients need.
        device, dtype: where the parameters are, and what they are.

    Raises:
        ValueError: a size is not positive, or the dropout no share.
    """

    #: The class of each layer's cells.
    CELL: ClassVar[type[RecurrentCell]]
    #: All steps at once, where there is more than the cell's plain step: a function of the cell, the projected input, the first
    #: states [N, D] and the mask [T, N, 1], to outputs [T, N, D] and the last states.
    RUN: ClassVar[Any] = None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        implementation: Implementation = "auto",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
            if size < 1:
                raise ValueError(f"{name} is {size}, and has to be at least 1")
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout is {dropout}, and has to be a share between 0 and 1")
        if implementation not in ("auto", "plain"):
            raise ValueError(f"implementation is {implementation!r}, and has to be 'auto' or 'plain'")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.batch_first, self.dropout, self.bidirectional = batch_first, float(dropout), bidirectional
        self.implementation = implementation
        for name in self.cell_names():
            size = input_size if name.startswith("l0") else hidden_size * self.num_directions
            self.add_module(name, self.CELL(size, hidden_size, device=device, dtype=dtype))

    @property
    def num_directions(self) -> int:
        """2 if bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    def cell_names(self) -> list[str]:
        """Return the names of the cells, in the order of the states: of each layer forwards, then backwards."""
        suffixes = ("", "_reverse")[: self.num_directions]
        return [f"l{layer}{suffix}" for layer in range(self.num_layers) for suffix in suffixes]

    def cells(self) -> list[RecurrentCell]:
        """Return the cells, in the order of the states."""
        return [self.get_submodule(name) for name in self.cell_names()]

    def reset_parameters(self) -> None:
        """Draw new parameters; see :meth:`RecurrentCell.reset_parameters`."""
        for cell in self.cells():
            cell.reset_parameters()

    @classmethod
    def from_npz(
        cls, path: str | os.PathLike[str], prefix: str | Sequence[str], *, device: Any = None, **options: Any
    ) -> Self:
        """Load a layer from a model of the repositories, an .npz file.

        The file may come from a stranger: it is read as arrays of numbers, and refused if it has anything else.

        Args:
            path: the file.
            prefix: the layer's name, such as ``encoder`` for ``encoder_W``; of several cells, one for each, in the order
                of :meth:`cell_names`.
            device: where the parameters go.
            options: ``batch_first``, ``bidirectional`` and so on, as for the class.

        Raises:
            ModelMismatchError: there is a parameter more or less, or of another shape: a model of another cell, say.
            BadModelError: the file is cut off or damaged.
            ArchiveRefusedError: it has something else than arrays of numbers.
            FileError: it cannot be read.
        """
        prefixes = [prefix] if isinstance(prefix, str) else list(prefix)
        directions = 2 if options.get("bidirectional") else 1
        if not prefixes or len(prefixes) % directions:
            raise ValueError(f"{len(prefixes)} prefixes are no number of layers of {directions} directions")
        found = read_parameters(path, prefixes, cls.CELL, directions)
        input_size, hidden_size = found[0]["W"].shape[0], found[0]["U"].shape[0]
        dtype = options.pop("dtype", found[0]["W"].dtype)
        layer = cls(input_size, hidden_size, len(prefixes) // directions, device=device, dtype=dtype, **options)
        for cell, parameters in zip(layer.cells(), found, strict=True):
            cell.load_state_dict(parameters)
        return layer

    def to_npz(
        self,
        path: str | os.PathLike[str],
        prefix: str | Sequence[str],
        base: str | os.PathLike[str] | None = None,
    ) -> None:
        """Write the parameters as the repositories do; the file is replaced whole or not at all.

        Args:
            path: the .npz file to write.
            prefix: the layer's name, or one for each cell, as for :meth:`from_npz`.
            base: an .npz whose other arrays are taken over, such as the model that the layer was loaded from.

        Raises:
            LnpatchError: the base cannot be used, or the file not be written.
        """
        prefixes = [prefix] if isinstance(prefix, str) else list(prefix)
        cells = self.cells()
        if len(prefixes) != len(cells):
            raise ValueError(f"there are {len(cells)} cells, and {len(prefixes)} prefixes")
        write_parameters(path, dict(zip(prefixes, cells, strict=True)), base)

    def forward(
        self, input: Tensor | PackedSequence, state: State | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, State]:
        """Run the layers over sequences.

        Args:
            input: [T, N, input_size], [N, T, input_size] if ``batch_first``, [T, input_size] without a batch, or packed.
            state: the first state of each cell, [num_layers * num_directions, N, D]; of an LSTM, (h, c). Zeros by default.
            mask: [T, N], or [N, T] if ``batch_first``, or [T]: 1 for a word and 0 for padding, where a sample keeps its
                state. A packed sequence has its own.

        Returns:
            The outputs, in the form of the input, [T, N, num_directions * D]; and the last states, in the form of *state*.

        Raises:
            ValueError: a shape does not fit.
        """
        packed = input if isinstance(input, PackedSequence) else None
        if packed is not None:
            if mask is not None:
                raise ValueError("a packed sequence has lengths of its own, and takes no mask")
            x, mask = _pad(packed)
        else:
            x = input
        batched = x.dim() == 3
        if not batched and x.dim() != 2:
            raise ValueError(f"the input has {x.dim()} dimensions, and has to have 3, or 2 without a batch")
        if not batched:
            x = x.unsqueeze(1)
            mask = None if mask is None else mask.unsqueeze(-1)
        elif self.batch_first and packed is None:
            x = x.transpose(0, 1)
            mask = None if mask is None else mask.transpose(0, 1)
        if x.shape[2] != self.input_size:
            raise ValueError(f"the input has {x.shape[2]} features, and has to have {self.input_size}")
        if mask is not None:
            if mask.shape != x.shape[:2]:
                raise ValueError(f"the mask is {list(mask.shape)}, and has to be {list(x.shape[:2])}")
            mask = mask.to(x.dtype).unsqueeze(-1)
        first = self._split_states(state, x, batched, packed)
        output, last = self._run_layers(x, first, mask)
        return self._shape_like(output, batched, packed), self._join_states(last, batched, packed)

    def _run_layers(
        self, x: Tensor, first: list[tuple[Tensor, ...]], mask: Tensor | None
    ) -> tuple[Tensor, list[tuple[Tensor, ...]]]:
        """Run all cells over [T, N, input]; return the outputs of the uppermost layer, and each cell's last states."""
        last: list[tuple[Tensor, ...]] = []
        names = self.cell_names()
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = functional.dropout(x, self.dropout, self.training)
            outputs = []
            for direction in range(self.num_directions):
                number = layer * self.num_directions + direction
                cell = self.get_submodule(names[number])
                output, states = self._run_cell(cell, x, first[number], mask, backwards=direction == 1)
                outputs.append(output)
                last.append(states)
            x = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)
        return x, last

    def _run_cell(
        self, cell: RecurrentCell, x: Tensor, states: tuple[Tensor, ...], mask: Tensor | None, backwards: bool
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        if x.shape[0] == 0:
            return x.new_empty(0, x.shape[1], self.hidden_size), states
        projected = cell.project(x)
        if backwards:  # padding comes first then, and the mask keeps the first state through it
            projected = tuple(part.flip(0) for part in projected)
            mask = None if mask is None else mask.flip(0)
        run = type(self).RUN
        if run is None or self.implementation == "plain" or _needs_plain(x):
            output, states = _run_plainly(cell, projected, states, mask)
        else:
            output, states = run(cell, projected, states, mask)
        return output.flip(0) if backwards else output, states

    def _split_states(
        self, state: State | None, x: Tensor, batched: bool, packed: PackedSequence | None
    ) -> list[tuple[Tensor, ...]]:
        """Return the first states of each cell, [N, D] each."""
        names = self.CELL.STATES
        count = self.num_layers * self.num_directions
        if state is None:
            zeros = x.new_zeros(x.shape[1], self.hidden_size)
            return [(zeros,) * len(names)] * count
        given = (state,) if isinstance(state, Tensor) else tuple(state)
        if len(given) != len(names):
            raise ValueError(f"the state is {len(given)} tensors, and has to be {len(names)}: {', '.join(names)}")
        split = []
        for name, tensor in zip(names, given, strict=True):
            whole = tensor if batched else tensor.unsqueeze(1)
            wanted = (count, x.shape[1], self.hidden_size)
            if tuple(whole.shape) != wanted:
                shape = wanted if batched else (count, self.hidden_size)
                raise ValueError(f"the state {name} is {list(tensor.shape)}, and has to be {list(shape)}")
            if packed is not None and packed.sorted_indices is not None:
                whole = whole.index_select(1, packed.sorted_indices)
            split.append(whole.unbind(0))
        return list(zip(*split, strict=True))

    def _join_states(self, last: list[tuple[Tensor, ...]], batched: bool, packed: PackedSequence | None) -> State:
        joined = []
        for tensors in zip(*last, strict=True):
            whole = torch.stack(tensors)
            if packed is not None and packed.unsorted_indices is not None:
                whole = whole.index_select(1, packed.unsorted_indices)
            joined.append(whole if batched else whole.squeeze(1))
        return joined[0] if len(joined) == 1 else (joined[0], joined[1])

    def _shape_like(self, output: Tensor, batched: bool, packed: PackedSequence | None) -> Tensor | PackedSequence:
        """Return outputs [T, N, ...] in the form of the input."""
        if packed is not None:
            steps, samples = _packed_places(packed)
            return PackedSequence(
                output[steps, samples], packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices
            )
        if not batched:
            return output.squeeze(1)
        return output.transpose(0, 1) if self.batch_first else output

    def extra_repr(self) -> str:
        """Say what is not the default."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if self.num_layers > 1:
            parts.append(f"num_layers={self.num_layers}")
        parts += [f"{name}=True" for name in ("batch_first", "bidirectional") if getattr(self, name)]
        if self.dropout:
            parts.append(f"dropout={self.dropout}")
        if self.implementation != "auto":
            parts.append(f"implementation={self.implementation!r}")
        return ", ".join(parts)


class GRU(RecurrentLayer):
    """The repositories' GRU, without normalization."""

    CELL = GRUCell


class LayerNormGRU(RecurrentLayer):
    """GRU with layer normalization (Ba, Kiros, Hinton 2016); see :class:`LayerNormGRUCell`."""

    CELL = LayerNormGRUCell
    RUN = staticmethod(run_lngru)


class LSTM(RecurrentLayer):
    """attentive-reader's LSTM, without normalization."""

    CELL = LSTMCell


class LayerNormLSTM(RecurrentLayer):
    """LSTM with layer normalization (Ba, Kiros, Hinton 2016); see :class:`LayerNormLSTMCell`."""

    CELL = LayerNormLSTMCell
    RUN = staticmethod(run_lnlstm)


def _run_plainly(
    cell: RecurrentCell, projected: tuple[Tensor, ...], states: tuple[Tensor, ...], mask: Tensor | None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Step by the cell's own equations."""
    outputs = []
    masks = [None] * projected[0].shape[0] if mask is None else mask.unbind(0)
    for of_mask, *parts in zip(masks, *(part.unbind(0) for part in projected), strict=True):
        states = cell.step(tuple(parts), states, of_mask)
        outputs.append(states[0])
    return torch.stack(outputs), states


def _needs_plain(x: Tensor) -> bool:
    """Return whether PyTorch has to see each operation: to trace it, or to choose its precision."""
    return bool(torch.compiler.is_compiling() or torch.is_autocast_enabled(x.device.type))


def _pad(packed: PackedSequence) -> tuple[Tensor, Tensor]:
    """Return a packed sequence as [T, N, input], the longest first, and its mask [T, N]."""
    in_its_order = PackedSequence(packed.data, packed.batch_sizes)
    x, lengths = pad_packed_sequence(in_its_order)
    steps = torch.arange(x.shape[0])[:, None]
    return x, (steps < lengths).to(x.device)


def _packed_places(packed: PackedSequence) -> tuple[Tensor, Tensor]:
    """Return the step and the sample of each row of a packed sequence's data."""
    sizes = packed.batch_sizes
    steps = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
    starts = torch.repeat_interleave(sizes.cumsum(0) - sizes, sizes)
    samples = torch.arange(len(steps)) - starts
    return steps.to(packed.data.device), samples.to(packed.data.device)
