"""2to3: what is the same in all Python 2 code becomes Python 3, by fissix, the copy of lib2to3 that is kept up."""

from __future__ import annotations

import importlib
import re
from functools import cache
from importlib import metadata
from typing import Any

from lnpatch.errors import PortLibraryError, SourceSyntaxError
from lnpatch.folders import cache_folder

#: The fixers that keep the meaning. Left out: the optional ones (matters of taste), `asserts` (tests only), `future`
#: (rules have to see `division`), and those for what NumPy code does not have.
_FIXERS = """
    apply basestring dict except exec execfile filter funcattrs getcwdu has_key import imports imports2 input
    intern isinstance itertools itertools_imports long map metaclass methodattrs ne next nonzero numliterals
    operator paren print raise raw_input reduce reload renames repr sorted standarderror sys_exc throw
    tuple_params types unicode urllib xrange xreadlines zip
""".split()  # noqa: SIM905 - one word a line would be a page

#: Fixers of builtin functions, by the name that a file may have imported or defined itself.
_OF_BUILTINS = set("apply execfile filter input intern map raw_input reduce reload xrange zip".split())  # noqa: SIM905
_IMPORTED = re.compile(r"^(?:[ \t]*from[ \t]+\S+[ \t]+import[ \t]+(.*)|def[ \t]+(\w+))", re.MULTILINE)


def version() -> str:
    """The version of fissix.

    Raises:
        PortLibraryError: it is not installed.
    """
    try:
        return metadata.version("fissix")
    except metadata.PackageNotFoundError as error:
        raise PortLibraryError("fissix") from error


def fix(text: str, path: str, in_package: bool) -> tuple[str, list[tuple[int, str]]]:
    """*text* as Python 3, and the fixers' warnings with their lines (1-based).

    Args:
        path: the file on disk: its neighbours say which imports are relative.
        in_package: whether it is imported as a part of a package, so that Python 2 looks for imports beside it first.

    Raises:
        PortLibraryError: fissix is not installed.
        SourceSyntaxError: fissix cannot read it.
    """
    own = {name for match in _IMPORTED.finditer(text) for name in re.findall(r"\w+", match[1] or match[2])}
    left_out = (own & _OF_BUILTINS) | (set() if in_package else {"import"})
    tool = _tool(frozenset(left_out))
    tool.fixer_log.clear()
    try:
        tree = tool.refactor_string(text + "\n", path)
    except (_fissix("pgen2.parse").ParseError, _fissix("pgen2.tokenize").TokenError) as error:
        raise SourceSyntaxError(path, 1, str(error)) from error
    found = [re.fullmatch(r"Line (\d+): (.*)", line, re.DOTALL) for line in tool.fixer_log]
    return str(tree)[:-1], [(int(match[1]), match[2]) for match in found if match]


@cache
def _tool(left_out: frozenset[str]) -> Any:
    """fissix's ``RefactoringTool`` with all fixers but some."""
    names = [f"fissix.fixes.fix_{name}" for name in _FIXERS if name not in left_out]
    return _fissix("refactor").RefactoringTool(names)


def _fissix(module: str) -> Any:
    """A module of fissix, which has no types.

    Raises:
        PortLibraryError: it is not installed.
    """
    folder = cache_folder("fissix", version())
    fissix: Any = importlib.import_module("fissix")
    fissix.CACHE_DIR = folder  # for its grammar tables, which it would write to $HOME
    return importlib.import_module(f"fissix.{module}")
