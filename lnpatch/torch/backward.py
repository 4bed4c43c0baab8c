"""What the backward passes of both fused recurrences are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

#: The elements of a state, over all steps of a block: its factors stay in a processor's cache, and are allocated from
#: memory that the process has, where larger ones are asked of the system page by page at each call.
_BLOCK_SIZE = 1 << 15

#: Called by their overloads, which saves the search for them at each step.
layer_norm_backward = torch.ops.aten.native_layer_norm_backward.default

#: The last argument of layer_norm_backward: the gradient of the input alone, or those of gain and bias alone.
OF_INPUT, OF_PARAMETERS = (True, False, False), (False, True, True)

#: Of a gradient and sigmoid(x) or tanh(x): that gradient with respect to x.
sigmoid_gradient = torch.ops.aten.sigmoid_backward.default
tanh_gradient = torch.ops.aten.tanh_backward.default


def blocks_back(steps: int, size: int) -> Iterator[slice]:
    """Yield blocks of steps, the last first, for states of *size* elements."""
    length = max(1, _BLOCK_SIZE // max(1, size))
    for end in range(steps, 0, -length):
        yield slice(max(0, end - length), end)


def refuse_second_derivatives() -> None:
    """Refuse a backward pass that is itself to be differentiated: what it computes would be taken for a constant.

    Raises:
        RuntimeError: gradients are recorded, as under ``create_graph=True``.
    """
    if torch.is_grad_enabled():
        raise RuntimeError(
            "the fused recurrence cannot be differentiated twice; make the layer with implementation='plain' for that"
        )


def previous_states(first: Tensor, states: Tensor, block: slice) -> Tensor:
    """Return the states [T, N, D] that the steps of a block begin with."""
    if block.start:
        return states[block.start - 1 : block.stop - 1]
    return torch.cat((first[None], states[: block.stop - 1]))


def parameter_gradients(
    gradient: Tensor, xs: Sequence[Tensor], means: Sequence[Tensor], rstds: Sequence[Tensor], gain: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the gradients with respect to bias and gain, given those [T, N, D] of the normalizations of *xs* [N, D] each."""
    x, mean, rstd = torch.cat(list(xs)), torch.cat(list(means)), torch.cat(list(rstds))
    rows = gradient.flatten(0, 1)
    _, of_gain, of_bias = layer_norm_backward(rows, x, (x.shape[-1],), mean, rstd, gain, bias, OF_PARAMETERS)
    return of_bias, of_gain


def matrix_gradient(rows: Tensor, of_products: Sequence[Tensor]) -> Tensor:
    """Return the gradient of the matrix that *rows* [T, N, D] were multiplied by, given those of the products, last first."""
    return rows.flatten(0, 1).t() @ torch.cat(of_products[::-1])


def add_up(total: list[Tensor] | None, *parts: Tensor) -> list[Tensor]:
    """Add the gradients of a block to those of the blocks before, in place; there is no total before the first."""
    if total is None:
        return list(parts)
    return [whole.add_(part) for whole, part in zip(total, parts, strict=True)]
