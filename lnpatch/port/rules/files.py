"""Files and what is read from them: one kind of string in Python 2, text and bytes in Python 3."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum

from lnpatch.port.code import HELPER, Code
from lnpatch.port.rules import rule

_PICKLES = {"pickle.load": "load_pickle", "pickle.dump": "dump_pickle"}

#: Calls that take an open file, and are content with bytes where they read.
_KNOWN = frozenset([*_PICKLES, "json.load", "json.dump", "numpy.load", "numpy.save", "numpy.savez", "numpy.fromfile"])

#: Calls that go through a file by lines.
_BY_LINES = frozenset(["csv.reader", "csv.DictReader", "csv.writer", "csv.DictWriter"])
_BUILTINS_BY_LINES = ("enumerate", "filter", "list", "map", "sorted", "zip")


@rule
def pickles(code: Code) -> None:
    """Pickles of either Python are read and Python 2 can read what is written, whichever way the file was opened."""
    for call in code.calls():
        name = code.scopes.dotted(call.func)
        if name in _PICKLES:
            code.helper(call.func, _PICKLES[name])
        elif name in ("pickle.loads", "pickle.dumps", "pickle.Unpickler", "pickle.Pickler"):
            code.remark(call, f"{name}: strings of Python 2 in a pickle are bytes and text in Python 3")


@rule
def json_numbers(code: Code) -> None:
    """NumPy's int64 was an int, and so it could be written as JSON."""
    for call in code.calls():
        name = code.scopes.dotted(call.func)
        given = {keyword.arg for keyword in call.keywords}
        if name in ("json.dump", "json.dumps") and not given & {"default", "cls", None}:
            last = [*call.args, *(keyword.value for keyword in call.keywords)][-1]
            code.append(last, f", default={HELPER}.as_json")


class _Use(Enum):
    """What is done with an open file."""

    LINES = "gone through by lines"
    STRINGS = "read or written as a whole"
    KNOWN = "given to a function that takes text and bytes, or knows which of them it is"
    OTHER = "something else"


@rule
def opened_files(code: Code) -> None:
    """Lines are text, also from files opened in binary mode, and end at a newline only."""
    for call in code.calls():
        if not any(code.scopes.is_builtin(call.func, name) for name in ("open", "file")):
            continue
        mode = _mode(call)
        uses = {_use(code, node) for node in _file_expressions(code, call)}
        in_text_mode = mode is not None and "b" not in mode and not mode.startswith(("w", "a"))
        if mode is not None and (_Use.LINES in uses or "U" in mode or (in_text_mode and uses - {_Use.KNOWN})):
            code.helper(call.func, "open")
            continue
        if code.source(call.func) == "file":
            code.replace(code.start(call.func), code.end(call.func), "open")
        if mode is None:
            code.remark(call, "whether this file is text or bytes is not known before the run")
        elif "b" in mode and uses - {_Use.KNOWN}:
            code.remark(call, "this file is read or written as bytes: is text meant?")


def _mode(call: ast.Call) -> str | None:
    """The mode as it is written; None for one that is computed."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] + call.args[1:2]
    if not given:
        return "r"
    return given[0].value if isinstance(given[0], ast.Constant) and isinstance(given[0].value, str) else None


def _use(code: Code, file: ast.expr) -> _Use:
    parent = code.scopes.parents[file]
    if isinstance(parent, ast.For | ast.comprehension) and parent.iter is file:
        return _Use.LINES
    if isinstance(parent, ast.Attribute):
        if parent.attr in ("readline", "readlines"):
            return _Use.LINES
        return _Use.STRINGS if parent.attr in ("read", "write", "writelines") else _Use.KNOWN
    if isinstance(parent, ast.Call):
        name = code.scopes.dotted(parent.func)
        by_lines = any(code.scopes.is_builtin(parent.func, builtin) for builtin in _BUILTINS_BY_LINES)
        return _Use.LINES if by_lines or name in _BY_LINES else (_Use.KNOWN if name in _KNOWN else _Use.OTHER)
    return _Use.OTHER


def _file_expressions(code: Code, call: ast.Call) -> Iterator[ast.expr]:
    """The expressions that are the file which *call* opens: itself, or the uses of the name that it gets."""
    parent = code.scopes.parents[call]
    target: ast.expr | None = None
    if isinstance(parent, ast.withitem):
        target = parent.optional_vars
    elif isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        target = parent.targets[0]
    if target is None:
        yield call
        return
    written = ast.unparse(target)
    inside = code.scopes.function(call) if isinstance(target, ast.Name) else code.tree
    for node in ast.walk(inside):
        if (
            isinstance(node, ast.Name | ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and ast.unparse(node) == written
        ):
            yield node
