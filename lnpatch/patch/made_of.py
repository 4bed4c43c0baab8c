"""What a patch is made of: whether a recorded one would be made the same way today."""

from __future__ import annotations

from lnpatch import __version__
from lnpatch.checkout.record import MadeOf, Record
from lnpatch.files import sha256_of
from lnpatch.folders import templates
from lnpatch.recipes import Recipe


def what_makes(recipe: Recipe) -> MadeOf:
    """Return what a patch of *recipe* is made of now: this lnpatch, the recipe's edits, the templates."""
    folder = templates() / "layers"
    texts = [sha256_of(path.read_bytes()) for path in sorted(folder.rglob("*.py"))]
    parts = [__version__, repr(recipe.cells), repr(recipe.edits), repr(recipe.repairs), *texts]
    return MadeOf(__version__, sha256_of("\n".join(parts).encode("utf-8", "surrogateescape")))


def is_outdated(record: Record, recipe: Recipe) -> bool:
    """Return whether a recorded patch may be another one than is made now; one of lnpatch 0.1.0 does not say."""
    return record.made_of != what_makes(recipe)
