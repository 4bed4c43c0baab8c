"""Random streams that draw the same numbers on every engine: a counter hashed with 32-bit arithmetic, in graph operations.

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
# odd steps of the two state words: the golden ratio, and the square root of 3 less 1
_STEPS = numpy.array([0x9E3779B9, 0xBB67AE85], _UINT32)


def _constant(value: int) -> Any:
    return pt.constant(numpy.uint32(value))


def _mix(x: Any) -> Any:
    """A bijection of uint32 in which every output bit depends on every input bit."""
    for shift, factor in ((16, 0x21F0AAAD), (15, 0x735A2D97)):
        x = pt.bitwise_xor(x, x // _constant(1 << shift)) * _constant(factor)
    return pt.bitwise_xor(x, x // _constant(1 << 15))


class MRG_RandomStreams:
    """The interface of Theano's class; each call of a compiled function draws anew."""

    def __init__(self, seed: int = 12345, use_cuda: Any = None) -> None:
        self.seed(seed)

    def seed(self, seed: int | None = None) -> None:
        """Start again, for the streams that are made from here on."""
        self._seeds = numpy.random.RandomState(12345 if seed is None else seed)

    def _uniform(self, size: Any, dtype: str) -> Any:
        """A new stream of numbers in (0, 1), neither end: 23 bits, so that the half added to them is exact in float32."""
        key = self._seeds.randint(0, 1 << 31, 2).astype(_UINT32) * numpy.uint32(2) + numpy.uint32(1)
        state = Shared(TensorType(_UINT32, shape=(2,)), key, strict=True, name="random_state")
        state._default_update = state + _STEPS  # its setter warns that PyTensor will drop it; _graph reads it
        shape, rank = _shape(size)
        words = _mix(state)
        position = pt.cast(pt.arange(pt.prod(shape, dtype="int64")), _UINT32)
        bits = _mix(_mix(pt.bitwise_xor(position, words[0])) + words[1])
        numbers = (pt.cast(bits // _constant(1 << 9), dtype) + numpy.asarray(0.5, dtype)) * numpy.asarray(
            2.0**-23, dtype
        )
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
        """Uniform in (low, high)."""
        dtype = _float(dtype)
        return pt.cast(self._uniform(size, dtype) * (high - low) + low, dtype)

    def binomial(
        self,
        size: Any = None,
        n: int = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: str = "int64",
        nstreams: Any = None,
    ) -> Any:
        """1 with probability ``p``, else 0; like Theano's it has ``n=1`` only."""
        if n != 1:
            raise NotImplementedError("binomial is implemented for n=1 only, as in Theano")
        return pt.cast(self._uniform(() if size is None else size, "float32") < p, dtype)

    def normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: Any = None,
    ) -> Any:
        """Normal, by Box and Muller."""
        dtype = _float(dtype)
        radius = pt.sqrt(-2.0 * pt.log(self._uniform(size, dtype)))
        return pt.cast(radius * pt.cos(2.0 * numpy.pi * self._uniform(size, dtype)) * std + avg, dtype)


def _float(dtype: Any) -> str:
    return config.floatX if dtype in (None, "floatX") else str(dtype)


def _shape(size: Any) -> tuple[Any, int]:
    """A size as a vector and the number of its axes, which a symbolic size knows where it is the shape of a tensor.

    Raises:
        ValueError: it is a vector of unknown length.
    """
    if isinstance(size, int | numpy.integer):
        size = (size,)
    if isinstance(size, list | tuple):
        return (pt.stack([pt.cast(n, "int64") for n in size]) if size else pt.constant(numpy.zeros(0, "int64"))), len(
            size
        )
    rank = size.type.shape[0]
    if rank is None:
        raise ValueError("the size of a random array has to be a tuple, a list or the shape of a tensor")
    return size, rank
