"""Make a corpus of real English, a sentence a line, from packages that Debian carries.

    python docs/examples/english_corpus.py english.txt

skip-thoughts was trained on the BookCorpus, which nobody gives away any more. This is text that everybody may have: novels, essays,
manuals, jokes. It needs Debian's `apt-get` and `dpkg-deb` and the network, no rights of root, and installs nothing: packages are
downloaded and unpacked in a temporary folder. Sentences are tokens separated by blanks, in lower case, as skip-thoughts takes them.
They are shuffled with a fixed seed, so that the same packages give the same file; what each package gave is printed.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

#: What a sentence may have: fewer tokens than two say nothing, more than these are lists that lost their bullets.
SHORTEST, LONGEST = 3, 60

#: A word with its apostrophes and hyphens, a number, or one sign of punctuation.
TOKEN = re.compile(r"[a-z]+(?:['-][a-z]+)*|\d+(?:[.,]\d+)*|[.,;:!?()\"'-]")
#: Where a sentence ends: its sign, closing quotes, a blank, and what begins the next.
END = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[\"'(]*[A-Z])")
#: Titles and the like, whose dot ends no sentence.
ABBREVIATION = re.compile(r"\b(Mr|Mrs|Ms|Dr|St|Prof|vs|etc|e\.g|i\.e|cf|No|pp?|vol)\.", re.IGNORECASE)
#: A dot that is none while sentences are told apart.
NO_END = "\N{ONE DOT LEADER}"


class Paragraphs(HTMLParser):
    """The paragraphs of a page: the text of its `p` elements, without tables, code and what is navigated by."""

    _SKIPPED = frozenset({"pre", "table", "script", "style", "nav", "footer", "head"})

    def __init__(self) -> None:
        super().__init__()
        self.paragraphs: list[str] = []
        self._text: list[str] | None = None
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a paragraph, or a part that is skipped."""
        if tag in self._SKIPPED:
            self._skipped += 1
        elif tag == "p":
            self._end_paragraph()
            self._text = []

    def handle_endtag(self, tag: str) -> None:
        """End a paragraph, or a part that is skipped."""
        if tag in self._SKIPPED:
            self._skipped = max(0, self._skipped - 1)
        elif tag in ("p", "div", "body", "li"):
            self._end_paragraph()

    def handle_data(self, data: str) -> None:
        """Take text that stands in a paragraph."""
        if self._text is not None and not self._skipped:
            self._text.append(data)

    def _end_paragraph(self) -> None:
        if self._text:
            self.paragraphs.append("".join(self._text))
        self._text = None


def read_html(path: Path) -> list[str]:
    """Return the paragraphs of a page."""
    page = Paragraphs()
    page.feed(path.read_text("utf-8", "replace"))
    page.close()
    return page.paragraphs


def read_pod(path: Path) -> list[str]:
    """Return the paragraphs of Perl's documentation: no commands, nothing that is indented, and no codes such as C<...>."""
    paragraphs = (part for part in re.split(r"\n\s*\n", path.read_text("utf-8", "replace")) if part[:1] not in "= \t")
    without_codes = (re.sub(r"[A-Z]<+ ?(?:[^<>|]*\|)?([^<>]*?) ?>+", r"\1", part) for part in paragraphs)
    return [re.sub(r"[A-Z]<+|>+", "", part) for part in without_codes]


def read_fortunes(path: Path) -> list[str]:
    """Return the fortunes of a file, without who said them; `%` on a line of its own stands between them."""
    if path.suffix == ".dat":  # the index of another file
        return []
    parts = re.split(r"^%\n", path.read_text("utf-8", "replace"), flags=re.MULTILINE)
    return [re.split(r"^\s+-- ", part, flags=re.MULTILINE)[0] for part in parts]


def read_dictionary(path: Path) -> list[str]:
    """Return the paragraphs of a dictd dictionary, which is a gzip file with an index of its own."""
    return re.split(r"\n\s*\n", gzip.decompress(path.read_bytes()).decode("utf-8", "replace"))


def read_r_novels(path: Path) -> list[str]:
    """Return the paragraphs of character vectors that R keeps for lazy loading, one line of a novel each.

    The file is a row of records: their unpacked size in four bytes, then zlib. Each is R's binary serialization, version 3
    ("R Internals", section 1.8): a header with the name of the encoding, the type 16 (strings), their number, and the strings.
    """
    packed, paragraphs = path.read_bytes(), []
    while packed:
        unpacker = zlib.decompressobj()
        data, packed = unpacker.decompress(packed[4:]), unpacker.unused_data
        (encoding_size,) = struct.unpack(">i", data[14:18])
        position = 18 + encoding_size
        kind, count = struct.unpack(">ii", data[position : position + 8])
        if kind & 0xFF != 16:
            continue
        position += 8
        lines = []
        for _ in range(count):
            (size,) = struct.unpack(">i", data[position + 4 : position + 8])
            lines.append(data[position + 8 : position + 8 + max(size, 0)].decode("utf-8", "replace"))
            position += 8 + max(size, 0)
        paragraphs += "\n".join(lines).split("\n\n")
    return paragraphs


#: Each package, the files of it that are read, and how.
PACKAGES = {
    "anarchism": ("usr/share/doc/anarchism/html/*.html", read_html),
    "debian-reference-en": ("usr/share/debian-reference/*.en.html", read_html),
    "dict-jargon": ("usr/share/dictd/jargon.dict.dz", read_dictionary),
    "fortunes": ("usr/share/games/fortunes/*", read_fortunes),
    "linux-doc-6.1": ("usr/share/doc/linux-doc-6.1/html/**/*.html", read_html),
    "perl-doc": ("usr/share/perl/*/pod/*.pod", read_pod),
    "r-cran-janeaustenr": ("usr/lib/R/site-library/janeaustenr/data/Rdata.rdb", read_r_novels),
}


def sentences_of(paragraph: str) -> Iterator[str]:
    """Yield the sentences of a paragraph that end as a sentence does, as tokens in lower case, with a blank between them."""
    text = " ".join(paragraph.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2014: " - "}).split())
    for sentence in END.split(ABBREVIATION.sub(rf"\1{NO_END}", text)):
        if sentence.rstrip("\"')")[-1:] not in (".", "!", "?"):
            continue
        tokens = TOKEN.findall(sentence.replace(NO_END, ".").lower())
        words = sum(token[0].isalpha() for token in tokens)
        if SHORTEST <= len(tokens) <= LONGEST and 2 * words > len(tokens):
            yield " ".join(tokens)


def unpack(package: str, folder: Path) -> Path:
    """Download a package, unpack it below a folder, and return where; exit with what apt said if it can't be had."""
    try:
        # The sandbox of apt may not write into a folder of ours; what is fetched is checked by its signature all the same.
        command = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", package]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        (archive,) = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, folder / package], check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        sys.exit(f"{error.filename} is not there; this script needs Debian, or a container of it")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{package} can't be had: {error.stderr.strip()}\nDoes `apt-get update` help?")
    return folder / package


def main() -> None:
    """Write the corpus, and print what each package gave."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="the file to write")
    output = parser.parse_args().output
    corpus: dict[str, None] = {}  # in order, each sentence once
    with tempfile.TemporaryDirectory() as folder:
        for package, (pattern, read) in PACKAGES.items():
            root, before = unpack(package, Path(folder)), len(corpus)
            for path in sorted(root.glob(pattern)):
                corpus.update((sentence, None) for part in read(path) for sentence in sentences_of(part))
            (archive,) = Path(folder).glob(f"{package}_*.deb")
            print(f"{len(corpus) - before:>7} sentences of {archive.name}")
    sentences = list(corpus)
    random.Random(1).shuffle(sentences)
    output.write_text("".join(f"{sentence}\n" for sentence in sentences), "utf-8")
    print(f"{len(sentences):>7} sentences in {output}")


if __name__ == "__main__":
    main()
