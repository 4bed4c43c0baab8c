"""Shared variables. With the JAX backend their values stay on the device from one call to the next; reading one copies it."""

from typing import Any

import numpy
import pytensor
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.type import TensorType

from theano import _backend


class Shared(TensorSharedVariable):  # type: ignore[misc]
    """A shared tensor whose value may be a device array; ``get_value`` always gives a NumPy array.

    As in Theano no axis broadcasts unless ``broadcastable`` says so, and a new value may have another shape.
    """

    @property
    def storage(self) -> list[Any]:
        """One cell with the value: a NumPy array, or a JAX array that functions may take away and replace."""
        storage: list[Any] = self.container.storage
        return storage

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        """Return the value as a NumPy array: a copy, unless ``borrow`` is true and the backend is C."""
        value = self.storage[0]
        if borrow and isinstance(value, numpy.ndarray):
            return value
        # the next update gives the memory of a device array away, so not even a borrower may see it
        return numpy.array(value, dtype=self.type.dtype)

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Replace the value; it is checked, and cast where Theano casts."""
        if isinstance(new_value, numpy.ndarray) and (_backend.JAX or not borrow):
            new_value = new_value.copy()
        super().set_value(new_value, borrow=True)  # a number is filtered as such: Python's floats may go into float32


def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    borrow: bool = False,
    broadcastable: Any = None,
    **unused: Any,
) -> Any:
    """Return a shared variable with a copy of ``value``.

    A value that is neither a number nor an array, such as a random generator, is left to PyTensor. ``unused`` takes Theano's
    ``target`` and other arguments for GPUs.
    """
    if not isinstance(value, numpy.ndarray | numpy.generic | bool | int | float | complex):
        return pytensor.shared(value, name=name, strict=strict, allow_downcast=allow_downcast)
    array = numpy.asarray(value)
    if _backend.JAX or not borrow:
        array = array.copy()
    shape = [1 if broadcasts else None for broadcasts in broadcastable or [False] * array.ndim]
    return Shared(TensorType(str(array.dtype), shape=shape), array, strict, allow_downcast, name=name)
