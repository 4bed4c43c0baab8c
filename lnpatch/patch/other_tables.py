"""Tables of layers in a checkout that a patch leaves as they are: another encoder or decoder may look its layers up there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lnpatch import conventions, source
from lnpatch.edits import CheckoutFiles, fill_placeholders
from lnpatch.edits.register import RegisterLayer
from lnpatch.errors import SourceSyntaxError
from lnpatch.recipes import Recipe

#: What a pair of a table looks like: to parse every file of a repository takes a minute.
_PAIR = re.compile(rb"""['"]param_init_\w+['"]\s*,\s*['"]\w+['"]""")


def describe_other_tables(recipe: Recipe, values: Mapping[str, str], files: CheckoutFiles) -> Iterator[str]:
    """Yield a remark for people for each table of layers that the recipe registers no layer in.

    Args:
        values: the values of the recipe placeholders.
        files: the checkout, before the patch or with it.
    """
    registered = {
        (files.locate(edit.file), fill_placeholders(edit.table, values))
        for edit in recipe.edits
        if isinstance(edit, RegisterLayer) and not edit.needs() - set(values)
    }
    for path in files.names():
        data = files.read(path) if path.endswith(".py") else None
        if data is None or not _PAIR.search(data):
            continue
        try:
            with source.deep_recursion():
                tables = conventions.find_layer_tables(source.Source.read(data, path).module, path)
        except SourceSyntaxError:
            continue
        for table in tables:
            if (files.locate(path), table.name) not in registered:
                yield f"{path}:{table.line} has a table of layers, too ({table.name}), which this patch leaves as it is."
