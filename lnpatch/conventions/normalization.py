"""Find layer normalization that a module has already."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import libcst as cst

from lnpatch.syntax.positions import Lines, Place
from lnpatch.syntax.tree import qualified_functions, string_value, walk

_FUNCTION = re.compile(r"_?(?:ln|layer_?norm(?:ali[sz]ation|ali[sz]e|)|ln_?(?:gru|lstm)\w*|param_init_ln\w+)")
_OPTION = re.compile(r"(?:--)?(?:use_)?layer_?norm(?:ali[sz]ation|)?")


@dataclass(frozen=True)
class Normalization:
    """A function or an option for layer normalization."""

    path: str
    #: Where it is.
    place: Place = field(compare=False, repr=False)
    name: str
    #: Whether it is an option: a string such as ``--layer_normalisation`` or ``layernorm``; else a function.
    is_option: bool

    @property
    def line(self) -> int:
        """The 1-based line."""
        return self.place.line


def find_normalization(module: cst.Module, path: str) -> tuple[Normalization, ...]:
    """Find the functions and options of a module whose names say layer normalization; functions first.

    Batch normalization is another thing and is not found.

    Args:
        module: the tree of the file.
        path: the file, relative to the repository's root, for the result.
    """
    lines = Lines(module)
    functions = [
        Normalization(path, lines.place(function.name), name, False)
        for name, function in qualified_functions(module)
        if _FUNCTION.fullmatch(name.rpartition(".")[2])
    ]
    options: dict[str, Normalization] = {}
    for node in walk(module):
        text = string_value(node) if isinstance(node, cst.SimpleString) else None
        if text is not None and _OPTION.fullmatch(text):
            options.setdefault(text, Normalization(path, lines.place(node), text, True))
    return (*functions, *options.values())
