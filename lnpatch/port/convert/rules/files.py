"""Files and what is read from them: one kind of string in Python 2, text and bytes in Python 3."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum

from lnpatch.port.convert.code import HELPER, Code
from lnpatch.port.convert.rules import rule

_PICKLES = {"pickle.load": "load_pickle", "pickle.dump": "dump_pickle"}

#: Calls that take an open file, and are content with bytes where they read.
_KNOWN = frozenset([*_PICKLES, "json.load", "json.dump", "numpy.load", "numpy.save", "numpy.savez", "numpy.fromfile"])

#: Calls that go through a file by lines.
_BY_LINES = frozenset(["csv.reader", "csv.DictReader", "csv.writer", "csv.DictWriter"])
_BUILTINS_BY_LINES = ("enumerate", "filter", "list", "map", "sorted", "zip")


@rule
def use_helper_for_pickles(code: Code) -> None:
    """Read pickles of either Python and write those that Python 2 can read, whichever way the file was opened.

    For example::

         import pickle
        -options = pickle.load(open(path))
        +options = lnpatch_py2.load_pickle(open(path))
    """
    for call in code.calls():
        name = code.scopes.dotted_name(call.func)
        if name in _PICKLES:
            code.use_helper(call.func, _PICKLES[name])
        elif name in ("pickle.loads", "pickle.dumps", "pickle.Unpickler", "pickle.Pickler"):
            code.add_remark(call, f"{name}: strings of Python 2 in a pickle are bytes and text in Python 3")


@rule
def write_numpy_numbers_as_json(code: Code) -> None:
    """Write NumPy's int64 as JSON, which could be done while it was a subclass of int.

    For example::

         import json
        -json.dump(options, f)
        +json.dump(options, f, default=lnpatch_py2.as_json)
    """
    for call in code.calls():
        name = code.scopes.dotted_name(call.func)
        keywords = {keyword.arg for keyword in call.keywords}
        # None stands for **options, among which a default may be
        if name in ("json.dump", "json.dumps") and not keywords & {"default", "cls", None}:
            last = [*call.args, *(keyword.value for keyword in call.keywords)][-1]
            code.insert_behind(last, f", default={HELPER}.as_json")


class _FileUse(Enum):
    """What is done with an open file."""

    LINES = "gone through by lines"
    STRINGS = "read or written as a whole"
    KNOWN = "an argument of a function that takes text and bytes, or knows which of them it is"
    OTHER = "something else"


@rule
def open_lines_as_text(code: Code) -> None:
    """Open what is read by lines as text, also in binary mode, with lines that end at a newline only.

    For example::

         def sentences(path):
        -    return [line.rstrip() for line in open(path, 'rb')]
        +    return [line.rstrip() for line in lnpatch_py2.open(path, 'rb')]
    """
    for call in code.calls():
        if not any(code.scopes.is_builtin(call.func, name) for name in ("open", "file")):
            continue
        mode = _find_mode(call)
        uses = {_find_use(code, node) for node in _find_file_expressions(code, call)}
        in_text_mode = mode is not None and "b" not in mode and not mode.startswith(("w", "a"))
        if mode is not None and (_FileUse.LINES in uses or "U" in mode or (in_text_mode and uses - {_FileUse.KNOWN})):
            code.use_helper(call.func, "open")
            continue
        if code.source(call.func) == "file":
            code.replace(code.start(call.func), code.end(call.func), "open")
        if mode is None:
            code.add_remark(call, "whether this file is text or bytes is not known before the run")
        elif "b" in mode and uses - {_FileUse.KNOWN}:
            code.add_remark(call, "this file is read or written as bytes: is text meant?")


def _find_mode(call: ast.Call) -> str | None:
    """Return the mode with which a file is opened; None for one that is computed."""
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] + call.args[1:2]
    if not modes:
        return "r"
    return modes[0].value if isinstance(modes[0], ast.Constant) and isinstance(modes[0].value, str) else None


def _find_use(code: Code, file: ast.expr) -> _FileUse:
    """Return what is done with an open file at one place."""
    parent = code.scopes.parents[file]
    if isinstance(parent, ast.For | ast.comprehension) and parent.iter is file:
        return _FileUse.LINES
    if isinstance(parent, ast.Attribute):
        if parent.attr in ("readline", "readlines"):
            return _FileUse.LINES
        return _FileUse.STRINGS if parent.attr in ("read", "write", "writelines") else _FileUse.KNOWN
    if isinstance(parent, ast.Call):
        name = code.scopes.dotted_name(parent.func)
        by_lines = any(code.scopes.is_builtin(parent.func, builtin) for builtin in _BUILTINS_BY_LINES)
        return (
            _FileUse.LINES if by_lines or name in _BY_LINES else (_FileUse.KNOWN if name in _KNOWN else _FileUse.OTHER)
        )
    return _FileUse.OTHER


def _find_file_expressions(code: Code, call: ast.Call) -> Iterator[ast.expr]:
    """Yield the expressions that are the file which *call* opens: itself, or the uses of the name that it gets."""
    parent = code.scopes.parents[call]
    target: ast.expr | None = None
    if isinstance(parent, ast.withitem):
        target = parent.optional_vars
    elif isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        target = parent.targets[0]
    if target is None:
        yield call
        return
    # a plain name is the file within its function; self.f may be it in every method
    unparsed = ast.unparse(target)
    inside = code.scopes.enclosing_function(call) if isinstance(target, ast.Name) else code.tree
    for node in ast.walk(inside):
        if (
            isinstance(node, ast.Name | ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and ast.unparse(node) == unparsed
        ):
            yield node
