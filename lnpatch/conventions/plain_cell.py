"""Read the convention of a repository's layers from its plain cell: gru for lngru, lstm for lnlstm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import libcst as cst

from lnpatch.syntax.positions import Lines, Place
from lnpatch.syntax.tree import child_nodes, functions_by_name, is_name, string_value, walk

#: What repositories call the parameter for the initial hidden state.
STATE_NAMES = ("init_state", "init_states", "_init_state")


class ReturnForm(StrEnum):
    """What a layer gives back."""

    #: ``return [h]``, or a name that holds a list by then.
    LIST = "list"
    #: ``return h``: the variable itself.
    BARE = "bare"
    #: ``return h, c``.
    TUPLE = "tuple"
    #: Different forms, or one that cannot be read.
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Parameter:
    """A named parameter of a function; *default* is its source, None where it has none."""

    name: str
    default: str | None = None


@dataclass(frozen=True)
class Signature:
    """The parameters of a function."""

    name: str
    path: str
    #: Where its ``def`` is.
    place: Place = field(compare=False, repr=False)
    parameters: tuple[Parameter, ...]
    #: The name behind ``*``, empty where there is none.
    star: str = ""
    #: The name behind ``**``, empty where there is none.
    double_star: str = ""
    #: The keywords that the body takes out of ``**kwargs``: ``kwargs['k']``, ``kwargs.get('k')``, ``kwargs.pop('k')``.
    taken_keywords: frozenset[str] = frozenset()
    #: Whether the body uses ``**kwargs`` in any other way, such as handing it on, so that any keyword may be honoured.
    hands_keywords_on: bool = False
    #: The keys of ``options`` that the body reads.
    options_read: frozenset[str] = frozenset()

    @property
    def line(self) -> int:
        """The 1-based line of its ``def``."""
        return self.place.line

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, in order."""
        return tuple(parameter.name for parameter in self.parameters)

    def honours(self, keyword: str) -> bool:
        """Return whether a keyword can change what the function does; one that falls into ``**kwargs`` unread cannot."""
        return keyword in self.names or keyword in self.taken_keywords or self.hands_keywords_on

    def accepts(self, keyword: str) -> bool:
        """Return whether a keyword is no TypeError."""
        return keyword in self.names or bool(self.double_star)


@dataclass(frozen=True)
class StateParameter:
    """The parameter of a layer for the initial hidden state."""

    name: str
    #: Its place among the parameters, from 0; the third argument is 2.
    position: int
    #: Whether a call may leave it out.
    optional: bool


@dataclass(frozen=True)
class Convention:
    """How a layer looks in a repository, as its plain cell says it."""

    #: The plain cell, as the table calls it.
    cell: str
    initializer: Signature
    layer: Signature
    #: The initial hidden state; None where the layer cannot be given one.
    state: StateParameter | None
    #: The place of ``options`` among the layer's parameters, from 0; None where it takes none.
    options_position: int | None
    #: What the layer gives back.
    returns: ReturnForm
    #: Where the layer asks for ``state_below.ndim``, to read what a 2-d input means there.
    rank_places: tuple[Place, ...] = field(default=(), compare=False, repr=False)
    #: Whether the layer takes integers, word indices, as input.
    integer_input: bool = False


def read_cell(module: cst.Module, path: str, cell: str, initializer: str, layer: str) -> Convention | None:
    """Read the convention of one cell; None where the module does not define both of its functions.

    Args:
        module: the tree of the file with the layers.
        path: that file, relative to the repository's root, for the result.
        cell: what the table calls the cell.
        initializer: the function that makes the parameters.
        layer: the function that computes the layer.
    """
    functions = functions_by_name(module)
    if initializer not in functions or layer not in functions:
        return None
    lines, function = Lines(module), functions[layer]
    signature = _read_signature(function, path, lines)
    names = signature.names
    state = next(
        (
            StateParameter(parameter.name, i, parameter.default is not None)
            for i, parameter in enumerate(signature.parameters)
            if parameter.name in STATE_NAMES
        ),
        None,
    )
    return Convention(
        cell,
        _read_signature(functions[initializer], path, lines),
        signature,
        state,
        names.index("options") if "options" in names else None,
        _read_return(function),
        tuple(lines.place(node) for node in walk(function) if _asks_for(node, ("ndim",))),
        any(_asks_for(node, ("dtype",)) for node in walk(function)) and _tests_for_integers(function),
    )


def _read_signature(function: cst.FunctionDef, path: str, lines: Lines) -> Signature:
    params = function.params
    parameters = tuple(
        Parameter(p.name.value, cst.Module([]).code_for_node(p.default) if p.default is not None else None)
        for p in (*params.posonly_params, *params.params, *params.kwonly_params)
    )
    star = params.star_arg.name.value if isinstance(params.star_arg, cst.Param) else ""
    double_star = params.star_kwarg.name.value if params.star_kwarg is not None else ""
    taken = frozenset(_taken_keywords(function, double_star)) if double_star else frozenset()
    uses = sum(is_name(node, double_star) for node in walk(function.body)) if double_star else 0
    readable = sum(1 for _ in _taken_keywords(function, double_star)) if double_star else 0
    read = frozenset(_taken_keywords(function, "options"))
    return Signature(
        function.name.value,
        path,
        lines.place(function.name),
        parameters,
        star,
        double_star,
        taken,
        uses > readable,
        read,
    )


def _taken_keywords(function: cst.FunctionDef, name: str) -> Iterator[str]:
    """Yield each keyword that the body reads by name from the dictionary *name*, once for each place."""
    for node in walk(function.body):
        key: cst.BaseExpression | None = None
        if isinstance(node, cst.Subscript) and is_name(node.value, name):
            index = node.slice[0].slice
            key = index.value if isinstance(index, cst.Index) else None
        elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.args:
            if is_name(node.func.value, name) and node.func.attr.value in ("get", "pop", "setdefault", "has_key"):
                key = node.args[0].value
        elif isinstance(node, cst.Comparison) and any(is_name(c.comparator, name) for c in node.comparisons):
            key = node.left
        if (text := string_value(key)) is not None:
            yield text


def _read_return(function: cst.FunctionDef) -> ReturnForm:
    forms = {_form_of(value, function) for value in _returned(function.body)}
    return forms.pop() if len(forms) == 1 else ReturnForm.UNCLEAR


def _returned(node: cst.CSTNode) -> Iterator[cst.BaseExpression | None]:
    """Yield what a function returns; the functions inside of it return for themselves."""
    for child in child_nodes(node):
        if isinstance(child, cst.Return):
            yield child.value
        elif not isinstance(child, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            yield from _returned(child)


def _form_of(value: cst.BaseExpression | None, function: cst.FunctionDef) -> ReturnForm:
    if isinstance(value, cst.List):
        return ReturnForm.LIST
    if isinstance(value, cst.Tuple):
        return ReturnForm.TUPLE
    if not isinstance(value, cst.Name):
        return ReturnForm.BARE if isinstance(value, (cst.Subscript, cst.BinaryOperation)) else ReturnForm.UNCLEAR
    last = function.body.body[-2] if len(function.body.body) > 1 else None
    if last is not None and any(isinstance(node, cst.List) for node in _assigned_to(value.value, last)):
        return ReturnForm.LIST  # `rval = [rval]` right before `return rval`, whatever it was before
    forms = {_form_of_assigned(node) for node in _assigned_to(value.value, function.body)}
    return forms.pop() if len(forms) == 1 else ReturnForm.UNCLEAR


def _form_of_assigned(value: cst.CSTNode) -> ReturnForm:
    """Return the form of what a name is assigned: Theano's scan gives a list where it has several outputs."""
    if isinstance(value, cst.List):
        return ReturnForm.LIST
    if isinstance(value, cst.Call):
        for argument in value.args:
            if argument.keyword is not None and argument.keyword.value == "outputs_info":
                outputs = argument.value.elements if isinstance(argument.value, (cst.List, cst.Tuple)) else ()
                return ReturnForm.LIST if len(outputs) > 1 else ReturnForm.BARE
    return ReturnForm.BARE


def _assigned_to(name: str, body: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield what is assigned to *name*; where it is the first of several names, ``rval, updates = scan(...)``, the call."""
    for node in walk(body):
        if isinstance(node, cst.Assign):
            for target in node.targets:
                first: cst.BaseExpression = target.target
                if isinstance(first, cst.Tuple) and first.elements:
                    first = first.elements[0].value
                if is_name(first, name):
                    yield node.value


def _asks_for(node: cst.CSTNode, attributes: tuple[str, ...]) -> bool:
    return isinstance(node, cst.Attribute) and node.attr.value in attributes and is_name(node.value, "state_below")


def _tests_for_integers(function: cst.FunctionDef) -> bool:
    return any((string_value(node) or "").startswith("int") for node in walk(function.body)) or any(
        isinstance(node, cst.Attribute) and node.attr.value in ("int32", "int64", "discrete_dtypes")
        for node in walk(function.body)
    )
