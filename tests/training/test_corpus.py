"""Corpora as people have them: what is read, what is refused, and with which words."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.errors import BadDataError
from lnpatch.recipes.job import Corpus
from lnpatch.training.corpus import check_corpus, write_plain_corpus
from tests.conftest import Output
from tests.training.conftest import TOY

Run = Callable[..., Output]

ALONE = Corpus()
NEIGHBOURS = Corpus(neighbours=1, shorter_than="maxlen_w")
SETTINGS = {"maxlen_w": 4}

TEXT = "the cat sat\nein Käse\nit is\n"
PLAIN = TEXT.encode()

#: Files, whether they are trained on as they are, and the plain text that they stand for.
READ = [
    pytest.param(PLAIN, True, TEXT, id="plain"),
    pytest.param(PLAIN[:-1], True, TEXT, id="no last newline"),
    pytest.param(b"\n\n" + PLAIN + b" \n\t\n", True, TEXT, id="blank lines"),
    pytest.param(PLAIN.replace(b"\n", b"\r\n"), True, TEXT, id="CRLF"),
    pytest.param(codecs.BOM_UTF8 + PLAIN, False, TEXT, id="BOM"),
    pytest.param(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), False, TEXT, id="UTF-16, little-endian"),
    pytest.param(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), False, TEXT, id="UTF-16, big-endian"),
    pytest.param(codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), False, TEXT, id="UTF-32"),
    pytest.param(gzip.compress(PLAIN), False, TEXT, id="gzip"),
    pytest.param(gzip.compress(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")), False, TEXT, id="gzip of UTF-16"),
    pytest.param(PLAIN.replace(b"\n", b"\r"), False, TEXT, id="CR only"),
    pytest.param(b"the cat sat\rein K\xc3\xa4se\r\nit is\n", False, TEXT, id="mixed ends of lines"),
    pytest.param("the\xa0cat\u2003sat\nein Käse\nit\u2028is\n".encode(), False, TEXT, id="blanks that are not ASCII"),
    pytest.param("a b\n\xa0\nc d\n\x1c\ne f\n".encode(), False, "a b\nc d\ne f\n", id="lines of such blanks alone"),
]


@pytest.mark.parametrize(("data", "plain", "text"), READ)
def test_what_is_read(tmp_path: Path, data: bytes, plain: bool, text: str) -> None:
    file, copy = tmp_path / "corpus", tmp_path / "copy"
    file.write_bytes(data)
    report = check_corpus(file, ALONE, {})
    assert (report.plain, report.sentences, report.notes) == (plain, 3, ())
    write_plain_corpus(file, copy)
    assert copy.read_bytes() == text.encode()
    assert check_corpus(copy, ALONE, {}).plain
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "corpus"]


LONG = "one two three four\n"

#: Files, what a sample is, the line that is named, and words of the message.
REFUSED = [
    pytest.param(b"\n \n\t\r\n", ALONE, 0, ["no sentence", "blank"], id="blank"),
    pytest.param(codecs.BOM_UTF8, ALONE, 0, ["no sentence"], id="only a BOM"),
    pytest.param(gzip.compress(b""), ALONE, 0, ["no sentence"], id="gzip of nothing"),
    pytest.param(b"one\n", NEIGHBOURS, 0, ["1 sentence,", "3 in all"], id="one sentence"),
    pytest.param(b"one\ntwo\n", NEIGHBOURS, 0, ["2 sentences"], id="two sentences"),
    pytest.param(LONG.encode() * 5, NEIGHBOURS, 0, ["5 of 5 sentences", "maxlen_w=N"], id="all too long"),
    pytest.param(f"a\na\n{LONG}a\na\n".encode(), NEIGHBOURS, 0, ["1 of 5 sentences"], id="no three in a row"),
    pytest.param(b"a\nb\nK\xe4se\n", ALONE, 3, ["0xe4", "iconv -f ISO-8859-1"], id="Latin-1"),
    pytest.param(b"a\r\nb\r\nK\xe4se\r\n", ALONE, 3, ["0xe4"], id="Latin-1 with CRLF"),
    pytest.param(b"a\nb\n\xc3", ALONE, 3, ["0xc3"], id="cut off in a character"),
    pytest.param(b"a\nb\0c\n", ALONE, 2, ["NUL"], id="NUL"),
    pytest.param("a\nb\n".encode("utf-16-le"), ALONE, 1, ["NUL", "UTF-16"], id="UTF-16 without a mark"),
    pytest.param(codecs.BOM_UTF16_LE + b"a\0b", ALONE, 1, ["UTF-16"], id="UTF-16 cut off"),
    pytest.param(gzip.compress(PLAIN * 100)[:-12], ALONE, 0, ["gzip", "damaged"], id="gzip cut off"),
    pytest.param(gzip.compress(PLAIN)[:15] + b"xxxx", ALONE, 0, ["gzip", "damaged"], id="gzip damaged"),
    pytest.param(gzip.compress(b"a\nb\0"), ALONE, 2, ["NUL"], id="gzip of something else"),
    pytest.param(b"BZh91AY&SY", ALONE, 0, ["packed", "bunzip2"], id="bzip2"),
    pytest.param(b"PK\x03\x04....", ALONE, 0, ["packed", "unzip"], id="zip"),
    pytest.param(b"a\n" + b"word " * 300_000, ALONE, 2, ["1,000,000 characters"], id="an endless line"),
]


@pytest.mark.parametrize(("data", "corpus", "line", "words"), REFUSED)
def test_what_is_refused(tmp_path: Path, data: bytes, corpus: Corpus, line: int, words: list[str]) -> None:
    file = tmp_path / "the corpus.txt"
    file.write_bytes(data)
    with pytest.raises(BadDataError) as refused:
        check_corpus(file, corpus, SETTINGS)
    assert refused.value.line == line
    assert str(refused.value).startswith(f"{file}:{line}: " if line else f"{file}: ")
    for word in words:
        assert word in str(refused.value)


def test_how_many_sentences_are_too_long_is_said(tmp_path: Path) -> None:
    file = tmp_path / "corpus.txt"
    file.write_text("a\nb\nc\nd\n" + LONG + "e\nf\ng\n")
    report = check_corpus(file, NEIGHBOURS, SETTINGS)
    assert (report.sentences, report.too_long, report.samples, report.used) == (8, 1, 6, 3)
    (note,) = report.notes
    for words in (
        "1 of 8 sentences (12%)",
        "4 words or more",
        "maxlen_w = 4",
        "50% of the samples",
        "--set maxlen_w=N",
    ):
        assert words in note


def test_a_line_end_between_two_blocks(tmp_path: Path) -> None:
    file = tmp_path / "corpus.txt"
    file.write_bytes(b"a" * 1000 + b"\r" + (b"b " * 500 + b"\r\n") * 3000)
    assert check_corpus(file, ALONE, {}).sentences == 3001
    for shift in range(4):  # the block is read after the four bytes in which a mark may be
        file.write_bytes(b"".join([b"a\r\n" * 349526, b"x" * shift, b"\r\n\xc3\xa4\r\n"]))
        assert check_corpus(file, ALONE, {}).sentences == 349527 + bool(shift)


# On the command line


@pytest.mark.parametrize(
    "data",
    [pytest.param(b"\n\n", id="blank"), pytest.param(b"K\xe4se\n", id="Latin-1"), pytest.param(b"a\0", id="NUL")],
)
def test_nothing_is_made_for_a_corpus_that_is_refused(lnpatch: Run, toy: Path, data: bytes) -> None:
    Path("bad.txt").write_bytes(data)
    refused = lnpatch("train", TOY, "--data", "bad.txt")
    assert refused.code == 1
    assert "bad.txt" in refused.err
    assert "Traceback" not in refused.err
    assert not Path("runs").exists()


def test_the_trainer_gets_a_plain_copy(lnpatch: Run, toy: Path) -> None:
    Path("utf16.txt").write_bytes(codecs.BOM_UTF16_LE + "a b\rc d\r".encode("utf-16-le"))
    done = lnpatch("train", TOY, "--data", "utf16.txt", "--output", "run", "--max-updates", "2", "--format", "json")
    assert done.code == 0, done.err
    assert Path("run/corpus.txt").read_bytes() == b"a b\nc d\n"
    assert done.json["data"] == str(Path("utf16.txt").absolute())


def test_a_resume_with_another_corpus_is_refused(lnpatch: Run, toy: Path) -> None:
    Path("corpus.txt").write_text("a b\nc d\n")
    assert lnpatch("train", TOY, "--data", "corpus.txt", "--output", "run", "--max-updates", "2").code == 0
    before = {path.name: path.read_bytes() for path in Path("run").iterdir() if path.is_file()}
    Path("moved.txt").write_text("a b\nc d\n")
    Path("corpus.txt").write_text("a b\nc e\n")
    for arguments in ([], ["--data", "corpus.txt"]):
        refused = lnpatch("train", TOY, "--resume", "--output", "run", *arguments)
        assert refused.code == 4
        assert "SHA-256" in refused.err
        assert {path.name: path.read_bytes() for path in Path("run").iterdir() if path.is_file()} == before
    on = lnpatch("train", TOY, "--resume", "--output", "run", "--data", "moved.txt", "--max-updates", "3")
    assert on.code == 0, on.err


def test_a_resume_keeps_the_seed(lnpatch: Run, toy: Path) -> None:
    assert lnpatch("train", TOY, "--output", "run", "--max-updates", "2", "--seed", "5").code == 0
    refused = lnpatch("train", TOY, "--resume", "--output", "run", "--seed", "6")
    assert refused.code == 2
    assert "seed 5" in refused.err
    on = lnpatch("train", TOY, "--resume", "--output", "run", "--max-updates", "4", "--format", "json")
    assert on.json["seed"] == 5
