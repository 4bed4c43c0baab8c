"""``lnpatch encode`` as a user meets it: rows and lines, dictionaries, word vectors, models that do not fit. No Theano is needed."""

from __future__ import annotations

import codecs
import pickle
import shutil
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy
import pytest

from lnpatch.runtimes import choose
from tests.conftest import FIXTURES, Output, folder_contents, make_checkout
from tests.training.conftest import HereRuntime

Run = Callable[..., Output]

ENCODER = str(FIXTURES / "encoder.toml")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test leaves its checkout and its run for the others."""
    return tmp_path_factory.mktemp("trained") / "all"


@pytest.fixture
def encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lnpatch: Run, trained: Path) -> Path:
    """A patched checkout of the encoder, and a run of it: six rows of Wemb, which are 0, 1, 2, 3 and so on."""
    monkeypatch.setattr(choose, "runtimes", lambda: {"theano": HereRuntime, "pytensor": HereRuntime})
    if not trained.exists():
        toy = {name: (FIXTURES / "toy" / name).read_bytes() for name in ("layers.py", "optim.py")}
        make_checkout(tmp_path / "encoder", toy | folder_contents(FIXTURES / "encoder"))
        for arguments in (("apply", ENCODER), ("train", ENCODER, "--output", "run")):
            done = lnpatch(*arguments)
            assert done.code == 0, done.err
        shutil.copytree(tmp_path, trained)
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path / "encoder"


@pytest.fixture
def encode(lnpatch: Run, encoder: Path) -> Run:
    """Encode the bytes of a text file with the run's model."""

    def call(text: bytes, *arguments: str) -> Output:
        Path("text.txt").write_bytes(text)
        return lnpatch("encode", ENCODER, "--model", "run", "--text", "text.txt", "--tokenized", *arguments)

    return call


def vectors() -> list[float]:
    """The first number of each vector."""
    return [float(row[0]) for row in numpy.load("vectors.npy")]


# Rows and lines: blue, green, grey and red have the numbers 2 to 5, so that their rows begin with 8, 12, 16 and 20

TEXTS = {
    "unix": b"red\ngreen blue\n",
    "without-a-last-end": b"red\ngreen blue",
    "dos": b"red\r\ngreen blue\r\n",
    "mac": b"red\rgreen blue\r",
    "byte-order-mark": codecs.BOM_UTF8 + b"red\ngreen blue\n",
    "blanks": b" red \n\tgreen   blue\t\n",
    "no-known-word": b"red\nnobody knows\n",
}


@pytest.mark.cases_by_default(3)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_row_for_each_line(encode: Run, text: bytes) -> None:
    done = encode(text)
    assert done.code == 0, done.err
    assert vectors() == ([20.0, 8.0] if b"nobody" in text else [20.0, 20.0])
    assert "2 sentences" in done.text
    assert "Without --word2vec, all other words are one unknown word" in done.err


NO_TEXTS = {
    "blank-line": (b"red\n\ngreen\n \nblue\n", "no sentence in line 2, 4; each of the 5 lines"),
    "blank-last-line": (b"red\n\n", "no sentence in line 2"),
    "blank-in-unicode": ("red\n\u00a0\u2003\n".encode(), "no sentence in line 2"),
    "only-an-end": (b"\n", "no sentence in line 1"),
    "only-a-mark": (codecs.BOM_UTF8, "no sentence in line 1"),
    "many-blank-lines": (b"red\n" + b"\n" * 20, "line 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ...; each of the 21 lines"),
    "latin-1": (b"red\ncaf\xe9 red\n", "line 2 is not UTF-8 (byte 0xe9)"),
    "utf-16": ("red\n".encode("utf-16"), "the file is UTF-16"),
    "utf-16-without-a-mark": ("red\n".encode("utf-16-le"), "line 1 has a zero byte"),
    "utf-32": ("red\n".encode("utf-32"), "the file is UTF-32"),
    "gzip": (b"\x1f\x8b\x08\x00red", "the file is compressed (gzip)"),
    "zip": (b"PK\x03\x04red", "the file is an archive"),
}


@pytest.mark.parametrize(("text", "reason"), NO_TEXTS.values(), ids=NO_TEXTS)
def test_what_would_shift_a_row_or_change_a_word_is_refused(encode: Run, text: bytes, reason: str) -> None:
    refused = encode(text)
    assert refused.code == 1
    assert "text.txt" in refused.err
    assert reason in refused.err
    assert not Path("vectors.npy").exists()


def test_an_empty_text_and_none(encode: Run, lnpatch: Run) -> None:
    assert encode(b"").code == 3
    nothing = lnpatch("encode", ENCODER, "--model", "run")
    assert (nothing.code, "Nothing says what to encode" in nothing.err) == (2, True)


# Models


def write_options(**changes: object) -> None:
    """Change the hyperparameters of the run's model."""
    path = Path("run/model.npz.pkl")
    path.write_bytes(pickle.dumps({**pickle.loads(path.read_bytes()), **changes}, 2))


def write_parameters(change: Callable[[dict[str, Any]], None]) -> None:
    """Change the parameters of the run's model."""
    arrays = dict(numpy.load("run/model.npz"))
    change(arrays)
    numpy.savez("run/model.npz", **arrays)


MISFITS = {
    "another-cell": (lambda: write_options(encoder="gru"), "encoder_b1 belongs to no layer of it"),
    "another-size": (lambda: write_options(dim=5), "encoder_U is 4 x 8, and 5 x 10 by the hyperparameters"),
    "fewer-rows": (
        lambda: write_parameters(lambda arrays: arrays.update(Wemb=arrays["Wemb"][:3])),
        "Wemb is 3 x 4, and 6 x 4 by the hyperparameters",
    ),
    "missing": (lambda: write_parameters(lambda arrays: arrays.pop("encoder_Ux")), "encoder_Ux is missing"),
    "superfluous": (
        lambda: write_parameters(lambda arrays: arrays.update(decoder_U=arrays["Wemb"])),
        "decoder_U belongs to no layer of it",
    ),
    "no-shape": (
        lambda: write_parameters(lambda arrays: arrays.update(encoder_b=numpy.float32(1))),
        "encoder_b is one number, and 8 by the hyperparameters",
    ),
}


@pytest.mark.parametrize(("spoil", "difference"), MISFITS.values(), ids=MISFITS)
def test_a_model_that_does_not_fit_its_options(encode: Run, spoil: Callable[[], None], difference: str) -> None:
    spoil()
    refused = encode(b"red\n", "--format", "json")
    error = refused.json["error"]
    assert (refused.code, error["kind"]) == (1, "ModelMismatchError")
    assert difference in error["details"]["differences"]
    assert error["details"]["file"].endswith("run/model.npz")
    assert not Path("vectors.npy").exists()


def test_all_that_does_not_fit_is_listed_at_once(encode: Run) -> None:
    write_options(dim=3, dim_word=2)
    assert {"Wemb", "encoder_U", "encoder_W"} <= set(encode(b"red\n").err.replace("\n", " ").split())


def test_a_run_whose_model_does_not_fit_is_not_resumed(lnpatch: Run, encoder: Path) -> None:
    write_parameters(lambda arrays: arrays.pop("encoder_Ux"))
    before = Path("run/model.npz").read_bytes()
    replaced = lnpatch("train", ENCODER, "--resume", "--output", "run")
    assert replaced.code == 3
    assert "not the model that the run has saved" in replaced.err
    Path("run/saved.json").unlink()  # as in a run of a lnpatch that did not write it
    refused = lnpatch("train", ENCODER, "--resume", "--output", "run")
    assert refused.code == 1
    assert "run/model.npz: encoder_Ux is missing" in refused.err
    assert Path("run/model.npz").read_bytes() == before


def test_a_run_that_fits_is_resumed(lnpatch: Run, encoder: Path) -> None:
    assert lnpatch("train", ENCODER, "--resume", "--output", "run").code == 0


@pytest.mark.parametrize("name", ["model.npz", "dictionary.pkl", "model.npz.pkl"])
def test_a_run_with_a_hostile_file_is_not_resumed(lnpatch: Run, encoder: Path, name: str) -> None:
    if name.endswith(".npz"):
        numpy.savez("run/model.npz", Wemb=numpy.array([None]))
    else:
        Path("run", name).write_bytes(HOSTILE)
    refused = lnpatch("train", ENCODER, "--resume", "--output", "run")
    assert refused.code == 1
    assert "is refused" in refused.err
    assert not Path("ran").exists()


def test_what_is_loaded_is_what_was_checked(
    encode: Run, encoder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A model, a dictionary and a text that are replaced after the check are not looked at again."""
    prepare_code = HereRuntime.prepare_code

    def replace_files(*arguments: Any) -> Path:
        numpy.savez("run/model.npz", Wemb=numpy.array([None]))
        for name in ("run/model.npz.pkl", "run/dictionary.pkl"):
            Path(name).write_bytes(HOSTILE)
        Path("text.txt").write_bytes(b"\n\n\n")
        return prepare_code(*arguments)

    monkeypatch.setattr(HereRuntime, "prepare_code", replace_files)
    done = encode(b"red\n")
    assert done.code == 0, done.err
    assert vectors() == [20.0]
    assert not Path("ran").exists()


# Dictionaries

HOSTILE = b"cos\nsystem\n(S'touch ran'\ntR."
WORDS = {"blue": 2, "green": 3, "grey": 4, "red": 5}

DICTIONARIES = {
    "hostile": (HOSTILE, "is refused: it holds os.system"),
    "no-pickle": (b"<html>", "cannot be read as a pickle"),
    "cut": (pickle.dumps(WORDS, 2)[:-5], "is truncated"),
    "list": (pickle.dumps(list(WORDS), 2), "it is no dictionary of words to numbers"),
    "words-to-words": (
        pickle.dumps(dict(zip(WORDS, WORDS, strict=True)), 2),
        "it is no dictionary of words to numbers",
    ),
    "fewer-words": (pickle.dumps({"blue": 2, "green": 3}, 2), "n_words is 6, and the first 2 words"),
    "a-gap": (pickle.dumps({**WORDS, "red": 6}, 2), "have other numbers than 2 to 5"),
    "another-order": (pickle.dumps({"late": 6, **WORDS}, 2), "have other numbers than 2 to 5"),
}


@pytest.mark.parametrize(("data", "reason"), DICTIONARIES.values(), ids=DICTIONARIES)
def test_a_dictionary_that_is_none_or_not_the_models(encode: Run, data: bytes, reason: str) -> None:
    Path("words.pkl").write_bytes(data)
    refused = encode(b"red\n", "--dictionary", "words.pkl")
    assert refused.code == 1
    assert "words.pkl" in refused.err
    assert reason in refused.err
    assert not Path("ran").exists()


def test_a_larger_dictionary_is_the_models(encode: Run) -> None:
    Path("words.pkl").write_bytes(pickle.dumps({**WORDS, "late": 6, "later": 7}, 2))
    assert encode(b"red late\n", "--dictionary", "words.pkl").code == 0
    assert vectors() == [24.0]  # late is unknown, which is the row that begins with 4


# Word vectors


def rows(size: int, words: Iterable[str] = ("seen", "red")) -> list[tuple[str, list[float]]]:
    return [(word, [100.0 + i] + [0.5] * (size - 1)) for i, word in enumerate(words)]


def as_text(size: int = 300, header: str = "2 300\n", end: str = "\n", **kwargs: Any) -> bytes:
    lines = [" ".join([word, *map(str, vector)]) for word, vector in rows(size, **kwargs)]
    return (header + end.join(lines) + end).encode()


def as_binary(size: int = 300, header: str = "2 300\n", end: bytes = b"\n", **kwargs: Any) -> bytes:
    data = [word.encode() + b" " + struct.pack(f"<{size}f", *vector) + end for word, vector in rows(size, **kwargs)]
    return header.encode() + b"".join(data)


VECTORS = {
    "text": as_text(),
    "text-with-blanks-at-the-end": as_text(end=" \n"),
    "text-with-carriage-returns": as_text(end="\r\n"),
    "binary": as_binary(),
    "binary-without-ends": as_binary(end=b""),
}


@pytest.mark.cases_by_default(8)
@pytest.mark.parametrize("name", ["v.txt", "v.vec", "v.bin", "v"])
@pytest.mark.parametrize("data", VECTORS.values(), ids=VECTORS)
def test_word_vectors_of_either_format_under_any_name(encode: Run, data: bytes, name: str) -> None:
    Path(name).write_bytes(data)
    done = encode(b"seen\nred\n", "--word2vec", name)
    assert done.code == 0, done.err
    assert vectors() == [100.0, 20.0]
    assert "Without --word2vec" not in done.err


NO_VECTORS = {
    "glove": (as_text(header=""), "its first line is no `COUNT SIZE` but a vector already"),
    "html": (b"<!DOCTYPE html>\n<html>404</html>\n", "a page of the web"),
    "gzip": (b"\x1f\x8b\x08\x00" + b"x" * 100, "compressed (gzip)"),
    "words": (b"red green\nblue\n", "its first line is not `COUNT SIZE`"),
    "nothing-but-zeros": (b"0 0\n", "its first line is not `COUNT SIZE`"),
    "only-a-header": (b"2 300\n", "its first line says 2 words, and there are 0"),
    "huge-header": (b"9" * 50 + b" 300\n" + b"x" * 99, "its first line is not `COUNT SIZE`"),
    "huge-count": (as_binary(header="999999999 300\n"), "it ends after 2 of 999999999 words"),
    "another-size-in-text": (
        as_text(size=50, header="2 50\n"),
        "its vectors have 50 numbers; skip-thoughts takes those of 300",
    ),
    "another-size-in-binary": (as_binary(size=50, header="2 50\n"), "its vectors have 50 numbers"),
    "wrong-size-in-text": (as_text(size=50), "line 2 has 50 numbers after its word, not the 300"),
    "wrong-size-in-binary": (as_binary(size=50), "it ends"),
    "wrong-smaller-size-in-binary": (as_binary(header="2 50\n"), "there is no word number 2"),
    "text-cut-in-a-line": (as_text()[:-400], "numbers after its word, not the 300"),
    "text-cut-after-a-line": (as_text(header="3 300\n"), "its first line says 3 words, and there are 2"),
    "text-that-goes-on": (as_text(header="1 300\n"), "its first line says 1 words, and there are 2"),
    "binary-cut": (as_binary()[:-500], "it ends within the vector of word 2 of 2"),
    "binary-cut-after-a-vector": (as_binary(header="3 300\n"), "it ends after 2 of 3 words"),
    "binary-that-goes-on": (as_binary(header="1 300\n"), "it goes on after the 1 words"),
    "word-with-a-blank": (as_text(words=("new york", "red")), "line 2 has 301 numbers after its word"),
    "no-number": (as_text().replace(b"0.5", b"0,5"), "line 2 has something else than numbers"),
    "nan-in-text": (as_text().replace(b"101.0", b"nan"), "numbers that are not finite"),
    "nan-in-binary": (as_binary().replace(struct.pack("<f", 101), struct.pack("<f", float("nan"))), "not finite"),
    "word-twice": (as_text(words=("red", "red")), "1 of its 2 words stand there more than once"),
}


@pytest.mark.cases_by_default(12)
@pytest.mark.parametrize(("data", "reason"), NO_VECTORS.values(), ids=NO_VECTORS)
def test_word_vectors_that_are_none_or_other_ones(encode: Run, data: bytes, reason: str) -> None:
    Path("vectors.vec").write_bytes(data)
    refused = encode(b"seen\n", "--word2vec", "vectors.vec", "--format", "json")
    error = refused.json["error"]
    assert (refused.code, error["kind"]) == (1, "WordVectorsError")
    assert error["details"]["file"].endswith("vectors.vec")
    assert reason in error["message"]
    assert not Path("vectors.npy").exists()


def test_a_vector_that_is_no_number_is_refused(encode: Run) -> None:
    write_parameters(lambda arrays: arrays["Wemb"].__setitem__(5, numpy.nan))
    refused = encode(b"blue\nred\ngreen\n")
    assert refused.code == 1
    assert "text.txt: no finite vector for line 2" in refused.err
