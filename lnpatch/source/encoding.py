"""Decode the bytes of a source file into text, and encode text into such bytes again (PEP 263)."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_COOKIE = re.compile(
    rb"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n))?"  # a first line of its own, if it holds no code
    rb"[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)"
)


@dataclass(frozen=True, slots=True)
class SourceEncoding:
    """How a file writes its text."""

    #: The name of the codec.
    name: str
    #: The byte order mark, empty where there is none.
    bom: bytes
    #: Whether the file declares the codec, and its bytes fit it.
    declared: bool

    def encode(self, text: str) -> bytes:
        """Return the bytes of a file with this text.

        Raises:
            UnicodeEncodeError: the text has a character that the codec cannot write.
        """
        return self.bom + text.encode(self.name)


def decode_source(data: bytes) -> tuple[str, SourceEncoding]:
    """Return the text of a file, and the encoding that gives the very same bytes back.

    That is the encoding that the file declares by byte order mark or cookie, or else UTF-8. Where this is unknown,
    does not fit the bytes or does not write them back as they were, each byte is read as one character (Latin-1).
    That does no harm: outside of literals and comments a Python 2 file is ASCII.
    """
    bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    body = data[len(bom) :]
    cookie = None if bom else _cookie(body)
    encoding = SourceEncoding(cookie or "utf-8", bom, declared=bool(bom or cookie))
    try:
        text = body.decode(encoding.name)
        if encoding.encode(text) == data:  # not so where a codec has two ways to write one character
            return text, encoding
    except (LookupError, UnicodeError, AssertionError):  # LookupError: also codecs that do not give text
        pass
    return body.decode("latin-1"), SourceEncoding("latin-1", bom, declared=False)


def _cookie(body: bytes) -> str | None:
    cookie = _COOKIE.match(body)
    if cookie is None:
        return None
    name = cookie[1].decode("ascii", "replace")
    # Python itself knows these spellings, which editors use, although its codec registry does not.
    spelling = re.match(r"(utf-8|iso-latin-1|iso-8859-1|latin-1)(-|$)", name.lower().replace("_", "-"))
    if spelling is None:
        return name
    return "utf-8" if spelling[1] == "utf-8" else "latin-1"
