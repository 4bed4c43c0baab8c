"""What an export was held against; without PyTorch, for whoever only shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """An export beside something else that computes the same."""

    #: ``theano`` or ``pytensor``, for the repository's own code; ``onnxruntime``.
    runtime: str
    #: How many inputs both were given.
    inputs: int
    #: The largest difference of an output.
    difference: float
