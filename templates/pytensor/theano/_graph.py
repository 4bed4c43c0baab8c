"""What a function computes, before any engine sees it: inputs, outputs and the updates of shared variables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytensor.compile import In, Out, SharedVariable
from pytensor.graph.basic import Variable
from pytensor.graph.replace import clone_replace
from pytensor.graph.traversal import ancestors

from theano._rewrites.find_cross_entropy import fused_results


def _pairs(updates: Any) -> list[tuple[Any, Any]]:
    """A dict, or pairs in any iterable (the repositories hand over a ``zip``)."""
    if updates is None:
        return []
    return list(updates.items()) if hasattr(updates, "items") else [(old, new) for old, new in updates]


def _variable(item: Any) -> Any:
    """The variable of an input or output, which may be wrapped with options for the C engine."""
    if isinstance(item, In):
        if item.value is not None or item.mutable:
            raise NotImplementedError(
                "theano.In with a default value or mutable=True is not there in lnpatch's theano over PyTensor"
            )
        return item.variable
    return item.variable if isinstance(item, Out) else item


@dataclass
class Graph:
    """``outputs`` and the new values of ``updates`` as functions of ``inputs`` and of the shared variables."""

    inputs: list[Any]
    outputs: list[Any]
    updates: list[tuple[Any, Any]]
    single: bool  # one output, returned as it is
    name: str | None = None
    on_unused_input: str = "raise"
    shared: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        roots = [variable for variable in ancestors(self.results) if variable.owner is None]
        found = {variable: None for variable in roots if isinstance(variable, SharedVariable)}
        found.update((old, None) for old, _ in self.updates)
        self.shared = list(found)
        self._check(set(roots))

    @property
    def results(self) -> list[Any]:
        """Outputs, then the new values of the updated shared variables."""
        return [*self.outputs, *(new for _, new in self.updates)]

    def _check(self, roots: set[Any]) -> None:
        """Theano's two complaints: an input that nothing needs, a variable that nothing gives."""
        known = set(self.inputs)
        lacking = [v for v in roots if v not in known and not isinstance(v, SharedVariable) and not hasattr(v, "data")]
        if lacking:
            raise ValueError(f"theano.function lacks the inputs {', '.join(map(str, lacking))}")
        unused = [v for v in self.inputs if v not in roots]
        if unused and self.on_unused_input == "raise":
            names = ", ".join(map(str, unused))
            raise ValueError(
                f"theano.function was given inputs that are not part of the graph: {names}; on_unused_input='ignore' allows it"
            )


def _default_updates(results: list[Any], updated: Iterable[Any], without: Any) -> list[tuple[Any, Any]]:
    """The updates that random streams carry with them, of all that ``results`` depend on."""
    if without is True:
        return []
    excluded = set(without or ()) | set(updated)
    found: dict[Any, Any] = {}
    todo = list(results)
    while todo:
        new = [
            variable
            for variable in ancestors(todo)
            if isinstance(variable, SharedVariable)
            and variable.default_update is not None
            and variable not in found
            and variable not in excluded
        ]
        todo = [variable.default_update for variable in new]
        found.update(zip(new, todo, strict=True))
    return list(found.items())


def build(
    inputs: Sequence[Any],
    outputs: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    name: str | None = None,
    on_unused_input: str | None = None,
) -> Graph:
    """The graph that the arguments of ``theano.function`` mean."""
    single = isinstance(outputs, Variable | Out)
    listed = [outputs] if single else list(outputs or [])
    results = [_variable(item) for item in listed]
    pairs = _pairs(updates)
    for old, new in pairs:
        if not isinstance(old, SharedVariable):
            raise TypeError(f"updates has {old}, which is no shared variable")
        results.append(old.type.filter_variable(new, allow_convert=True))
    defaults = _default_updates(results, (old for old, _ in pairs), no_default_updates)
    results += [new for _, new in defaults]
    replaced = [(old, old.type.filter_variable(new, allow_convert=True)) for old, new in _pairs(givens)]
    if replaced:
        results = list(clone_replace(results, replaced))
    results = fused_results(results)
    targets = [old for old, _ in pairs + defaults]
    count = len(listed)
    return Graph(
        inputs=[_variable(item) for item in inputs],
        outputs=results[:count],
        updates=list(zip(targets, results[count:], strict=True)),
        single=single,
        name=name,
        on_unused_input=on_unused_input or "raise",
    )
