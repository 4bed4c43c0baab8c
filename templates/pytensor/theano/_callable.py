"""What ``theano.function`` returns, whichever backend computes: it takes arguments as Python does, and the graph is at hand."""

from collections.abc import Sequence
from typing import Any

from theano._graph import Graph


class Function:
    """A callable that takes the values of ``graph.inputs`` in order, or by name, and returns a NumPy array for each output.

    A backend's class has ``compute``, and compiles at the first call: trainers build functions that they never call.
    """

    def __init__(self, graph: Graph, allow_input_downcast: bool | None) -> None:
        self.graph = graph
        self.name = graph.name
        self.allow_input_downcast = allow_input_downcast

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        results = self.compute(self._bind_arguments(args, kwargs))
        return results[0] if self.graph.single else results

    def compute(self, values: Sequence[Any]) -> list[Any]:
        """Return the outputs for the values of all inputs, and give the updated shared variables their new values."""
        raise NotImplementedError

    def _bind_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Return the values of all inputs, in their order.

        Raises:
            TypeError: one is missing, or there is one too many.
        """
        inputs = self.graph.inputs
        by_name = {variable.name: variable for variable in inputs[len(args) :]}
        # the last condition: two inputs of one name, of which a keyword could mean either
        if len(args) > len(inputs) or set(kwargs) != set(by_name) or len(by_name) + len(args) != len(inputs):
            expected = ", ".join(str(variable) for variable in inputs)
            passed = [*map(str, range(len(args))), *kwargs]
            raise TypeError(
                f"the function {self.name or ''} takes ({expected}), and was given the arguments {', '.join(passed) or 'none'}"
            )
        return [*args, *(kwargs[name] for name in by_name)]
