"""Addresses as they are sent to a server, and as they are shown and kept."""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit


def escape_address(address: str) -> str:
    """Return *address* as it is sent: brackets and blanks in its path are escaped, what is escaped already stays."""
    scheme, host, path, query, _ = urlsplit(address)
    return urlunsplit((scheme, host, quote(path, safe="/%~:@!$&'()*+,;="), query, ""))


def hide_password(address: str) -> str:
    """Return *address* without the name and the password that may be in it, for messages and for files."""
    scheme, host, path, query, fragment = urlsplit(address)
    return urlunsplit((scheme, host.rpartition("@")[2], path, query, fragment))
