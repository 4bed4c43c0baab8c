"""What a user may choose about the runtime."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RuntimeOptions:
    """Which Python, with what, on which device: the options of the command line of the same names."""

    #: ``theano``, ``pytensor``, or ``auto``.
    runtime: str = "auto"
    #: The Python to build the environment from.
    python: str | None = None
    #: What PyTensor computes with: ``c``, ``jax``, or ``auto``.
    backend: str = "auto"
    #: ``cpu`` or ``gpu``.
    device: str = "cpu"
