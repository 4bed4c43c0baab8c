"""What a user may choose about the runtime."""

from __future__ import annotations

from dataclasses import dataclass

#: What the options take; the first is the default.
RUNTIMES = ("auto", "theano", "pytensor")
#: What the commands take that use a model.
MODEL_RUNTIMES = (*RUNTIMES, "torch")
BACKENDS = ("auto", "c", "jax")
DEVICES = ("cpu", "gpu")
PRECISIONS = ("auto", "tf32", "float32", "bfloat16")


@dataclass(frozen=True)
class RuntimeOptions:
    """Which Python, with what, on which device: the options of the command line of the same names."""

    #: ``theano``, ``pytensor``, or ``auto``; where a model is used, also ``torch``.
    runtime: str = "auto"
    #: The Python to build the environment from.
    python: str | None = None
    #: What PyTensor computes with: ``c``, ``jax``, or ``auto``.
    backend: str = "auto"
    #: ``cpu`` or ``gpu``.
    device: str = "cpu"
    #: What a GPU rounds the factors of matrix products to: ``tf32``, ``float32``, ``bfloat16``, or ``auto``. Sums are float32.
    precision: str = "auto"

    def precision_of(self, runtime: str) -> str:
        """Return the precision that these options mean for products in the runtime that was chosen."""
        if self.precision != "auto":
            return self.precision
        return "tf32" if self.device == "gpu" and runtime == "pytensor" else "float32"
