"""Skip-thoughts: the sentence encoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from lnpatch.pretrained.modeling.base import Pretrained, in_batches, run_cell, split_words

# -- model --


class SkipThoughts(Pretrained):
    """Sentences to vectors of length 1, as training/tools.py of ryankiros/skip-thoughts computes them.

    The words are the model's own, then those that word2vec has brought; any other is UNK.
    """

    CELLS = ("encoder",)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        """Encode numbers of words [T, N] with their mask [T, N]; return vectors [N, D]."""
        _, last = run_cell(self.encoder, functional.embedding(words, self.Wemb), mask)
        return last / last.norm(dim=1, keepdim=True)

    @torch.inference_mode()
    def encode(self, sentences: Sequence[str | Sequence[str]]) -> Tensor:
        """Encode sentences, whose tokens are separated by blanks or listed; return vectors [sentences, D].

        Raises:
            ValueError: a sentence has no words.
        """
        numbers = [self.find_numbers(text) for text in sentences]
        vectors = self.Wemb.new_empty(len(numbers), self.encoder.hidden_size)
        for batch in in_batches(numbers):
            vectors[batch] = self(*self.pad([numbers[i] for i in batch]))
        return vectors

    def find_numbers(self, text: str | Sequence[str]) -> list[int]:
        """Return the numbers of a sentence's words, that of UNK for an unknown one."""
        unknown = self.number_of["UNK"]
        return [self.number_of.get(word, unknown) for word in split_words(text)]
