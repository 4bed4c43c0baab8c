"""Passes a recipe's padding to the module over PyTensor: batches brought to a few shapes, since JAX compiles once for each."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lnpatch.recipes.job import PaddedFunction, Padding
from lnpatch.runtimes.launch import Launch
from lnpatch.schema import Scalar


def with_padding(launch: Launch, padding: Padding, settings: Mapping[str, Any]) -> Launch:
    """Return *launch* with the padding in its environment, if it is a launch of PyTensor.

    ``templates/pytensor/theano/_padding.py`` reads it there, and documents it.

    Args:
        settings: the trainer's hyperparameters, for buckets that are named after one of them.
    """
    if not padding.functions or "LNPATCH_BACKEND" not in launch.environment:
        return launch
    text = json.dumps(declare_padding(padding, settings), separators=(",", ":"))
    return replace(launch, environment={**launch.environment, "LNPATCH_PADDING": text})


def declare_padding(padding: Padding, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of LNPATCH_PADDING; an axis whose last bucket is not known stays as it is."""
    buckets: dict[str, list[int]] = {}
    for axis, declared in padding.buckets.items():
        if lengths := _resolve_buckets(declared, settings):
            buckets[axis] = lengths
    # a function is recognized by all of its inputs, and one that is a length can be declared as nothing but its axis
    functions = [
        _declare_function(function, buckets)
        for function in padding.functions
        if all(axis in buckets for axis in function.lengths.values())
    ]
    return {"buckets": buckets, "functions": functions}


def _resolve_buckets(declared: Sequence[Scalar], settings: Mapping[str, Any]) -> list[int]:
    """Return the lengths, with the hyperparameter's value for its name; none, where it is not a length."""
    *smaller, last = declared
    largest = settings.get(last) if isinstance(last, str) else last
    if not isinstance(largest, int) or largest < 1:
        return []
    # the user may have set the hyperparameter to less than the recipe's buckets
    return [*(length for length in smaller if isinstance(length, int) and length < largest), largest]


def _declare_function(function: PaddedFunction, known: Collection[str]) -> dict[str, Any]:
    return {
        "inputs": {name: _declare_axes(axes, known) for name, axes in function.inputs.items()} | function.lengths,
        "masks": function.masks,
        "outputs": [_declare_axes(axes, known) for axes in function.outputs],
    }


def _declare_axes(axes: Sequence[str], known: Collection[str]) -> list[str | None]:
    return [axis if axis in known else None for axis in axes]
