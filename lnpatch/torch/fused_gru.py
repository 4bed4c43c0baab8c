"""The recurrence of the layer-normalized GRU as one autograd function: forward by hand, and backward by hand.

What PyTorch would do by itself takes thirty small operations a step in each direction; at 128 units most of that time is
spent in calling them. Here a step takes eight, and whatever does not depend on the step after it is computed once for all.
"""

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
from lnpatch.torch.cells import EPS, LayerNormGRUCell


def run_lngru(
    cell: LayerNormGRUCell, projected: tuple[Tensor, ...], states: tuple[Tensor, ...], mask: Tensor | None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Run all steps; return the states [T, N, D], and the last one.

    Args:
        cell: with the parameters.
        projected: of :meth:`LayerNormGRUCell.project`, [T, N, 2D] and [T, N, D].
        states: the first state, [N, D].
        mask: [T, N, 1], of the type of the state; None where no step is masked.
    """
    arguments = (*projected, *states, cell.U, cell.Ux, cell.b3, cell.s3, cell.b4, cell.s4)
    output = _Recurrence.apply(*arguments, mask)
    return output, (output[-1],)


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        xx: Tensor,
        h0: Tensor,
        U: Tensor,
        Ux: Tensor,
        b3: Tensor,
        s3: Tensor,
        b4: Tensor,
        s4: Tensor,
        mask: Tensor | None,
    ) -> Tensor:
        shape, candidate_shape = x.shape[2:], xx.shape[2:]
        keep = any(ctx.needs_input_grad)
        old, states, kept = h0, [], []
        masks = [None] * len(x) if mask is None else mask.unbind(0)
        for projected, projected_candidate, of_mask in zip(x.unbind(0), xx.unbind(0), masks, strict=True):
            product, candidate_product = torch.mm(old, U), torch.mm(old, Ux)
            gate, mean3, rstd3 = torch.native_layer_norm(product, shape, s3, b3, EPS)
            recurrent, mean4, rstd4 = torch.native_layer_norm(candidate_product, candidate_shape, s4, b4, EPS)
            reset, update = gate.add_(projected).sigmoid_().chunk(2, 1)
            candidate = torch.addcmul(projected_candidate, recurrent, reset).tanh_()
            state = torch.lerp(candidate, old, update)
            if of_mask is not None:
                torch.lerp(old, state, of_mask, out=state)
            if keep:
                kept.append((product, mean3, rstd3, gate, candidate_product, mean4, rstd4, recurrent, candidate))
            states.append(state)
            old = state
        output = torch.stack(states)
        if keep:
            saved = (tensor for step in kept for tensor in step)
            ctx.save_for_backward(h0, output, U, Ux, b3, s3, b4, s4, mask, *saved)
        return output

    @staticmethod
    def backward(ctx: Any, output_gradient: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second_derivatives()
        h0, states, U, Ux, b3, s3, b4, s4, mask, *kept = ctx.saved_tensors
        products, means3, rstds3, gates, candidate_products, means4, rstds4, *others = (kept[i::9] for i in range(9))
        recurrents, candidates = others
        steps, count, dim = states.shape
        shape, candidate_shape = (2 * dim,), (dim,)
        x_gradient, xx_gradient = states.new_empty(steps, count, 2 * dim), torch.empty_like(states)
        of_parameters: list[Tensor] | None = None
        gradient = output_gradient.new_zeros(count, dim)
        transposed, transposed_x = U.t(), Ux.t()
        for block in blocks_back(steps, count * dim):
            old, candidate = previous_states(h0, states, block), torch.stack(candidates[block])
            reset, update = torch.stack(gates[block]).chunk(2, dim=-1)
            # a gradient of a step is that of its new state times what is known before: these factors, for the whole block
            to_preactivation = tanh_gradient(1 - update, candidate)
            to_update = sigmoid_gradient(old - candidate, update)
            to_old = update
            if mask is not None:
                masked = mask[block]
                to_preactivation.mul_(masked)
                to_update.mul_(masked)
                to_old = torch.lerp(torch.ones_like(update), update, masked)
            to_recurrent = to_preactivation * reset
            to_reset = sigmoid_gradient(to_preactivation * torch.stack(recurrents[block]), reset)
            to_gates = torch.stack((to_reset, to_update), dim=2)  # [steps, N, 2, D]

            of_states = candidate.new_empty(len(old), count, 1, dim)
            of_gates, of_recurrent = x_gradient[block], torch.empty_like(candidate)
            sequences = (
                *(
                    output_gradient[block],
                    of_states,
                    of_states[:, :, 0],
                    to_gates,
                    of_gates.view_as(to_gates),
                    of_gates,
                ),
                *(to_recurrent, of_recurrent, to_old),
            )
            of_products: list[Tensor] = []
            of_candidate_products: list[Tensor] = []
            back = reversed(range(block.start, block.stop))
            for t, given, spread, of_state, k_gates, of_gate, of_flat_gate, k_recurrent, of_r, k_old in zip(
                back, *(reversed(sequence.unbind(0)) for sequence in sequences), strict=True
            ):
                torch.add(gradient, given, out=of_state)
                torch.mul(k_gates, spread, out=of_gate)
                torch.mul(k_recurrent, of_state, out=of_r)
                of_product = layer_norm_backward(
                    of_flat_gate, products[t], shape, means3[t], rstds3[t], s3, b3, OF_INPUT
                )[0]
                of_candidate_product = layer_norm_backward(
                    of_r, candidate_products[t], candidate_shape, means4[t], rstds4[t], s4, b4, OF_INPUT
                )[0]
                gradient = torch.mul(k_old, of_state).addmm_(of_product, transposed)
                gradient.addmm_(of_candidate_product, transposed_x)
                of_products.append(of_product)
                of_candidate_products.append(of_candidate_product)

            torch.mul(to_preactivation, of_states[:, :, 0], out=xx_gradient[block])
            of_parameters = add_up(
                of_parameters,
                matrix_gradient(old, of_products),
                matrix_gradient(old, of_candidate_products),
                *parameter_gradients(of_gates, products[block], means3[block], rstds3[block], s3, b3),
                *parameter_gradients(of_recurrent, candidate_products[block], means4[block], rstds4[block], s4, b4),
            )
        assert of_parameters is not None  # there is a step
        return x_gradient, xx_gradient, gradient, *of_parameters, None
