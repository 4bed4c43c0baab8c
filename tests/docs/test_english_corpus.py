"""The script that makes a corpus of Debian's packages: what it reads of each kind of file, without a network."""

from __future__ import annotations

import gzip
import runpy
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "docs/examples/english_corpus.py"

PAGE = """<html><head><p>Not this.</p></head><body><h1>Nor this.</h1>
<p>It was a <em>dark</em> night.<p>The next one has no end tag.</p>
<pre>int not_code(void);</pre><table><tr><td><p>no cell of a table.</p></td></tr></table><div>no paragraph</div></body></html>"""
POD = "=head1 NAME\n\nUse C<print> or L<say|perlfunc/say> here.\n\n    my $code = 1;\n\nB<Bold> words.\n"
FORTUNES = "A short one.\n%\nA long one, by somebody.\n\t\t-- Somebody\n%\n"


def serialize(lines: list[str]) -> bytes:
    """Return a character vector as R keeps it, unpacked size in front."""
    strings = b"".join(struct.pack(">ii", 0x00040009, len(line)) + line.encode() for line in lines)
    header = b"X\n" + struct.pack(">iii", 3, 0x040201, 0x030500) + struct.pack(">i", 5) + b"UTF-8"
    data = header + struct.pack(">ii", 16, len(lines)) + strings
    return struct.pack(">I", len(data)) + zlib.compress(data)


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


@pytest.mark.parametrize(
    ("reader", "name", "content", "paragraphs"),
    [
        ("read_html", "a.html", PAGE.encode(), ["It was a dark night.", "The next one has no end tag."]),
        ("read_pod", "a.pod", POD.encode(), ["Use print or perlfunc/say here.", "Bold words.\n"]),
        ("read_fortunes", "wisdom", FORTUNES.encode(), ["A short one.\n", "A long one, by somebody.\n", ""]),
        ("read_fortunes", "wisdom.dat", b"\0\1\2", []),
        (
            "read_dictionary",
            "a.dict.dz",
            gzip.compress(b"word\n  its meaning.\n\nnext", mtime=0),
            ["word\n  its meaning.", "next"],
        ),
        ("read_r_novels", "a.rdb", serialize(["EMMA", "", "by", "her"]) * 2, ["EMMA", "by\nher"] * 2),
    ],
    ids=["HTML", "pod", "fortunes", "index of fortunes", "dictionary", "R's novels"],
)
def test_paragraphs(
    script: dict[str, Any], tmp_path: Path, reader: str, name: str, content: bytes, paragraphs: list[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    read: Callable[[Path], list[str]] = script[reader]
    assert read(path) == paragraphs


@pytest.mark.parametrize(
    ("paragraph", "sentences"),
    [
        ("Mr. Knightley's come. She said so!", ["mr . knightley's come .", "she said so !"]),
        ("\u201cIt is so,\u201d said he. \u201cNo.\u201d", ['" it is so , " said he .']),
        ("A heading that ends nowhere", []),
        ("1 2 3 4 5 6 seven.", []),
        ("word " * 61 + "end.", []),
    ],
)
def test_sentences(script: dict[str, Any], paragraph: str, sentences: list[str]) -> None:
    assert list(script["sentences_of"](paragraph)) == sentences


@pytest.mark.parametrize("programs", ["no apt-get", "no such package"])
def test_what_cannot_be_had(
    script: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: str
) -> None:
    if programs == "no such package":
        apt = tmp_path / "apt-get"
        apt.write_text("#!/bin/sh\necho 'E: Unable to locate package' >&2; exit 100\n")
        apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"apt-get is not there|Unable to locate package\nDoes `apt-get update` help"):
        script["unpack"]("fortunes", tmp_path)
