"""What a function computes, before a backend compiles it: inputs, outputs and the updates of shared variables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytensor.compile import In, Out, SharedVariable
from pytensor.graph.basic import Variable
from pytensor.graph.replace import clone_replace
from pytensor.graph.traversal import ancestors

from theano._rewrites.find_cross_entropy import fuse_results


def _list_pairs(replacements: Any) -> list[tuple[Any, Any]]:
    """Return the (old, new) pairs of ``updates`` or ``givens``: a dict, or any iterable (the repositories pass a ``zip``)."""
    if replacements is None:
        return []
    return list(replacements.items()) if hasattr(replacements, "items") else [(old, new) for old, new in replacements]


def _unwrap_variable(item: Any) -> Any:
    """Return the variable of an input or output, which may be wrapped with options for Theano's C code.

    Raises:
        NotImplementedError: an option that changes what the function computes.
    """
    if isinstance(item, In):
        if item.value is not None or item.mutable:
            raise NotImplementedError(
                "theano.In with a default value or mutable=True is not there in lnpatch's theano over PyTensor"
            )
        return item.variable
    return item.variable if isinstance(item, Out) else item


@dataclass
class Graph:
    """``outputs`` and the new values of ``updates`` as functions of ``inputs`` and of the shared variables.

    Raises:
        ValueError: a variable is not among the inputs, or an input is not part of the graph.
    """

    #: The variables whose values a call gives.
    inputs: list[Any]
    #: The variables whose values a call returns.
    outputs: list[Any]
    #: Shared variables, each with the variable that has its new value.
    updates: list[tuple[Any, Any]]
    #: Whether a call returns its one output as it is, not in a list.
    single: bool
    #: What messages call the function.
    name: str | None = None
    #: ``raise``, or another word to accept inputs that are not part of the graph.
    on_unused_input: str = "raise"
    #: All shared variables that the function reads or updates.
    shared: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        roots = [variable for variable in ancestors(self.results) if variable.owner is None]
        # a dict for its order: the arguments of a compiled function must come in the same order in every process, or caches miss
        shared = {variable: None for variable in roots if isinstance(variable, SharedVariable)}
        shared.update((old, None) for old, _ in self.updates)
        self.shared = list(shared)
        self._check_inputs(set(roots))

    @property
    def results(self) -> list[Any]:
        """The outputs, then the new values of the updated shared variables."""
        return [*self.outputs, *(new for _, new in self.updates)]

    def _check_inputs(self, roots: set[Any]) -> None:
        """Make Theano's two complaints: a variable whose value nothing gives, and an input that nothing needs."""
        known = set(self.inputs)
        # constants have data
        lacking = [v for v in roots if v not in known and not isinstance(v, SharedVariable) and not hasattr(v, "data")]
        if lacking:
            raise ValueError(f"theano.function lacks the inputs {', '.join(map(str, lacking))}")
        unused = [v for v in self.inputs if v not in roots]
        if unused and self.on_unused_input == "raise":
            names = ", ".join(map(str, unused))
            raise ValueError(
                f"theano.function was given inputs that are not part of the graph: {names}; on_unused_input='ignore' allows it"
            )


def _collect_default_updates(results: list[Any], updated: Iterable[Any], without: Any) -> list[tuple[Any, Any]]:
    """Return the updates that random streams carry with them, of all variables that ``results`` depend on.

    Args:
        updated: the variables that are updated otherwise.
        without: Theano's ``no_default_updates``: True for none at all, or a list of variables that keep their values.
    """
    if without is True:
        return []
    excluded = set(without or ()) | set(updated)
    default_updates: dict[Any, Any] = {}
    todo = list(results)
    while todo:  # an update may depend on further variables that have one
        new = [
            variable
            for variable in ancestors(todo)
            if isinstance(variable, SharedVariable)
            and variable.default_update is not None
            and variable not in default_updates
            and variable not in excluded
        ]
        todo = [variable.default_update for variable in new]
        default_updates.update(zip(new, todo, strict=True))
    return list(default_updates.items())


def build_graph(
    inputs: Sequence[Any],
    outputs: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    name: str | None = None,
    on_unused_input: str | None = None,
) -> Graph:
    """Return the graph that the arguments of ``theano.function`` describe.

    Raises:
        ValueError: a variable is not among the inputs, or an input is not part of the graph.
        TypeError: ``updates`` has a variable that is not shared.
    """
    single = isinstance(outputs, Variable | Out)
    listed = [outputs] if single else list(outputs or [])
    results = [_unwrap_variable(item) for item in listed]
    pairs = _list_pairs(updates)
    for old, new in pairs:
        if not isinstance(old, SharedVariable):
            raise TypeError(f"updates has {old}, which is not a shared variable")
        results.append(old.type.filter_variable(new, allow_convert=True))
    defaults = _collect_default_updates(results, (old for old, _ in pairs), no_default_updates)
    results += [new for _, new in defaults]
    # only now: outputs, updates and what random streams do are all in terms of the variables that are replaced
    replacements = [(old, old.type.filter_variable(new, allow_convert=True)) for old, new in _list_pairs(givens)]
    if replacements:
        results = list(clone_replace(results, replacements))
    results = fuse_results(results)
    targets = [old for old, _ in pairs + defaults]
    count = len(listed)
    return Graph(
        inputs=[_unwrap_variable(item) for item in inputs],
        outputs=results[:count],
        updates=list(zip(targets, results[count:], strict=True)),
        single=single,
        name=name,
        on_unused_input=on_unused_input or "raise",
    )
