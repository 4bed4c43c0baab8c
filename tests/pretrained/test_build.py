"""A model of a repository becomes a PyTorch model: what it computes, and every model that is refused."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Output
from tests.pretrained.conftest import DIM, IMAGE, MODELS, N_WORDS, WORD, WORDS, MadeModel, draw, make_model

torch = pytest.importorskip("torch")
import numpy  # noqa: E402

from lnpatch.pretrained.build import build_model  # noqa: E402
from lnpatch.pretrained.modeling.base import run_cell  # noqa: E402
from lnpatch.recipes import find_recipe  # noqa: E402
from lnpatch.torch import GRU, LSTM, LayerNormGRU, LayerNormLSTM, RecurrentLayer  # noqa: E402
from lnpatch.training.models import find_model  # noqa: E402

Run = Callable[..., Output]
LAYERS: dict[str, type[RecurrentLayer]] = {"gru": GRU, "lstm": LSTM, "lngru": LayerNormGRU, "lnlstm": LayerNormLSTM}


def build(target: str, made: MadeModel, **files: str) -> Any:
    recipe = find_recipe(target)
    named = dict(zip(("dictionary",), made.arguments[1:], strict=False)) | files
    return build_model(recipe.jobs["export"].architecture, find_model(str(made.file), recipe.jobs["train"]), named)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("cell", LAYERS)
def test_a_cell_runs_as_the_layer_does(cell: str, backwards: bool) -> None:
    layer = LAYERS[cell](WORD, DIM, bidirectional=True)
    x, mask = torch.randn(4, 3, WORD), torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0]])
    first = torch.randn(DIM)
    states = [torch.zeros(2, 3, DIM), torch.zeros(2, 3, DIM)][: len(layer.CELL.STATES)]
    states[0] = states[0] + first
    outputs, last = layer(x, states[0] if len(states) == 1 else tuple(states), mask)
    own, own_last = run_cell(layer.cells()[backwards], x, mask.float(), first, backwards)
    assert torch.allclose(own, outputs[..., DIM:] if backwards else outputs[..., :DIM], atol=1e-6)
    assert torch.allclose(own_last, (last if len(states) == 1 else last[0])[int(backwards)], atol=1e-6)


# What it computes


@pytest.mark.parametrize("cell", ["lngru", "gru"])
def test_skip_thoughts(tmp_path: Path, cell: str) -> None:
    made = make_model(tmp_path, "skip-thoughts", cell)
    model = build("skip-thoughts", made)
    assert model.words == ["<eos>", "UNK", *WORDS]
    vectors = model.encode(["the cat", "na\u00efve \u03bb dog .", ["the", "cat"], "nobody UNK"])
    assert torch.allclose(vectors.norm(dim=1), torch.ones(4))
    assert torch.equal(vectors[0], vectors[2])
    _, last = LAYERS[cell].from_npz(made.file, "encoder")(model.Wemb[[2, 3]].unsqueeze(1))
    assert torch.allclose(vectors[0], last[0, 0] / last.norm(), atol=1e-6)
    unknown = model.encode(["UNK UNK"])
    assert torch.allclose(vectors[3], unknown[0])


@pytest.mark.parametrize("method", ["order", "cosine"])
def test_order_embeddings(tmp_path: Path, method: str) -> None:
    made = make_model(tmp_path, "order-embeddings", "lngru", method=method, abs=method == "order")
    model = build("order-embeddings", made)
    sentences = model.encode_sentences(["the cat", "nobody sees a dog", "<eos>"])
    assert torch.allclose(sentences[2], model.encode_sentences(["nobody"])[0])  # the end is no word of a sentence
    _, last = LayerNormGRU.from_npz(made.file, "encoder")(model.Wemb[[2, 3, 0]].unsqueeze(1))
    expected = last[0, 0] / last.norm()
    assert torch.allclose(sentences[0], expected.abs() if method == "order" else expected, atol=1e-6)
    images = model.encode_images(torch.rand(4, IMAGE))
    assert torch.allclose(images.norm(dim=1), torch.ones(4))
    scores = model.score(sentences, images)
    assert scores.shape == (3, 4)
    pair = (sentences[1] - images[2]).clamp(min=0).square().sum() if method == "order" else -sentences[1] @ images[2]
    assert torch.allclose(scores[1, 2], pair)


@pytest.mark.parametrize("cell", ["lnlstm", "lstm", "lngru", "gru"])
@pytest.mark.parametrize("flags", [{}, {"use_bidir": 1, "use_elu_g": 1}, {"use_dq_sims": 0, "use_desc_skip_c_g": 0}])
def test_the_reader_does_not_see_padding(tmp_path: Path, cell: str, flags: dict[str, int]) -> None:
    model = build("attentive-reader", make_model(tmp_path, "attentive-reader", cell, **flags))
    passages = ["the cat sees a dog", "a dog .", "na\u00efve \u03bb"]
    questions = ["the", "cat sees \u03bb a", "dog dog"]
    together = model.answer(passages, questions)
    assert together == [pytest.approx(model.answer([p], [q])[0]) for p, q in zip(passages, questions, strict=True)]
    assert all(word in ["<eos>", *WORDS] for word, _ in together)


def test_a_text_without_words_and_an_unknown_one(tmp_path: Path) -> None:
    reader = build("attentive-reader", make_model(tmp_path / "a", "attentive-reader", "lnlstm"))
    with pytest.raises(ValueError, match="the vocabulary has no word 'nobody'"):
        reader.answer(["the nobody"], ["a"])
    encoder = build("skip-thoughts", make_model(tmp_path / "b", "skip-thoughts", "lngru"))
    with pytest.raises(ValueError, match="text 1 has no words"):
        encoder.encode(["the", " "])


# Word vectors


def write_vectors(path: Path, words: list[str], vectors: Any, binary: bool) -> str:
    if binary:
        rows = [
            word.encode() + b" " + struct.pack(f"<{len(row)}f", *row) + b"\n"
            for word, row in zip(words, vectors, strict=True)
        ]
        path.write_bytes(b"%d %d\n" % vectors.shape + b"".join(rows))
    else:
        rows = [" ".join([word, *map(repr, map(float, row))]) for word, row in zip(words, vectors, strict=True)]
        path.write_text("\n".join([f"{len(words)} {vectors.shape[1]}", *rows]) + "\n")
    return str(path)


@pytest.mark.parametrize("binary", [True, False])
def test_words_of_word2vec_are_mapped(tmp_path: Path, binary: bool) -> None:
    made = make_model(tmp_path, "skip-thoughts", "lngru")
    shared, new = WORDS[:7], ["bird", "fish", "two_words"]
    vectors = draw(len(shared) + len(new), 3)
    # the model's own vectors are a linear map of word2vec's, which is therefore found exactly
    weights, shift = draw(3, WORD), draw(WORD)
    made.arrays["Wemb"][2:9] = vectors[:7] @ weights + shift
    made.write()
    model = build("skip-thoughts", made, word2vec=write_vectors(tmp_path / "w.bin", shared + new, vectors, binary))
    assert model.words[N_WORDS:] == ["bird", "fish"]
    assert torch.allclose(model.Wemb[N_WORDS:], torch.from_numpy(vectors[7:9] @ weights + shift), atol=1e-4)
    assert torch.equal(model.Wemb[:N_WORDS], torch.from_numpy(made.arrays["Wemb"]))
    assert not torch.allclose(model.encode(["bird"]), model.encode(["UNK"]))


# Models that are refused, each by one message


def _change(**options: Any) -> Callable[[MadeModel], None]:
    return lambda made: made.options.update(options)


def _drop(name: str) -> Callable[[MadeModel], None]:
    return lambda made: made.arrays.pop(name)


def _replace(name: str, array: Any) -> Callable[[MadeModel], None]:
    return lambda made: made.arrays.update({name: array})


REFUSED = [
    ("skip-thoughts", _change(encoder="gru"), "encoder is of the cell lngru"),
    ("skip-thoughts", _change(encoder="bnlstm"), "its cell encoder is 'bnlstm', and one of gru, lngru, lstm, lnlstm"),
    ("skip-thoughts", _change(dim="6"), "its hyperparameter dim is '6', and should be a size"),
    ("skip-thoughts", _change(n_words=4), f"Wemb is [{N_WORDS}, {WORD}], and not [4, {WORD}]"),
    ("skip-thoughts", _drop("encoder_U"), "encoder_U is not there"),
    ("skip-thoughts", _replace("encoder_bx", draw(3)), "encoder_bx is [3], and not [6]"),
    ("order-embeddings", _drop("ff_image_b"), "ff_image_b is not there"),
    ("order-embeddings", _replace("Wemb", draw(2, 2)), f"Wemb is [2, 2], and not [{N_WORDS}, {WORD}]"),
    ("order-embeddings", _change(n_words=400), "Wemb is"),
]


@pytest.mark.parametrize(("target", "change", "reason"), REFUSED, ids=[case[2] for case in REFUSED])
def test_refused(lnpatch: Run, tmp_path: Path, target: str, change: Callable[[MadeModel], None], reason: str) -> None:
    made = make_model(tmp_path / "model", target, "lngru")
    change(made)
    made.write()
    Path("text.txt").write_text("the cat\n")
    done = encode(lnpatch, target, made)
    assert done.code == 1
    assert reason in " ".join(done.err.split())
    assert done.err.count("error:") == 1
    assert not Path("vectors.npy").exists()


def encode(lnpatch: Run, target: str, made: MadeModel) -> Output:
    words = made.arguments if target == "skip-thoughts" else ()
    arguments = ("--model", made.file, *words, "--text", "text.txt", "--tokenized", "--runtime", "torch")
    return lnpatch("encode", target, *map(str, arguments))


def test_damaged_files(lnpatch: Run, tmp_path: Path) -> None:
    made = make_model(tmp_path / "model", "skip-thoughts", "lngru")
    Path("text.txt").write_text("the cat\n")
    sound = made.file.read_bytes()
    made.file.write_bytes(sound[: len(sound) // 2])
    assert (done := encode(lnpatch, "skip-thoughts", made)).code == 1, done.err
    assert "model.npz" in done.err
    made.file.write_bytes(sound)
    dictionary = Path(made.arguments[1])
    for content, code, reason in [
        (pickle.dumps({"the": 2}, 2), 1, "there is none with the number 3"),
        (pickle.dumps(["the"], 2), 1, "it is no dictionary of words to numbers"),
        (b"cos\nsystem\n(S'true'\ntR.", 1, "os.system"),
    ]:
        dictionary.write_bytes(content)
        refused = encode(lnpatch, "skip-thoughts", made)
        assert (refused.code, reason in " ".join(refused.err.split())) == (code, True), refused.err
    dictionary.unlink()
    absent = encode(lnpatch, "skip-thoughts", made)
    assert (absent.code, "dictionary.pkl" in absent.err) == (3, True)


def test_what_the_reader_cannot_be(lnpatch: Run, tmp_path: Path) -> None:
    made = make_model(tmp_path / "model", "attentive-reader", "lnlstm", use_sent_reps=True)
    refused = lnpatch(
        "evaluate", "attentive-reader", "--model", str(made.file), "--runtime", "torch", "--data", str(tmp_path)
    )
    assert refused.code == 3  # no data there
    for part, value in {"pass": [[1, 2, 0]], "qs": [[1, 0]], "ans": [[2]]}.items():
        (made.file.parent / f"valid4_{part}.pkl").write_bytes(pickle.dumps(value, 2))
    arguments = (
        "evaluate",
        "attentive-reader",
        "--model",
        str(made.file),
        "--runtime",
        "torch",
        "--data",
        str(made.file.parent),
    )
    refused = lnpatch(*arguments)
    assert (refused.code, "it was trained with use_sent_reps" in refused.err) == (1, True), refused.err


@pytest.mark.parametrize(("target", "cell"), MODELS)
def test_every_cell_is_built(tmp_path: Path, target: str, cell: str) -> None:
    model = build(target, make_model(tmp_path, target, cell))
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
    assert sum(parameter.numel() for parameter in model.parameters()) > 100
    assert numpy.isfinite(model.config["dim"])
