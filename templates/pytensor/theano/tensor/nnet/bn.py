"""``theano.tensor.nnet.bn``: batch normalization."""

from typing import Any

from theano._missing_names import guard_module


def batch_normalization(inputs: Any, gamma: Any, beta: Any, mean: Any, std: Any, mode: str = "low_mem") -> Any:
    """Return (inputs - mean) * gamma / std + beta. In Theano the modes differ in the memory they take; here they do not.

    Raises:
        ValueError: ``mode`` is not one of Theano's.
    """
    if mode not in ("low_mem", "high_mem"):
        raise ValueError('mode must be either "low_mem", "high_mem"')
    return (inputs - mean) * (gamma / std) + beta


__getattr__, __path__ = guard_module(__name__)
__all__ = ["batch_normalization"]
