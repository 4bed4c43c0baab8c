"""What the exported models have in common: cells over a sequence, and how a folder is loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from lnpatch.torch.cells import CELLS, RecurrentCell

# -- base --

#: Sentences that are computed at once.
BATCH_SIZE = 128


def run_cell(
    cell: RecurrentCell, x: Tensor, mask: Tensor, first: Tensor | None = None, backwards: bool = False
) -> tuple[Tensor, Tensor]:
    """Run a cell over sequences.

    Args:
        x: [T, N, input].
        mask: [T, N], 1 for a word and 0 for padding, where a sample keeps its state.
        first: the first state, [D]; zeros by default. The cell of an LSTM always begins with zeros.
        backwards: read from the last word to the first.

    Returns:
        The outputs, [T, N, D], and the last of them, [N, D].
    """
    if backwards:  # padding comes first then, and the mask keeps the first state through it
        x, mask = x.flip(0), mask.flip(0)
    steps = (*cell.project(x), mask.unsqueeze(-1).to(x.dtype))
    zeros = x.new_zeros(x.shape[1], cell.hidden_size)
    states = (zeros if first is None else zeros + first, *[zeros] * (len(cell.STATES) - 1))
    if torch.compiler.is_exporting():  # a loop of any number of steps, as ONNX has it
        last, outputs = _scan(cell, states, steps)
    else:
        collected = []
        for *parts, of_mask in zip(*(part.unbind(0) for part in steps), strict=True):
            states = cell.step(tuple(parts), states, of_mask)
            collected.append(states[0])
        last, outputs = states[0], torch.stack(collected)
    return outputs.flip(0) if backwards else outputs, last


def _scan(cell: RecurrentCell, states: tuple[Tensor, ...], steps: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Run the steps by PyTorch's scan, which the exporter to ONNX knows; its states may not share memory."""
    from torch._higher_order_ops.scan import scan

    def step(old: tuple[Tensor, ...], new: tuple[Tensor, ...]) -> tuple[tuple[Tensor, ...], Tensor]:
        *parts, of_mask = new
        now = cell.step(tuple(parts), old, of_mask)
        return tuple(state.clone() for state in now), now[0].clone()

    states = tuple(state.clone() for state in states)
    last, outputs = scan(step, states, steps)
    return last[0], outputs


class Pretrained(nn.Module):
    """A model with its configuration and its words; its subclasses say what it computes."""

    #: The prefixes of the cells' parameters in the repository's file.
    CELLS: tuple[str, ...] = ()

    def __init__(self, config: dict[str, Any], words: Sequence[str]) -> None:
        """Make a model whose parameters are not set yet.

        Args:
            config: what config.json has.
            words: the vocabulary, by number.
        """
        super().__init__()
        self.config, self.words = config, list(words)
        self.number_of = {word: number for number, word in enumerate(self.words)}
        for name, shape in config["shapes"].items():
            prefix, _, rest = name.rpartition(".")
            if not prefix:
                self.register_parameter(rest, nn.Parameter(torch.empty(shape)))
        for prefix in config["cells"]:
            cell, input_size, hidden_size = config["cells"][prefix]
            self.add_module(prefix, self.make_cell(cell, input_size, hidden_size))

    def make_cell(self, cell: str, input_size: int, hidden_size: int) -> RecurrentCell:
        """Make a cell by the name that the repository has for it."""
        return CELLS[cell](input_size, hidden_size)

    @classmethod
    def from_pretrained(cls, folder: str | Path, device: Any = "cpu") -> Self:
        """Load a model from its folder: config.json, vocabulary.txt, model.safetensors."""
        path = Path(folder)
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        data = (path / "vocabulary.txt").read_bytes()
        words = data.decode("utf-8", "surrogateescape").split("\n")[:-1]  # whatever else a word may have in it
        model = cls(config, words)
        model.load_state_dict(load_file(path / "model.safetensors"))
        model.eval().to(device)
        return model

    def find_numbers(self, text: str | Sequence[str]) -> list[int]:
        """Return the numbers of a text's tokens, which are separated by blanks or listed."""
        raise NotImplementedError

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device

    def pad(self, sequences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Return numbers of words as [T, N], and their mask [T, N]."""
        lengths = torch.tensor([len(numbers) for numbers in sequences])
        padded = nn.utils.rnn.pad_sequence([torch.tensor(numbers) for numbers in sequences])
        mask = (torch.arange(len(padded))[:, None] < lengths).float()
        return padded.to(self.device), mask.to(self.device)


def split_words(text: str | Sequence[str]) -> list[str]:
    """Return the tokens of a text, which are separated by blanks."""
    return text.split() if isinstance(text, str) else list(text)


def in_batches(items: Sequence[Sequence[Any]], size: int = BATCH_SIZE) -> list[list[int]]:
    """Return the numbers of the items in batches of about one length, so that little is padded.

    Raises:
        ValueError: an item is empty.
    """
    if not all(items):
        raise ValueError(f"text {[not item for item in items].index(True)} has no words")
    order = sorted(range(len(items)), key=lambda number: len(items[number]))
    return [order[start : start + size] for start in range(0, len(order), size)]
