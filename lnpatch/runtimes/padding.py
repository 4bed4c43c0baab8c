"""Batches brought to a few shapes, since JAX compiles once for each: the recipe's declaration, for the module over PyTensor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lnpatch.recipes.recipe import Padding
from lnpatch.runtimes.launch import Launch


def with_padding(launch: Launch, padding: Padding, settings: Mapping[str, Any]) -> Launch:
    """*launch* with the declaration in its environment, if it is one of PyTensor's.

    ``templates/pytensor/theano/_padding.py`` says what it means there.

    Args:
        settings: the trainer's, for sizes that are one of them.
    """
    if not padding.functions or "LNPATCH_ENGINE" not in launch.environment:
        return launch
    text = json.dumps(as_declaration(padding, settings), separators=(",", ":"))
    return replace(launch, environment={**launch.environment, "LNPATCH_PADDING": text})


def as_declaration(padding: Padding, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The declaration with its sizes as numbers; an axis whose size is not known here stays as it is."""
    sizes: dict[str, Any] = {}
    for axis, size in padding.sizes.items():
        most = settings.get(size.most) if isinstance(size.most, str) else size.most
        if isinstance(most, int) and most > 0:
            sizes[axis] = {"steps": [step for step in size.steps if step < most], "most": most}
    functions = [
        {
            "inputs": {name: _axes(axes, sizes) for name, axes in function.inputs.items()}
            | {name: axis for name, axis in function.lengths.items() if axis in sizes},
            "masks": function.masks,
            "outputs": [_axes(axes, sizes) for axes in function.outputs],
        }
        for function in padding.functions
        if all(axis in sizes for axis in function.lengths.values())
    ]
    return {"sizes": sizes, "functions": functions}


def _axes(axes: tuple[str, ...], sizes: Mapping[str, Any]) -> list[str | None]:
    return [axis if axis in sizes else None for axis in axes]
