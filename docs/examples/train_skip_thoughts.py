"""Train skip-thoughts with layer normalization in PyTorch: the model, batches and optimizer of the Theano repository, short.

    python train_skip_thoughts.py CORPUS [--max-updates 1000] [--dim 2400 --dim-word 620 --batch-size 64] [-o model.npz]

CORPUS is a text file, one sentence a line, tokens separated by blanks. Everything is drawn as `lnpatch train skip-thoughts`
draws it: from one seed, with one dictionary (``--dictionary RUN/dictionary.pkl``), both print the same costs up to rounding.
The model that is written is one of the repository's: `lnpatch encode skip-thoughts --model model.npz --runtime torch` takes it.
Needs lnpatch with its extra ``torch``.
"""

from __future__ import annotations

import argparse
import pickle
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy
import torch
from torch import Tensor, nn
from torch.nn import functional

from lnpatch.pickles.load import load_pickle
from lnpatch.torch import LayerNormGRU

#: The encoder takes sentences of up to so many words, the decoders one word less.
LONGEST = 30
#: The optimizer's constants, and the norm that gradients are cut to: train.py and optim.py.
RATE, B1, B2, CLIP = 0.0002, 0.1, 0.001, 5.0

Batch = tuple[Tensor, Tensor]  # numbers of words and their mask, [T, N] each


class SkipThoughts(nn.Module):
    """A sentence is encoded, and the next and the previous one are decoded from its vector, word by word."""

    def __init__(self, n_words: int, dim_word: int, dim: int) -> None:
        super().__init__()
        self.Wemb = nn.Parameter(draw_matrix(n_words, dim_word))
        self.encoder = draw_layer(dim_word, dim)
        self.decoder_f = draw_layer(dim_word, dim)
        self.decoder_b = draw_layer(dim_word, dim)
        self.ff_logit_W = nn.Parameter(draw_matrix(dim, n_words))
        self.ff_logit_b = nn.Parameter(torch.zeros(n_words))

    def forward(self, sentence: Batch, following: Batch, previous: Batch) -> Tensor:
        """Return the cost: minus the log probabilities of all words of both neighbours, summed."""
        words, mask = sentence
        _, vector = self.encoder(functional.embedding(words, self.Wemb), None, mask)
        return self.decode(self.decoder_f, vector, following) + self.decode(self.decoder_b, vector, previous)

    def decode(self, decoder: LayerNormGRU, vector: Tensor, neighbour: Batch) -> Tensor:
        """Return the cost of one neighbour; each step is given the word before the one that it predicts."""
        words, mask = neighbour
        before = functional.pad(functional.embedding(words, self.Wemb)[:-1], (0, 0, 0, 0, 1, 0))
        states, _ = decoder(before, vector, mask)
        probabilities = torch.softmax(states @ self.ff_logit_W + self.ff_logit_b, dim=-1)
        return -((probabilities.gather(2, words.unsqueeze(2)).squeeze(2) + 1e-8).log() * mask).sum()

    def write(self, path: Path, dictionary: dict[str, int]) -> None:
        """Write the model as the repository does: parameters, hyperparameters, and the dictionary beside them."""
        arrays = {name.replace(".l0.", "_"): value.detach().numpy() for name, value in self.named_parameters()}
        numpy.savez(path, history_errs=[], **arrays)
        n_words, dim_word = self.Wemb.shape
        sizes = {"n_words": n_words, "dim_word": dim_word, "dim": self.encoder.hidden_size}
        options = {**sizes, "encoder": "lngru", "decoder": "lngru", "maxlen_w": LONGEST}
        path.with_name(path.name + ".pkl").write_bytes(pickle.dumps(options, 2))
        path.with_name("dictionary.pkl").write_bytes(pickle.dumps(dictionary, 2))


class Adam:
    """The optimizer of the repository: an early form of Adam, whose two rates are the shares of the new gradient."""

    def __init__(self, parameters: Iterator[nn.Parameter]) -> None:
        self.parameters = list(parameters)
        self.means = [torch.zeros_like(each) for each in self.parameters]
        self.squares = [torch.zeros_like(each) for each in self.parameters]
        self.step_number = 0

    @torch.no_grad()
    def step(self, gradients: tuple[Tensor, ...]) -> None:
        """Update all parameters, with gradients whose norm is cut."""
        self.step_number += 1
        norm = torch.sqrt(sum((gradient.square().sum() for gradient in gradients), torch.zeros(())))
        scale = float(CLIP / norm) if norm > CLIP else 1.0
        rate = RATE * (1 - B2**self.step_number) ** 0.5 / (1 - B1**self.step_number)
        for parameter, gradient, mean, square in zip(self.parameters, gradients, self.means, self.squares, strict=True):
            gradient = gradient * scale
            mean.lerp_(gradient, B1)
            square.lerp_(gradient.square(), B2)
            parameter -= rate * mean / (square.sqrt() + 1e-8)


def draw_matrix(rows: int, columns: int) -> Tensor:
    """Draw a matrix as utils.py does: orthogonal if it is square, else uniform in -0.1 to 0.1."""
    if rows == columns:
        return torch.from_numpy(numpy.linalg.svd(numpy.random.randn(rows, rows))[0].astype("float32"))
    return torch.from_numpy(numpy.random.uniform(-0.1, 0.1, (rows, columns)).astype("float32"))


def draw_layer(dim_word: int, dim: int) -> LayerNormGRU:
    """Make a layer, its matrices drawn in the repository's order; biases are 0 and gains 1 already."""
    layer = LayerNormGRU(dim_word, dim)
    gates = torch.cat([draw_matrix(dim_word, dim), draw_matrix(dim_word, dim)], 1)
    recurrent = torch.cat([draw_matrix(dim, dim), draw_matrix(dim, dim)], 1)
    drawn = {"W": gates, "U": recurrent, "Wx": draw_matrix(dim_word, dim), "Ux": draw_matrix(dim, dim)}
    layer.l0.load_state_dict(drawn, strict=False)
    return layer


def batches(numbers: list[list[int]], size: int) -> Iterator[list[Batch]]:
    """Yield batches for ever: sentences of one length, in another order each epoch, with their neighbours."""
    lengths = numpy.array([len(sentence) for sentence in numbers[1:-1]])
    order = numpy.unique(lengths)
    order = order[order <= LONGEST]
    members = {length: numpy.where(lengths == length)[0] for length in order}
    while True:
        order = numpy.random.permutation(order)
        for length in order:
            members[length] = numpy.random.permutation(members[length])
        left = {length: list(members[length]) for length in order}
        while any(left.values()):
            for length in order:
                chosen, left[length] = left[length][:size], left[length][size:]
                triples = [(numbers[i + 1], numbers[i + 2], numbers[i]) for i in chosen]
                triples = [triple for triple in triples if max(map(len, triple)) < LONGEST]
                if triples:
                    yield [pad(sentences) for sentences in zip(*triples, strict=True)]


def pad(sentences: tuple[list[int], ...]) -> Batch:
    """Return sentences with the end, 0, behind each, and their mask."""
    ended = [torch.tensor([*sentence, 0]) for sentence in sentences]
    lengths = torch.tensor([len(each) for each in ended])
    padded = nn.utils.rnn.pad_sequence(ended)
    return padded, (torch.arange(len(padded))[:, None] < lengths).float()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--dictionary", type=Path, help="of a run, in place of one of this corpus")
    parser.add_argument("--n-words", type=int, default=20000)
    parser.add_argument("--dim", type=int, default=2400)
    parser.add_argument("--dim-word", type=int, default=620)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--max-updates", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=2016)
    parser.add_argument("-o", "--output", type=Path, default=Path("model.npz"))
    options = parser.parse_args()
    sentences = [line.split() for line in options.corpus.read_text(encoding="utf-8").splitlines() if line.strip()]
    if options.dictionary:
        dictionary = load_pickle(options.dictionary)
    else:  # the most frequent word has the number 2: 0 is the end of a sentence, and 1 any other word
        counts = Counter(word for sentence in sentences for word in sentence)
        dictionary = {word: number for number, (word, _) in enumerate(counts.most_common(), 2)}
    n_words = min(options.n_words, 2 + len(dictionary))
    numbers = [[n if (n := dictionary[word]) < n_words else 1 for word in sentence] for sentence in sentences]
    numpy.random.seed(options.seed)
    model = SkipThoughts(n_words, options.dim_word, options.dim)
    optimizer = Adam(model.parameters())
    for update, batch in enumerate(batches(numbers, options.batch_size), 1):
        cost = model(*batch)
        optimizer.step(torch.autograd.grad(cost, optimizer.parameters))
        print(f"update {update} cost {cost.item():.4f}", flush=True)
        if update == options.max_updates:
            break
    model.write(options.output, dictionary)


if __name__ == "__main__":
    main()
