"""Read what a server says about the bytes that it sends: how many, which ones, and of which version of the file.

Nothing of it is taken on trust: a number that is none, or a part that cannot be, counts as not said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class ContentRange:
    """The part of a file that an answer brings."""

    #: The first and the last byte, counted from 0.
    start: int
    end: int
    #: The size of the whole file in bytes, 0 where it is not said.
    total: int


def parse_content_range(response: httpx.Response) -> ContentRange | None:
    """Return the part that an answer names; None where it names none, or one that cannot be."""
    header = response.headers.get("Content-Range", "").strip()
    match = re.fullmatch(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", header)
    if not match:
        return None
    part = ContentRange(int(match[1]), int(match[2]), 0 if match[3] == "*" else int(match[3]))
    return part if part.start <= part.end and (match[3] == "*" or part.end < part.total) else None


def parse_content_length(response: httpx.Response) -> int | None:
    """Return how many bytes an answer announces, None where it does not."""
    header = response.headers.get("Content-Length", "").strip()
    return int(header) if re.fullmatch("[0-9]{1,20}", header) else None


def choose_validator(response: httpx.Response) -> str:
    """Return what tells this version of the file from others: a strong ETag, else the date of its last change.

    A weak ETag (``W/"..."``) allows for other bytes of the same meaning, so RFC 9110 (13.1.5) rules it out for ranges.
    """
    candidates = (response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))
    usable = [value for value in candidates if is_validator(value) and not value.startswith("W/")]
    return usable[0] if usable else ""


def is_validator(text: str) -> bool:
    """Tell whether *text* is a strong ETag or a date, and can be sent back as a header."""
    return re.fullmatch(r'"[\x21\x23-\x7e]{0,1000}"|[A-Za-z]{3,9},? [\x20-\x7e]{1,60}', text) is not None
