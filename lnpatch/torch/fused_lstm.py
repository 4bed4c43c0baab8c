"""The recurrence of the layer-normalized LSTM as one autograd function; see :mod:`lnpatch.torch.fused_gru`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lnpatch.torch.backward import (
    OF_INPUT,
    add_up,
    blocks_back,
    layer_norm_backward,
    matrix_gradient,
    parameter_gradients,
    previous_states,
    refuse_second_derivatives,
    sigmoid_gradient,
    tanh_gradient,
)
from lnpatch.torch.cells import EPS, LayerNormLSTMCell


def run_lnlstm(
    cell: LayerNormLSTMCell, projected: tuple[Tensor, ...], states: tuple[Tensor, ...], mask: Tensor | None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Run all steps; return the outputs [T, N, D], and the last state and cell.

    Args:
        cell: with the parameters.
        projected: of :meth:`LayerNormLSTMCell.project`, [T, N, 4D].
        states: the first state and cell, [N, D] each.
        mask: [T, N, 1], of the type of the state; None where no step is masked.
    """
    output, c = _Recurrence.apply(*projected, *states, cell.U, cell.b2, cell.s2, cell.b3, cell.s3, mask)
    return output, (output[-1], c)


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        h0: Tensor,
        c0: Tensor,
        U: Tensor,
        b2: Tensor,
        s2: Tensor,
        b3: Tensor,
        s3: Tensor,
        mask: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        width = x.shape[2]
        dim = width // 4
        shape, cell_shape = (width,), (dim,)
        keep = any(ctx.needs_input_grad)
        old, old_cell, kept = h0, c0, []
        masks = [None] * len(x) if mask is None else mask.unbind(0)
        states = []
        for projected, of_mask in zip(x.unbind(0), masks, strict=True):
            product = torch.mm(old, U)
            activation, mean2, rstd2 = torch.native_layer_norm(product, shape, s2, b2, EPS)
            activation.add_(projected)
            activation.narrow(1, 0, 3 * dim).sigmoid_()
            i, f, o, candidate = activation.chunk(4, 1)  # split() takes four times as long to call
            cell = torch.addcmul(i * candidate.tanh_(), f, old_cell)
            if of_mask is not None:
                torch.lerp(old_cell, cell, of_mask, out=cell)
            normalized, mean3, rstd3 = torch.native_layer_norm(cell, cell_shape, s3, b3, EPS)
            state = o * normalized.tanh_()
            if of_mask is not None:
                torch.lerp(old, state, of_mask, out=state)
            if keep:
                kept.append((product, mean2, rstd2, activation, cell, mean3, rstd3, normalized))
            states.append(state)
            old, old_cell = state, cell
        output = torch.stack(states)
        if keep:
            ctx.save_for_backward(
                h0, c0, output, U, b2, s2, b3, s3, mask, *(tensor for step in kept for tensor in step)
            )
        return output, old_cell

    @staticmethod
    def backward(ctx: Any, output_gradient: Tensor, cell_gradient: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second_derivatives()
        h0, c0, states, U, b2, s2, b3, s3, mask, *kept = ctx.saved_tensors
        products, means2, rstds2, activations, cells, means3, rstds3, squashed = (kept[i::8] for i in range(8))
        steps, count, dim = states.shape
        shape, cell_shape = (4 * dim,), (dim,)
        x_gradient = states.new_empty(steps, count, 4 * dim)
        of_parameters: list[Tensor] | None = None
        gradient = output_gradient.new_zeros(count, dim)
        cell_gradient = cell_gradient.unsqueeze(1)  # [N, 1, D], as the factors below
        transposed = U.t()
        for block in blocks_back(steps, count * dim):
            old = previous_states(h0, states, block)
            output, old_cell = torch.stack(squashed[block]), torch.stack([c0, *cells][block])
            i, f, o, candidate = torch.stack(activations[block]).chunk(4, dim=-1)
            # a gradient of a step is that of its new state or cell times what is known before: these factors, for the whole
            # block; those that the cell depends on have an axis more, so that its gradient is multiplied by two at once
            to_normalized, to_output_gate = tanh_gradient(o, output), sigmoid_gradient(output, o)
            to_first_gates = torch.stack((sigmoid_gradient(candidate, i), sigmoid_gradient(old_cell, f)), dim=2)
            to_candidate = tanh_gradient(i, candidate).unsqueeze(2)
            to_old_cell = f.unsqueeze(2)
            to_old: list[Tensor | None] = [None] * len(old)
            if mask is not None:
                masked = mask[block]
                to_old = list((1 - masked).unbind(0))
                to_normalized.mul_(masked)
                to_output_gate.mul_(masked)
                masked = masked.unsqueeze(2)
                to_first_gates.mul_(masked)
                to_candidate.mul_(masked)
                to_old_cell = torch.lerp(torch.ones_like(to_old_cell), to_old_cell, masked)

            of_gates, of_normalized = x_gradient[block], torch.empty_like(candidate)
            parts = of_gates.unflatten(-1, (4, dim))
            sequences = (
                *(
                    output_gradient[block],
                    to_normalized,
                    of_normalized,
                    to_first_gates,
                    parts[:, :, :2],
                    to_output_gate,
                ),
                *(parts[:, :, 2], to_candidate, parts[:, :, 3:], of_gates, to_old_cell),
            )
            of_products: list[Tensor] = []
            back = reversed(range(block.start, block.stop))
            for t, k_old, *factors in zip(
                back, reversed(to_old), *(reversed(sequence.unbind(0)) for sequence in sequences), strict=True
            ):
                given, k_normalized, of_n, k_first, of_first, k_output, of_output, k_candidate, of_candidate, *more = (
                    factors
                )
                of_gate, k_cell = more
                of_state = gradient.add_(given)
                torch.mul(k_normalized, of_state, out=of_n)
                of_new_cell = layer_norm_backward(of_n, cells[t], cell_shape, means3[t], rstds3[t], s3, b3, OF_INPUT)[0]
                of_cell = cell_gradient + of_new_cell.unsqueeze(1)
                torch.mul(k_first, of_cell, out=of_first)
                torch.mul(k_output, of_state, out=of_output)
                torch.mul(k_candidate, of_cell, out=of_candidate)
                cell_gradient = of_cell.mul_(k_cell)
                of_product = layer_norm_backward(of_gate, products[t], shape, means2[t], rstds2[t], s2, b2, OF_INPUT)[0]
                if k_old is None:
                    gradient = of_product @ transposed
                else:
                    gradient = (k_old * of_state).addmm_(of_product, transposed)
                of_products.append(of_product)

            of_parameters = add_up(
                of_parameters,
                matrix_gradient(old, of_products),
                *parameter_gradients(of_gates, products[block], means2[block], rstds2[block], s2, b2),
                *parameter_gradients(of_normalized, cells[block], means3[block], rstds3[block], s3, b3),
            )
        assert of_parameters is not None  # there is a step
        return x_gradient, gradient, cell_gradient.squeeze(1), *of_parameters, None
