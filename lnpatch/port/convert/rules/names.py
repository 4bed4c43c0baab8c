"""Names that are gone: from NumPy since 2016, and from modules that 2to3 does not look into."""

from __future__ import annotations

import ast

from lnpatch.port.convert.code import HELPER, Code
from lnpatch.port.convert.rules import rule

_NUMPY = {
    # what they were names for
    "bool": "bool", "int": "int", "long": "int", "float": "float", "complex": "complex", "object": "object",
    "str": "str", "unicode": "str",
    # as they are called today
    "Inf": "numpy.inf", "Infinity": "numpy.inf", "infty": "numpy.inf", "PINF": "numpy.inf", "NaN": "numpy.nan",
    "NAN": "numpy.nan", "float_": "numpy.float64", "complex_": "numpy.complex128", "int0": "numpy.intp",
    "string_": "numpy.bytes_", "unicode_": "numpy.str_", "product": "numpy.prod", "cumproduct": "numpy.cumprod",
    "alltrue": "numpy.all", "sometrue": "numpy.any", "rank": "numpy.ndim", "round_": "numpy.round",
    "row_stack": "numpy.vstack", "trapz": "numpy.trapezoid", "in1d": "numpy.isin",
    "cast": f"{HELPER}.cast", "argsort": f"{HELPER}.argsort",
}  # fmt: skip

_OTHERS = {
    "string.letters": "string.ascii_letters",
    "string.lowercase": "string.ascii_lowercase",
    "string.uppercase": "string.ascii_uppercase",
    "operator.div": f"{HELPER}.div",
    "operator.idiv": f"{HELPER}.idiv",
}
_METHODS = {"__div__": "__truediv__", "__rdiv__": "__rtruediv__", "__idiv__": "__itruediv__"}


@rule
def replace_names(code: Code) -> None:
    """Use the name of today, the builtin that it was, or the helper.

    For example::

         import numpy as np
        -x = np.cast['float32'](np.product(shape, dtype=np.int))
        +x = lnpatch_py2.cast['float32'](np.prod(shape, dtype=int))
    """
    for node in code.nodes:
        if isinstance(node, ast.Attribute):
            _replace_attribute(code, node)
        elif isinstance(node, ast.FunctionDef) and node.name in _METHODS:
            start = code.text.index(node.name, code.start(node))
            code.replace(start, start + len(node.name), _METHODS[node.name])
        elif isinstance(node, ast.ImportFrom) and node.module == "numpy":
            for alias in node.names:
                if alias.name in _NUMPY and alias.name not in ("argsort", "round_"):
                    code.add_remark(node, f"NumPy no longer has {alias.name}")


def _replace_attribute(code: Code, node: ast.Attribute) -> None:
    module, _, name = code.scopes.dotted_name(node).rpartition(".")
    if module == "numpy" and name in _NUMPY:
        if name == "argsort" and not _is_plain_call(code, node):
            return
        new = _NUMPY[name]
        alias = code.source(node.value)
        code.replace(code.start(node), code.end(node), new.replace("numpy.", f"{alias}.", 1))
    elif f"{module}.{name}" in _OTHERS:
        code.replace(code.start(node), code.end(node), _OTHERS[f"{module}.{name}"])


def _is_plain_call(code: Code, node: ast.Attribute) -> bool:
    """Tell whether it is called with one array and nothing else: then equal values came in NumPy's old order."""
    call = code.scopes.parents[node]
    return isinstance(call, ast.Call) and call.func is node and len(call.args) == 1 and not call.keywords
