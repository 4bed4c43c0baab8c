"""How far a recipe is in a checkout."""

from __future__ import annotations

from enum import StrEnum


class PatchState(StrEnum):
    """How far a recipe is in a checkout."""

    #: Every edit is in place, as lnpatch wrote it.
    APPLIED = "applied"
    NOT_APPLIED = "not-applied"
    #: Some edits are in place.
    PARTIAL = "partial"
    #: Every edit is in place, and patched files were changed since.
    MODIFIED = "modified"
