"""Bytes to text and back: what is declared, and what holds although it is not."""

from __future__ import annotations

import pytest

from lnpatch.source.encoding import decode_source

DECODED = [
    pytest.param(b"x = 1\n", "utf-8", "x = 1\n", id="ascii"),
    pytest.param("x = 'é'\n".encode(), "utf-8", "x = 'é'\n", id="utf-8"),
    pytest.param(b"\xef\xbb\xbfx = 1\n", "utf-8", "x = 1\n", id="byte order mark"),
    pytest.param(b"# coding: latin-1\n# \xe9\n", "latin-1", "# coding: latin-1\n# é\n", id="latin-1"),
    pytest.param(b"#!python\n# -*- coding: latin-1 -*-\n# \xe9\n", "latin-1", None, id="second line"),
    pytest.param(b"#!python\r# vim: set fileencoding=latin-1 :\r# \xe9\r", "latin-1", None, id="bare CR"),
    pytest.param(b"# coding: iso-latin-1-unix\n# \xe9\n", "latin-1", None, id="an editor's name"),
    pytest.param("# coding: euc-jp\nx = '漢字'\n".encode("euc-jp"), "euc-jp", None, id="euc-jp"),
    pytest.param("# coding: shift_jis\nx = '表'\n".encode("shift_jis"), "shift_jis", None, id="backslash byte"),
    pytest.param(b"# coding: utf-8\n# \xe9\n", "latin-1", None, id="not what it declares"),
    pytest.param(b"# \xe9\n", "latin-1", None, id="nothing declared"),
    pytest.param(b"\xef\xbb\xbf# \xe9\n", "latin-1", "# é\n", id="byte order mark before other bytes"),
    pytest.param(b"# coding: no-such-codec\n", "latin-1", None, id="unknown codec"),
    pytest.param(b"# coding: rot13\n", "latin-1", None, id="no text codec"),
    pytest.param(b"x = 1\n# coding: latin-1\n", "utf-8", None, id="behind code"),
    pytest.param(b"#\n#\n# coding: latin-1\n", "utf-8", None, id="third line"),
    pytest.param(b"", "utf-8", "", id="empty"),
]


@pytest.mark.parametrize(("data", "name", "text"), DECODED)
def test_decode(data: bytes, name: str, text: str | None) -> None:
    decoded, encoding = decode_source(data)
    assert encoding.name == name
    assert text is None or decoded == text
    assert encoding.encode(decoded) == data


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_comes_back(byte: int) -> None:
    data = b"# " + bytes([byte]) + b"\n"
    text, encoding = decode_source(data)
    assert encoding.encode(text) == data
