"""Random streams that draw the same numbers with every backend: a counter hashed with 32-bit arithmetic, in graph operations.

Not Theano's MRG31k3p: seeds do not carry over. The hash is a multiply-xorshift mixer with the constants of lowbias32's successor
(https://github.com/skeeto/hash-prospector, "prospector", 16 21f0aaad 15 735a2d97 15), bias 0.107.
"""

from typing import Any

import numpy
import pytensor.tensor as pt
from pytensor import config
from pytensor.tensor.type import TensorType

from theano._shared import Shared

_UINT32 = "uint32"
#: What each call adds to the two words of a stream's state: odd numbers, the golden ratio and the square root of 3 less 1.
_STEPS = numpy.array([0x9E3779B9, 0xBB67AE85], _UINT32)


def _make_uint32(value: int) -> Any:
    """Return a constant of the graph; a Python number would make the arithmetic 64 bits wide."""
    return pt.constant(numpy.uint32(value))


def _mix_bits(x: Any) -> Any:
    """Apply a bijection of uint32 in which every bit of the result depends on every bit of ``x``."""
    # a division for each shift to the right: PyTensor has no operation for those
    for shift, factor in ((16, 0x21F0AAAD), (15, 0x735A2D97)):
        x = pt.bitwise_xor(x, x // _make_uint32(1 << shift)) * _make_uint32(factor)
    return pt.bitwise_xor(x, x // _make_uint32(1 << 15))


class MRG_RandomStreams:
    """Theano's interface: a method returns a stream, which draws anew at each call of the function that it is compiled into."""

    def __init__(self, seed: int = 12345, use_cuda: Any = None) -> None:
        self.seed(seed)

    def seed(self, seed: int | None = None) -> None:
        """Start again with ``seed``, for the streams that are made from here on."""
        self._seeds = numpy.random.RandomState(12345 if seed is None else seed)

    def _draw_uniform(self, size: Any, dtype: str) -> Any:
        """Return a new stream of numbers in (0, 1), without either end.

        They have 23 bits, so that the half that is added to them is exact in float32.
        """
        # the last bit is set: an odd key
        key = self._seeds.randint(0, 1 << 31, 2).astype(_UINT32) * numpy.uint32(2) + numpy.uint32(1)
        state = Shared(TensorType(_UINT32, shape=(2,)), key, strict=True, name="random_state")
        state._default_update = state + _STEPS  # the setter warns that PyTensor will drop it; theano._graph reads it
        shape, rank = _split_size(size)
        words = _mix_bits(state)
        position = pt.cast(pt.arange(pt.prod(shape, dtype="int64")), _UINT32)
        bits = _mix_bits(_mix_bits(pt.bitwise_xor(position, words[0])) + words[1])
        half, scale = numpy.asarray(0.5, dtype), numpy.asarray(2.0**-23, dtype)
        numbers = (pt.cast(bits // _make_uint32(1 << 9), dtype) + half) * scale
        return numbers.reshape(shape, ndim=rank)

    def uniform(
        self,
        size: Any,
        low: Any = 0.0,
        high: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: Any = None,
    ) -> Any:
        """Return numbers that are uniform in (low, high)."""
        dtype = _resolve_dtype(dtype)
        return pt.cast(self._draw_uniform(size, dtype) * (high - low) + low, dtype)

    def binomial(
        self,
        size: Any = None,
        n: int = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: str = "int64",
        nstreams: Any = None,
    ) -> Any:
        """Return 1 with probability ``p``, else 0.

        Raises:
            NotImplementedError: ``n`` is not 1, as in Theano.
        """
        if n != 1:
            raise NotImplementedError("binomial is implemented for n=1 only, as in Theano")
        return pt.cast(self._draw_uniform(() if size is None else size, "float32") < p, dtype)

    def normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: Any = None,
    ) -> Any:
        """Return normally distributed numbers, by the method of Box and Muller."""
        dtype = _resolve_dtype(dtype)
        radius = pt.sqrt(-2.0 * pt.log(self._draw_uniform(size, dtype)))
        return pt.cast(radius * pt.cos(2.0 * numpy.pi * self._draw_uniform(size, dtype)) * std + avg, dtype)


def _resolve_dtype(dtype: Any) -> str:
    return str(config.floatX) if dtype in (None, "floatX") else str(dtype)


def _split_size(size: Any) -> tuple[Any, int]:
    """Return a size as a vector, and the number of its axes.

    Args:
        size: a number, a tuple or list of them, symbolic ones too, or the shape of a tensor.

    Raises:
        ValueError: the size is a vector of unknown length.
    """
    if isinstance(size, int | numpy.integer):
        size = (size,)
    if isinstance(size, list | tuple):
        lengths = pt.stack([pt.cast(n, "int64") for n in size]) if size else pt.constant(numpy.zeros(0, "int64"))
        return lengths, len(size)
    rank = size.type.shape[0]
    if rank is None:
        raise ValueError("the size of a random array has to be a tuple, a list or the shape of a tensor")
    return size, rank
