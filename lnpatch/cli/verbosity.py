"""How much a command says beside its data: with ``-q`` errors alone."""

from __future__ import annotations

_quiet = False


def is_quiet() -> bool:
    """Return whether nothing but errors is to be on standard error."""
    return _quiet


def set_quiet(value: bool) -> None:
    """Have nothing but errors on standard error, or not."""
    global _quiet
    _quiet = value
