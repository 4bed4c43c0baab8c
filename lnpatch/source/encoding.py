"""The bytes of a source file as text, and text as those bytes again (PEP 263)."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_COOKIE = re.compile(
    rb"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n))?"  # a first line of its own, if it holds no code
    rb"[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)"
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file writes its text: the codec's name and the byte order mark, which may be empty."""

    name: str
    bom: bytes

    def encode(self, text: str) -> bytes:
        """The bytes of a file with this text.

        Raises:
            UnicodeEncodeError: the text has a character that the codec cannot write.
        """
        return self.bom + text.encode(self.name)


def decode(data: bytes) -> tuple[str, Encoding]:
    """The text of a file, and the encoding that gives the very same bytes back.

    That is the encoding that the file declares by byte order mark or cookie, or else UTF-8. Where this is unknown,
    does not fit the bytes or does not write them back as they were, each byte is read as one character (Latin-1).
    All that a parser makes of a Python 2 file is ASCII; the rest is within literals and comments.
    """
    bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    body = data[len(bom) :]
    declared = Encoding("utf-8" if bom else _declared(body), bom)
    try:
        text = body.decode(declared.name)
        if declared.encode(text) == data:
            return text, declared
    except (LookupError, UnicodeError, AssertionError):  # LookupError: also codecs that do not give text
        pass
    return body.decode("latin-1"), Encoding("latin-1", bom)


def _declared(body: bytes) -> str:
    cookie = _COOKIE.match(body)
    if cookie is None:
        return "utf-8"
    name = cookie[1].decode("ascii", "replace")
    # Python itself knows these spellings, which editors use, although its codec registry does not.
    spelling = re.match(r"(utf-8|iso-latin-1|iso-8859-1|latin-1)(-|$)", name.lower().replace("_", "-"))
    if spelling is None:
        return name
    return "utf-8" if spelling[1] == "utf-8" else "latin-1"
