"""Order-embeddings: the encoders of sentences and of images, and the score of a pair."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from lnpatch.pretrained.modeling.base import Pretrained, in_batches, run_cell, split_words

# -- model --


class OrderEmbeddings(Pretrained):
    """Sentences and images in one space, as tools.py of ivendrov/order-embedding computes them."""

    CELLS = ("encoder",)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        """Encode numbers of words [T, N], the last of each sentence 0, with their mask [T, N]; return embeddings [N, D]."""
        _, last = run_cell(self.encoder, functional.embedding(words, self.Wemb), mask)
        return self.place(last)

    def place(self, vectors: Tensor) -> Tensor:
        """Bring vectors to length 1, and with the order-violation score into the positive orthant."""
        vectors = vectors / vectors.norm(dim=1, keepdim=True)
        return vectors.abs() if self.config["abs"] else vectors

    @torch.inference_mode()
    def encode_sentences(self, sentences: Sequence[str | Sequence[str]]) -> Tensor:
        """Encode sentences, whose tokens are separated by blanks or listed; return embeddings [sentences, D]."""
        numbers = [self.find_numbers(text) for text in sentences]
        embeddings = self.Wemb.new_empty(len(numbers), self.encoder.hidden_size)
        for batch in in_batches(numbers):
            embeddings[batch] = self(*self.pad([numbers[i] for i in batch]))
        return embeddings

    def find_numbers(self, text: str | Sequence[str]) -> list[int]:
        """Return the numbers of a sentence's words, 1 for an unknown one, and 0 for its end; those two are no words."""
        return [*(max(1, self.number_of.get(word, 1)) for word in split_words(text)), 0]

    @torch.inference_mode()
    def encode_images(self, features: Tensor) -> Tensor:
        """Encode the features of images [N, F], such as those of VGG19; return embeddings [N, D]."""
        return self.place(functional.linear(features.to(self.device), self.ff_image_W.T, self.ff_image_b))

    @torch.inference_mode()
    def score(self, sentences: Tensor, images: Tensor) -> Tensor:
        """Return how badly each of the sentences [S, D] goes with each of the images [N, D]: [S, N], smaller is better.

        It is the order violation (Vendrov et al. 2015, arXiv 1511.06361, equation 2), or minus the cosine, as the model
        was trained.
        """
        if self.config["method"] != "order":
            return -sentences @ images.T
        return torch.stack([(sentence - images).clamp(min=0).square().sum(1) for sentence in sentences])
