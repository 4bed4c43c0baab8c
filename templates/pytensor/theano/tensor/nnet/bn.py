"""``theano.tensor.nnet.bn``: batch normalization."""

from typing import Any

from theano._missing import guard


def batch_normalization(inputs: Any, gamma: Any, beta: Any, mean: Any, std: Any, mode: str = "low_mem") -> Any:
    """(inputs - mean) * gamma / std + beta; the modes differ in memory only, and not here."""
    if mode not in ("low_mem", "high_mem"):
        raise ValueError('mode must be either "low_mem", "high_mem"')
    return (inputs - mean) * (gamma / std) + beta


__getattr__, __path__ = guard(__name__)
__all__ = ["batch_normalization"]
