"""The attentive reader: a passage and a question to the entity that answers it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from lnpatch.pretrained.modeling.base import Pretrained, in_batches, run_cell, split_words
from lnpatch.torch.cells import CELLS, GRUCell, RecurrentCell, keep_masked

# -- model --


class ResetFirstGRUCell(GRUCell):
    """The GRU of this repository, whose reset gate is applied to the state before the product and not after it."""

    def step(
        self, projected: tuple[Tensor, ...], states: tuple[Tensor, ...], mask: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Step once."""
        (h,) = states
        reset, update = torch.sigmoid(h @ self.U + projected[0]).chunk(2, -1)
        new = update * h + (1 - update) * torch.tanh((reset * h) @ self.Ux + projected[1])
        return (keep_masked(mask, new, h),)


class AttentiveReader(Pretrained):
    """A passage and a question to an answer, as cooijmanstim/Attentive_reader computes it (Hermann et al. 2015)."""

    CELLS = ("encoder_desc_word", "encoder_desc_word_r", "encoder_q", "encoder_q_r")

    def make_cell(self, cell: str, input_size: int, hidden_size: int) -> RecurrentCell:
        """Make a cell; the repository's GRU is one of its own."""
        return ResetFirstGRUCell(input_size, hidden_size) if cell == "gru" else CELLS[cell](input_size, hidden_size)

    def forward(self, passage: Tensor, passage_mask: Tensor, question: Tensor, question_mask: Tensor) -> Tensor:
        """Return the probability of each word as the answer, [N, words].

        Args:
            passage, question: numbers of words, [T, N] each.
            passage_mask, question_mask: 1 for a word and 0 for padding, [T, N] each.
        """
        words, _ = self.read(passage, passage_mask, "encoder_desc_word")
        _, asked = self.read(question, question_mask, "encoder_q")
        mask = passage_mask.unsqueeze(-1)
        seen = words * mask
        scores = words @ self.ff_att_ctx_W + self.ff_att_ctx_b + asked @ self.ff_att_q_W
        if self.config["use_dq_sims"]:
            similar = (seen @ self.ff_att_bi_dq) * (asked @ self.ff_att_bi_dq)
            scores = scores + similar.sum(-1, keepdim=True)
        scores = (torch.tanh(scores) * self.ff_att_proj).sum(-1, keepdim=True)
        attention = mask * torch.exp(scores - scores.amax(0, keepdim=True))
        context = (seen * (attention / attention.sum(0))).sum(0)
        out = context @ self.ff_out_ctx_W + asked @ self.ff_out_q_W + self.ff_out_q_b
        if self.config["use_desc_skip_c_g"]:
            out = out + (seen.sum(0) / mask.sum(0)) @ self.ff_out_mean_d_W
        out = functional.elu(out) if self.config["use_elu_g"] else torch.tanh(out)
        return torch.softmax(out @ self.ff_logit_W + self.ff_logit_b, dim=-1)

    def read(self, numbers: Tensor, mask: Tensor, name: str) -> tuple[Tensor, Tensor]:
        """Run an encoder over words [T, N], in both directions if the model has them.

        Returns:
            The outputs [T, N, directions * D], and what it has read at its end [N, directions * D].
        """
        x = functional.embedding(numbers, self.Wemb_word)
        directions = (name, f"{name}_r") if self.config["use_bidir"] else (name,)
        runs = [
            run_cell(self.get_submodule(each), x, mask, getattr(self, f"{each}_h0", None), each.endswith("_r"))
            for each in directions
        ]
        return torch.cat([outputs for outputs, _ in runs], -1), torch.cat([last for _, last in runs], -1)

    @torch.inference_mode()
    def answer(
        self, passages: Sequence[str | Sequence[str]], questions: Sequence[str | Sequence[str]]
    ) -> list[tuple[str, float]]:
        """Answer questions about passages, whose tokens are separated by blanks or listed.

        Returns:
            For each question the word that answers it and its probability.

        Raises:
            ValueError: a text has no words, or one that the vocabulary lacks.
        """
        read, asked = [[self.find_numbers(text) for text in texts] for texts in (passages, questions)]
        in_batches(asked)  # none of them is empty
        answers: list[tuple[str, float]] = [("", 0.0)] * len(read)
        for batch in in_batches(read):
            inputs = [*self.pad([read[i] for i in batch]), *self.pad([asked[i] for i in batch])]
            best, numbers = self(*inputs).max(-1)
            for i, probability, number in zip(batch, best.tolist(), numbers.tolist(), strict=True):
                answers[i] = (self.words[number], probability)
        return answers

    def find_numbers(self, text: str | Sequence[str]) -> list[int]:
        """Return the numbers of a text's words; one that the vocabulary lacks is a ValueError."""
        words = split_words(text)
        unknown = [word for word in words if word not in self.number_of]
        if unknown:
            raise ValueError(f"the vocabulary has no word {unknown[0]!r}")
        return [self.number_of[word] for word in words]
