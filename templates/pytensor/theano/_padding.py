"""Batches brought to a few shapes, since JAX compiles once for each.

LNPATCH_PADDING says what may be padded, as JSON:

    {"buckets": {"T": [8, 16, 30], "N": [64]},
     "functions": [{"inputs": {"x": ["T", "N"], "x_mask": ["T", "N"], "length": "T"}, "masks": {"x": "x_mask"}, "outputs": [["N", null]]}]}

A name in ``buckets`` is an axis; it is brought to the next of these lengths, in ascending order, and beyond the last of them to the
next multiple of that. Inputs that share an axis are brought to a common length. A function is recognized by the names of its inputs
and the ranks of its outputs; an axis that is null stays as it is, and a scalar input whose value is the length of an axis is declared
as that axis. What is added is 0, in the masks too, so that masked steps and samples add nothing; where the result of a function would
depend on the number of samples, the axis must not be named. Outputs are cut back to the real lengths.
"""

import json
import math
import os
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

from theano._graph import Graph

#: The name of each axis of an array, None for one that stays as it is.
Axes = tuple[str | None, ...]


@dataclass(frozen=True)
class Buckets:
    """The lengths that one axis is brought to, in ascending order."""

    lengths: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.lengths:
            raise ValueError("an axis has no buckets")
        if any(length < 1 for length in self.lengths):
            raise ValueError("lengths are 1 or more")
        if list(self.lengths) != sorted(set(self.lengths)):
            raise ValueError(f"lengths are in ascending order, not {', '.join(map(str, self.lengths))}")

    def round_up(self, length: int) -> int:
        """Return the length that ``length`` is brought to."""
        largest = self.lengths[-1]
        if length > largest:
            return -(-length // largest) * largest  # the floor of the negative is the ceiling
        return self.lengths[bisect_left(self.lengths, length)]


@dataclass(frozen=True)
class PaddedCall:
    """The inputs of one call, padded, and what is needed to cut its outputs back."""

    #: The values of all inputs.
    arrays: list[Any]
    #: The length of each axis before it was padded.
    real_lengths: dict[str, int]
    #: The axes of each output; empty where nothing is padded.
    output_axes: tuple[Axes, ...] = ()

    def cut_outputs(self, results: list[Any]) -> list[Any]:
        """Return the outputs without what comes of the padding."""
        if not self.output_axes:
            return results
        return [
            result[tuple(slice(None if axis is None else self.real_lengths[axis]) for axis in axes)]
            for result, axes in zip(results, self.output_axes, strict=True)
        ]


@dataclass(frozen=True)
class FunctionPadding:
    """How the inputs of one function are padded."""

    #: By name of the input: its axes, or for a scalar the axis whose length it is.
    inputs: Mapping[str, Axes | str]
    #: The axes of each output.
    outputs: tuple[Axes, ...]
    #: By name of the axis.
    buckets: Mapping[str, Buckets]
    #: By name of the input: the name of the input that masks it.
    masks: Mapping[str, str] = field(default_factory=dict)

    @property
    def bound(self) -> int:
        """The number of shapes, as long as no axis is longer than its last bucket and the other axes do not change."""
        return math.prod(len(self.buckets[axis].lengths) for axis in self.axes)

    @property
    def axes(self) -> set[str]:
        """The axes of the inputs that are padded."""
        return {axis for axes in self.inputs.values() if not isinstance(axes, str) for axis in axes if axis is not None}

    def matches(self, graph: Graph) -> bool:
        """Return whether this is declared for the function of ``graph``."""
        ranks = {variable.name: variable.ndim for variable in graph.inputs}
        declared = {name: 0 if isinstance(axes, str) else len(axes) for name, axes in self.inputs.items()}
        return ranks == declared and [variable.ndim for variable in graph.outputs] == [
            len(axes) for axes in self.outputs
        ]

    def pad_inputs(self, names: Sequence[str], arrays: Sequence[Any]) -> PaddedCall:
        """Pad the inputs of one call.

        Args:
            names: of all inputs of the function.
            arrays: the value of each.

        Raises:
            ValueError: the arrays contradict the declaration.
        """
        by_name = dict(zip(names, arrays, strict=True))
        for name, mask in self.masks.items():
            if by_name[name].shape[: by_name[mask].ndim] != by_name[mask].shape:
                raise ValueError(f"{name} is {by_name[name].shape}, but its mask {mask} is {by_name[mask].shape}")
        real: dict[str, int] = {}
        for name, axes in self.inputs.items():
            if not isinstance(axes, str):
                for axis, length in zip(axes, by_name[name].shape, strict=True):
                    if axis is not None:
                        real[axis] = max(real.get(axis, 0), length)
        padded = {axis: self.buckets[axis].round_up(length) for axis, length in real.items()}
        return PaddedCall([self._pad_array(name, by_name[name], real, padded) for name in names], real, self.outputs)

    def _pad_array(self, name: str, array: Any, real: dict[str, int], padded: dict[str, int]) -> Any:
        """Return one input with its axes from their real lengths to the padded ones, or the padded length where it is one."""
        axes = self.inputs[name]
        if isinstance(axes, str):
            if int(array) != real[axes]:
                raise ValueError(
                    f"{name} is {array}, but the axis {axes} whose length it is declared to be is {real[axes]}"
                )
            return numpy.asarray(padded[axes], array.dtype)
        shape = tuple(length if axis is None else padded[axis] for axis, length in zip(axes, array.shape, strict=True))
        if shape == array.shape:
            return array
        larger = numpy.zeros(shape, array.dtype)
        larger[tuple(map(slice, array.shape))] = array
        return larger


def parse_padding(text: str) -> list[FunctionPadding]:
    """Return the declarations in the JSON ``text``; none for an empty one.

    Raises:
        ValueError: the text is not such JSON; the message says where.
    """
    if not text:
        return []
    try:
        data = json.loads(text)
        buckets = {axis: Buckets(tuple(lengths)) for axis, lengths in data["buckets"].items()}
        declared = [
            FunctionPadding(
                inputs={name: _parse_axes(axes) for name, axes in function["inputs"].items()},
                outputs=tuple(tuple(axes) for axes in function["outputs"]),
                masks=function.get("masks", {}),
                buckets=buckets,
            )
            for function in data["functions"]
        ]
        for function in declared:
            _check_names(function)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"LNPATCH_PADDING: {type(error).__name__} {error}") from error
    except ValueError as error:
        raise ValueError(f"LNPATCH_PADDING: {error}") from error
    return declared


def _parse_axes(value: Any) -> Axes | str:
    return value if isinstance(value, str) else tuple(value)


def _check_names(function: FunctionPadding) -> None:
    """Check that axes and inputs are declared where their names are used.

    Raises:
        ValueError: one is not.
    """
    lengths = {axes for axes in function.inputs.values() if isinstance(axes, str)}
    outputs = {axis for axes in function.outputs for axis in axes if axis is not None}
    if unknown := (function.axes | lengths | outputs) - set(function.buckets):
        raise ValueError(f"buckets lacks {', '.join(sorted(unknown))}")
    if unknown := (lengths | outputs) - function.axes:
        raise ValueError(f"no input has the axis {', '.join(sorted(unknown))}")
    if unknown := {*function.masks, *function.masks.values()} - set(function.inputs):
        raise ValueError(f"masks names {', '.join(sorted(unknown))}, which is not an input")


_declared: list[FunctionPadding] | None = None


def declare_padding(text: str) -> None:
    """Use the JSON ``text`` instead of LNPATCH_PADDING, for the functions that are made from here on."""
    global _declared
    _declared = parse_padding(text)


def find_padding(graph: Graph) -> FunctionPadding | None:
    """Return what is declared for the function of ``graph``, or None."""
    if _declared is None:  # read late: a mistake in it is of no concern to the C backend
        declare_padding(os.environ.get("LNPATCH_PADDING", ""))
    return next((declared for declared in _declared or () if declared.matches(graph)), None)
