"""Shared variables. With the JAX engine their values stay on the device from one call to the next; reading one copies it."""

from typing import Any

import numpy
import pytensor
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.type import TensorType

from theano import _engine


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
        """The value as a NumPy array; a copy unless ``borrow`` and the C engine."""
        value = self.storage[0]
        if borrow and isinstance(value, numpy.ndarray):
            return value
        # a device array may be given to the next update, so not even a borrower may see its memory
        return numpy.array(value, dtype=self.type.dtype)

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Replace the value; it is checked, and cast where Theano casts."""
        if isinstance(new_value, numpy.ndarray) and not (borrow and not _engine.JAX):
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
    """A shared variable with a copy of ``value``; what is no number or array (a random generator, say) is PyTensor's affair.

    ``unused`` takes Theano's ``target`` and other GPU arguments.
    """
    if not isinstance(value, numpy.ndarray | numpy.generic | bool | int | float | complex):
        return pytensor.shared(value, name=name, strict=strict, allow_downcast=allow_downcast)
    array = numpy.asarray(value)
    if not (borrow and not _engine.JAX):
        array = array.copy()
    shape = [1 if broadcasts else None for broadcasts in broadcastable or [False] * array.ndim]
    return Shared(TensorType(str(array.dtype), shape=shape), array, strict, allow_downcast, name=name)
