"""``theano.function``: a graph now, a compiled function at the first call, since trainers build functions that they never call."""

from collections.abc import Sequence
from typing import Any

import pytensor

from theano import _engine
from theano._graph import Graph, build


class Function:
    """Called with the values of ``graph.inputs`` in order; gives a NumPy array for each output."""

    def __init__(self, graph: Graph, allow_input_downcast: bool | None) -> None:
        self.graph = graph
        self.name = graph.name
        self.allow_input_downcast = allow_input_downcast

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        results = self.run(self._bind(args, kwargs))
        return results[0] if self.graph.single else results

    def run(self, values: Sequence[Any]) -> list[Any]:
        """The outputs for the values of the inputs; does the updates."""
        raise NotImplementedError

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        inputs = self.graph.inputs
        named = {variable.name: variable for variable in inputs[len(args) :]}
        if len(args) > len(inputs) or set(kwargs) != set(named) or len(named) + len(args) != len(inputs):
            wanted = ", ".join(str(variable) for variable in inputs)
            given = [*map(str, range(len(args))), *kwargs]
            raise TypeError(
                f"the function {self.name or ''} takes ({wanted}), and was given the arguments {', '.join(given) or 'none'}"
            )
        return [*args, *(kwargs[name] for name in named)]


class CFunction(Function):
    """The C engine: one compiled function for all shapes."""

    compiled: Any = None

    def run(self, values: Sequence[Any]) -> list[Any]:
        if self.compiled is None:
            self.compiled = pytensor.function(
                self.graph.inputs,
                self.graph.outputs,
                updates=self.graph.updates,
                no_default_updates=True,
                mode="CVM",
                name=self.name,
                on_unused_input="ignore",
                allow_input_downcast=self.allow_input_downcast,
            )
        results: list[Any] = self.compiled(*values)
        return results


def function(
    inputs: Sequence[Any],
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
) -> Function:
    """A callable for a graph, as Theano's; ``mode`` and ``profile`` have no effect, since LNPATCH_ENGINE chooses.

    Raises:
        ValueError: an input is lacking or unused.
    """
    graph = build(inputs, outputs, updates, givens, no_default_updates, name, on_unused_input)
    if _engine.JAX:
        from theano._jax.function import JaxFunction

        return JaxFunction(graph, allow_input_downcast)
    return CFunction(graph, allow_input_downcast)
