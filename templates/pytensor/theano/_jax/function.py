"""The JAX backend's functions: compiled once for each shape of the inputs, with shared variables that stay on the device."""

import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from types import FrameType
from typing import Any

import jax
import jax.experimental
import jax.numpy as jnp
import numpy
from jax.experimental import checkify

from theano._callable import Function
from theano._events import report_compilation
from theano._graph import Graph
from theano._jax.convert import convert_to_jax
from theano._jax.memory import report_peak_at_exit
from theano._padding import PaddedCall, find_padding

#: Returns what checkify has found, and (outputs, new values of updated).
Executable = Callable[..., tuple[Any, tuple[list[Any], list[Any]]]]


class JaxFunction(Function):
    """A function that JAX compiles anew for each shape of its inputs."""

    def __init__(self, graph: Graph, allow_input_downcast: bool | None) -> None:
        super().__init__(graph, allow_input_downcast)
        self.names = [str(variable.name) for variable in graph.inputs]
        # an integer scalar is a number of steps in all of the repositories, and JAX needs it when it compiles
        self.is_static = [variable.ndim == 0 and "int" in variable.dtype for variable in graph.inputs]
        self.updated = [old for old, _ in graph.updates]
        updated = set(self.updated)
        self.constant = [variable for variable in graph.shared if variable not in updated]
        self.padding = find_padding(graph)
        self.double = any(variable.dtype == "float64" for variable in [*graph.inputs, *graph.shared])
        #: The shapes that are compiled, static scalars in place of theirs.
        self.compiled: set[tuple[Any, ...]] = set()

    @cached_property
    def executable(self) -> Executable:
        """The compiled function, from (values of updated, values of constant, *inputs) to an index error, if there is one, and
        (outputs, new values of updated).

        It gives the memory of the old values of updated away.
        """
        converted = convert_to_jax([*self.updated, *self.constant, *self.graph.inputs], self.graph.results)
        count = len(self.graph.outputs)

        def compute(updated: list[Any], constant: list[Any], *inputs: Any) -> tuple[list[Any], list[Any]]:
            results = converted(*updated, *constant, *inputs)
            # two variables must not share memory, which one of them may give away at the next call
            seen = {id(value) for value in [*updated, *constant, *inputs]}
            new = []
            for value in results[count:]:
                new.append(jnp.array(value) if id(value) in seen else value)
                seen.add(id(value))
            return list(results[:count]), new

        def call(updated: list[Any], constant: list[Any], *inputs: Any) -> tuple[Any, tuple[list[Any], list[Any]]]:
            # closed over, since checkify makes arrays of all arguments
            arrays = [None if is_static else value for value, is_static in zip(inputs, self.is_static, strict=True)]

            def compute_arrays(updated: list[Any], constant: list[Any], arrays: list[Any]) -> Any:
                merged = [value if array is None else array for value, array in zip(inputs, arrays, strict=True)]
                return compute(updated, constant, *merged)

            # JAX takes the last row for an index beyond it, where Theano raises. checkify carries one more result through
            # the graph, its loops included: whether an index was out of range, and the first that was. It is compared once
            # for each index, which is nothing beside the row that it stands for.
            return checkify.checkify(compute_arrays, errors=checkify.index_checks)(updated, constant, arrays)  # type: ignore[no-any-return]

        static = [position for position, is_static in enumerate(self.is_static, 2) if is_static]
        # keep_unused: a function that computes new gradients does not read the old ones; JAX would leave them out of its
        # arguments, and their memory could not be given away
        executable: Executable = jax.jit(call, donate_argnums=0, static_argnums=static, keep_unused=True)
        return executable

    def compute(self, values: Sequence[Any]) -> list[Any]:
        arrays = [
            v.type.filter(value, allow_downcast=self.allow_input_downcast)
            for v, value in zip(self.graph.inputs, values, strict=True)
        ]
        if not self.double:
            for name, array in zip(self.names, arrays, strict=True):
                _require_32_bits(name, array)
        call = self.padding.pad_inputs(self.names, arrays) if self.padding else PaddedCall(arrays, {})
        inputs = [
            int(array) if is_static else array for array, is_static in zip(call.arrays, self.is_static, strict=True)
        ]
        key = tuple(value if isinstance(value, int) else value.shape for value in inputs)
        started = time.perf_counter()
        # compiling may be interrupted: it changes no variable, and takes minutes
        interrupts = DelayedSignals() if key in self.compiled else nullcontext()
        with enable_double_precision() if self.double else nullcontext(), interrupts:
            results = self._update_variables(inputs)
            outputs = [
                numpy.asarray(value, dtype=v.dtype) for v, value in zip(self.graph.outputs, results, strict=True)
            ]
        if key not in self.compiled:
            self.compiled.add(key)
            self._report_shape(call.arrays, time.perf_counter() - started)
            report_peak_at_exit()
        # copied: what JAX gives is read-only, and the repositories write into their results
        return [result.copy() for result in call.cut_outputs(outputs)]

    def _update_variables(self, inputs: list[Any]) -> list[Any]:
        """Give the shared variables their new values, and return the outputs as JAX arrays.

        Raises:
            IndexError: an index is out of range.
        """
        updated = [move_to_device(variable) for variable in self.updated]
        constant = [move_to_device(variable) for variable in self.constant]
        try:
            error, (outputs, new) = self.executable(updated, constant, *inputs)
        except IndexError as known:  # found while JAX traces
            raise IndexError(_describe_index_error(self.name, str(known))) from known
        for variable, value in zip(self.updated, new, strict=True):
            variable.storage[0] = value  # also after an error: the old values are given away
        if message := error.get():
            raise IndexError(_describe_index_error(self.name, message))
        return outputs

    def _report_shape(self, arrays: list[Any], seconds: float) -> None:
        """Report that the shape of these inputs was compiled; functions without arrays have one, and go without saying."""
        shapes: dict[str, list[str]] = {}
        for name, array in zip(self.names, arrays, strict=True):
            if array.ndim:
                shapes.setdefault("x".join(map(str, array.shape)), []).append(name)
        if shapes:
            bound = self.padding.bound if self.padding else None
            report_compilation(shapes, len(self.compiled), bound, seconds)


#: What checkify says of an index, amid remarks on where in PyTensor's and JAX's code it was used.
_OUT_OF_RANGE = re.compile(r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)")


def _describe_index_error(name: str | None, message: str) -> str:
    """Return what checkify has found, in the words of Theano."""
    found = _OUT_OF_RANGE.search(message)
    if found is None:
        return f"{name or 'a function'}: {message}"
    index, axis, size = map(int, found.groups())
    index -= size if index < 0 else 0  # a negative index has the size added to it before it is compared
    return f"{name or 'a function'}: index {index} is out of bounds for axis {axis} with size {size}"


def _require_32_bits(name: str, array: Any) -> None:
    """Refuse integers that JAX would cut off at 32 bits: 2 ** 32 + 1 would be index 1.

    Raises:
        OverflowError: there is one.
    """
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8 and array.size:
        limits = numpy.iinfo(f"{array.dtype.kind}4")
        for value in (array.min(), array.max()):
            if not limits.min <= value <= limits.max:
                raise OverflowError(f"{name} has {value}, and the JAX backend computes integers in 32 bits")


def enable_double_precision() -> AbstractContextManager[Any]:
    """Return a context in which JAX computes in float64 what is float64; else all is float32, as in the repositories."""
    if hasattr(jax, "enable_x64"):
        context: AbstractContextManager[Any] = jax.enable_x64(True)
    else:  # before JAX 0.8; later there is none in jax.experimental
        from jax.experimental import enable_x64

        context = enable_x64(True)
    return context


class DelayedSignals:
    """A context that puts Ctrl-C and SIGTERM off to its end.

    An update gives the old values of the variables away before it has the new ones: stopped in between, there were none to save.
    """

    signals = (signal.SIGINT, signal.SIGTERM)

    def __enter__(self) -> None:
        self.caught: list[int] = []
        self.handlers: dict[signal.Signals, Any] = {}
        if threading.current_thread() is threading.main_thread():  # no other one may set handlers
            for number in self.signals:
                self.handlers[number] = signal.signal(number, self._remember_signal)

    def __exit__(self, *error: object) -> None:
        for number, handler in self.handlers.items():
            signal.signal(number, handler)
        for caught in self.caught:
            signal.raise_signal(caught)

    def _remember_signal(self, number: int, frame: FrameType | None) -> None:
        self.caught.append(number)


def move_to_device(variable: Any) -> Any:
    """Return the value of a shared variable as a JAX array, which from now on is its value."""
    storage = variable.storage
    if isinstance(storage[0], numpy.ndarray):
        storage[0] = jnp.array(storage[0])  # always a copy: the memory of a NumPy array would be given away with it
    return storage[0]
