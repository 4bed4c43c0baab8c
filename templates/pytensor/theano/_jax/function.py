"""The JAX engine: compiles once for each shape of the inputs; shared variables stay on the device."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy

from theano._jax.convert import to_jax
from theano._function import Function
from theano._graph import Graph
from theano._padding import Fitted, padding

Executable = Callable[..., tuple[list[Any], list[Any]]]


class JaxFunction(Function):
    """A function that JAX compiles anew for each shape of its inputs."""

    def __init__(self, graph: Graph, allow_input_downcast: bool | None) -> None:
        super().__init__(graph, allow_input_downcast)
        self.names = [str(variable.name) for variable in graph.inputs]
        # an integer scalar is a number of steps in all of the repositories, and JAX needs it when it compiles
        self.counts = [variable.ndim == 0 and "int" in variable.dtype for variable in graph.inputs]
        updated = {old for old, _ in graph.updates}
        self.kept = [variable for variable in graph.shared if variable not in updated]
        self.taken = [old for old, _ in graph.updates]
        self.padding = padding(graph)
        self.double = any(variable.dtype == "float64" for variable in [*graph.inputs, *graph.shared])
        self.compiled: set[tuple[Any, ...]] = set()

    @cached_property
    def executable(self) -> Executable:
        """(values of taken, values of kept, *inputs) to (outputs, new values of taken), whose old values are given away."""
        function = to_jax([*self.taken, *self.kept, *self.graph.inputs], self.graph.results)
        count = len(self.graph.outputs)

        def call(taken: list[Any], kept: list[Any], *inputs: Any) -> tuple[list[Any], list[Any]]:
            found = function(*taken, *kept, *inputs)
            # two variables must not share memory, which one of them may give away
            seen = {id(value) for value in [*taken, *kept, *inputs]}
            new = []
            for value in found[count:]:
                new.append(jnp.array(value) if id(value) in seen else value)
                seen.add(id(value))
            return list(found[:count]), new

        steps = [position for position, count in enumerate(self.counts, 2) if count]
        executable: Executable = jax.jit(call, donate_argnums=0, static_argnums=steps)
        return executable

    def run(self, values: Sequence[Any]) -> list[Any]:
        given = [
            v.type.filter(value, allow_downcast=self.allow_input_downcast)
            for v, value in zip(self.graph.inputs, values, strict=True)
        ]
        fitted = self.padding.fit(self.names, given) if self.padding else Fitted(given, {})
        inputs = [int(array) if count else array for array, count in zip(fitted.arrays, self.counts, strict=True)]
        key = tuple(value if isinstance(value, int) else value.shape for value in inputs)
        started = time.perf_counter()
        # compiling may be interrupted, it changes nothing
        with double_precision() if self.double else nullcontext(), Uninterrupted() if key in self.compiled else nullcontext():
            found = self._update(inputs)
            outputs = [numpy.asarray(value, dtype=v.dtype) for v, value in zip(self.graph.outputs, found, strict=True)]
        if key not in self.compiled:
            self.compiled.add(key)
            self._report(fitted.arrays, time.perf_counter() - started)
        # copied: what JAX gives is read-only, and the repositories write into their results
        return [result.copy() for result in fitted.cut(outputs)]

    def _update(self, inputs: list[Any]) -> list[Any]:
        """The outputs, as JAX arrays; the shared variables have their new values."""
        taken = [on_device(variable) for variable in self.taken]
        kept = [on_device(variable) for variable in self.kept]
        outputs, new = self.executable(taken, kept, *inputs)
        for variable, value in zip(self.taken, new, strict=True):
            variable.storage[0] = value
        return outputs

    def _report(self, arrays: list[Any], seconds: float) -> None:
        """Say on stderr that a shape was compiled, and how many there can be."""
        shapes: dict[str, list[str]] = {}
        for name, array in zip(self.names, arrays, strict=True):
            if array.ndim:
                shapes.setdefault("x".join(map(str, array.shape)), []).append(name)
        if not shapes:
            return
        words = f"compiled shape {len(self.compiled)}"
        if self.padding:
            words += f" of at most {self.padding.bound}"
            if len(self.compiled) > self.padding.bound:
                words += " (and more: an axis without padding changes, or one is longer than declared)"
        listed = "; ".join(f"{', '.join(names)} {shape}" for shape, names in shapes.items())
        print(f"{words}: {listed} in {seconds:.1f} s", file=sys.stderr, flush=True)  # noqa: T201, a run has no console of ours


def double_precision() -> Any:
    """A context in which JAX takes float64 for what it is; else it computes in float32, as the repositories do."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64  # before JAX 0.8

    return enable_x64()


class Uninterrupted:
    """Puts Ctrl-C off to the end: between giving the old values away and keeping the new ones there are none to save."""

    signals = (signal.SIGINT, signal.SIGTERM)

    def __enter__(self) -> None:
        self.caught: list[int] = []
        self.handlers: dict[signal.Signals, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in self.signals:
                self.handlers[number] = signal.signal(number, lambda number, frame: self.caught.append(number))

    def __exit__(self, *error: object) -> None:
        for number, handler in self.handlers.items():
            signal.signal(number, handler)
        for caught in self.caught:
            signal.raise_signal(caught)


def on_device(variable: Any) -> Any:
    """The value of a shared variable as a JAX array, which from now on is its value."""
    storage = variable.storage
    if isinstance(storage[0], numpy.ndarray):
        storage[0] = jnp.array(storage[0])  # always a copy: the memory of a NumPy array would be given away with it
    return storage[0]
