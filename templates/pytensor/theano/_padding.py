"""Batches brought to a few shapes, since JAX compiles once for each.

LNPATCH_PADDING says what may be padded, as JSON:

    {"sizes": {"T": {"steps": [8, 16], "most": 30}, "N": {"most": 64}},
     "functions": [{"inputs": {"x": ["T", "N"], "x_mask": ["T", "N"], "length": "T"}, "masks": {"x": "x_mask"}, "outputs": [["N", null]]}]}

A name in ``sizes`` is an axis and the lengths it is brought to: the next of ``steps``, else ``most``, else the next multiple of it.
Inputs that share an axis are brought to a common length. A function is meant by the names of its inputs and the ranks of its outputs;
an axis that is null stays as it is, and a scalar input whose value is the length of an axis is given as the axis. What is added is
0, in the masks too, so that masked steps and samples add nothing; where the result of a function would depend on the number of
samples, the axis must not be named. Outputs are cut back to the real lengths.
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

Axes = tuple[str | None, ...]


@dataclass(frozen=True)
class Ladder:
    """The lengths that one axis may have."""

    most: int
    steps: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.most < 1 or any(step < 1 for step in self.steps):
            raise ValueError("lengths are 1 or more")
        object.__setattr__(
            self, "steps", tuple(sorted({*(step for step in self.steps if step < self.most), self.most}))
        )

    def fit(self, length: int) -> int:
        """The length that ``length`` is brought to."""
        if length > self.most:
            return -(-length // self.most) * self.most
        return self.steps[bisect_left(self.steps, length)]


@dataclass(frozen=True)
class Fitted:
    """The inputs of one call, padded, and what was real."""

    arrays: list[Any]
    real: dict[str, int]
    outputs: tuple[Axes, ...] = ()

    def cut(self, results: list[Any]) -> list[Any]:
        """The outputs without what the padding added."""
        if not self.outputs:
            return results
        return [
            result[tuple(slice(None if axis is None else self.real[axis]) for axis in axes)]
            for result, axes in zip(results, self.outputs, strict=True)
        ]


@dataclass(frozen=True)
class FunctionPadding:
    """How the inputs of one function are padded."""

    inputs: Mapping[str, Axes | str]
    outputs: tuple[Axes, ...]
    ladders: Mapping[str, Ladder]
    masks: Mapping[str, str] = field(default_factory=dict)

    @property
    def bound(self) -> int:
        """How many shapes there are, as long as no axis is longer than its ``most`` and the other axes do not change."""
        return math.prod(len(self.ladders[axis].steps) for axis in self.axes)

    @property
    def axes(self) -> set[str]:
        """The axes of the inputs that are padded."""
        return {axis for axes in self.inputs.values() if not isinstance(axes, str) for axis in axes if axis is not None}

    def fits(self, graph: Graph) -> bool:
        """Whether this is meant for the function of ``graph``."""
        names = {variable.name: variable.ndim for variable in graph.inputs}
        wanted = {name: 0 if isinstance(axes, str) else len(axes) for name, axes in self.inputs.items()}
        return names == wanted and [variable.ndim for variable in graph.outputs] == [len(axes) for axes in self.outputs]

    def fit(self, names: Sequence[str], arrays: Sequence[Any]) -> Fitted:
        """Pad the inputs of one call.

        Raises:
            ValueError: the arrays contradict the declaration.
        """
        given = dict(zip(names, arrays, strict=True))
        for name, mask in self.masks.items():
            if given[name].shape[: given[mask].ndim] != given[mask].shape:
                raise ValueError(f"{name} is {given[name].shape}, but its mask {mask} is {given[mask].shape}")
        real: dict[str, int] = {}
        for name, axes in self.inputs.items():
            if not isinstance(axes, str):
                for axis, length in zip(axes, given[name].shape, strict=True):
                    if axis is not None:
                        real[axis] = max(real.get(axis, 0), length)
        length = {axis: self.ladders[axis].fit(size) for axis, size in real.items()}
        padded = [self._padded(name, given[name], real, length) for name in names]
        return Fitted(padded, real, self.outputs)

    def _padded(self, name: str, array: Any, real: dict[str, int], length: dict[str, int]) -> Any:
        axes = self.inputs[name]
        if isinstance(axes, str):
            if int(array) != real[axes]:
                raise ValueError(
                    f"{name} is {array}, but the axis {axes} whose length it is declared to be is {real[axes]}"
                )
            return numpy.asarray(length[axes], array.dtype)
        shape = tuple(size if axis is None else length[axis] for axis, size in zip(axes, array.shape, strict=True))
        if shape == array.shape:
            return array
        padded = numpy.zeros(shape, array.dtype)
        padded[tuple(map(slice, array.shape))] = array
        return padded


def _axes(value: Any) -> Axes | str:
    return value if isinstance(value, str) else tuple(value)


def parse(text: str) -> list[FunctionPadding]:
    """The declarations in the JSON ``text``; none in an empty one.

    Raises:
        ValueError: it is no such JSON; the message says where.
    """
    if not text:
        return []
    try:
        data = json.loads(text)
        ladders = {
            axis: Ladder(ladder["most"], tuple(ladder.get("steps", ()))) for axis, ladder in data["sizes"].items()
        }
        declared = [
            FunctionPadding(
                inputs={name: _axes(axes) for name, axes in function["inputs"].items()},
                outputs=tuple(tuple(axes) for axes in function["outputs"]),
                masks=function.get("masks", {}),
                ladders=ladders,
            )
            for function in data["functions"]
        ]
        for function in declared:
            _check(function)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"LNPATCH_PADDING: {type(error).__name__} {error}") from error
    except ValueError as error:
        raise ValueError(f"LNPATCH_PADDING: {error}") from error
    return declared


def _check(function: FunctionPadding) -> None:
    counts = {axes for axes in function.inputs.values() if isinstance(axes, str)}
    outputs = {axis for axes in function.outputs for axis in axes if axis is not None}
    if unknown := (function.axes | counts | outputs) - set(function.ladders):
        raise ValueError(f"sizes lacks {', '.join(sorted(unknown))}")
    if unknown := (counts | outputs) - function.axes:
        raise ValueError(f"no input has the axis {', '.join(sorted(unknown))}")
    if unknown := {*function.masks, *function.masks.values()} - set(function.inputs):
        raise ValueError(f"masks names {', '.join(sorted(unknown))}, which is no input")


_declared: list[FunctionPadding] | None = None


def declare(text: str) -> None:
    """Use the JSON ``text`` for the functions that are made from here on, instead of LNPATCH_PADDING."""
    global _declared
    _declared = parse(text)


def padding(graph: Graph) -> FunctionPadding | None:
    """What is declared for a function, or None."""
    if _declared is None:
        declare(os.environ.get("LNPATCH_PADDING", ""))
    return next((declared for declared in _declared or () if declared.fits(graph)), None)
