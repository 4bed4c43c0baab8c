"""2to3: fissix, the maintained copy of lib2to3, converts what is the same in all Python 2 code."""

from __future__ import annotations

import importlib
import re
from functools import cache
from importlib import metadata
from typing import Any

from lnpatch.errors import PortLibraryError, SourceSyntaxError
from lnpatch.folders import cache_folder

#: The fixers that keep the meaning. Not among them: the optional ones (matters of taste), `asserts` (tests only), `future`
#: (rules have to see `division`), and those for what NumPy code does not have.
_FIXERS = """
    apply basestring dict except exec execfile filter funcattrs getcwdu has_key import imports imports2 input
    intern isinstance itertools itertools_imports long map metaclass methodattrs ne next nonzero numliterals
    operator paren print raise raw_input reduce reload renames repr sorted standarderror sys_exc throw
    tuple_params types unicode urllib xrange xreadlines zip
""".split()  # noqa: SIM905 - one word a line would be a page

#: Fixers of builtin functions, called like these; a file may have imported or defined a function of that name itself.
_BUILTIN_FIXERS = set("apply execfile filter input intern map raw_input reduce reload xrange zip".split())  # noqa: SIM905
_OWN_NAMES = re.compile(r"^(?:[ \t]*from[ \t]+\S+[ \t]+import[ \t]+(.*)|def[ \t]+(\w+))", re.MULTILINE)


def fissix_version() -> str:
    """Return the version of fissix, without importing it.

    Raises:
        PortLibraryError: it is not installed.
    """
    try:
        return metadata.version("fissix")
    except metadata.PackageNotFoundError as error:
        raise PortLibraryError("fissix") from error


def run_fixers(text: str, path: str, in_package: bool) -> tuple[str, list[tuple[int, str]]]:
    """Return *text* as Python 3, and the fixers' warnings with their lines (1-based).

    For example::

         for key in words:
        -    print key, map(len, words[key])
        +    print(key, list(map(len, words[key])))

    Args:
        path: the file on disk: its neighbours tell which imports are relative.
        in_package: whether it is imported as a part of a package, so that Python 2 looks for imports beside it first.

    Raises:
        PortLibraryError: fissix is not installed.
        SourceSyntaxError: fissix cannot read it.
    """
    own_names = {name for match in _OWN_NAMES.finditer(text) for name in re.findall(r"\w+", match[1] or match[2])}
    skipped = (own_names & _BUILTIN_FIXERS) | (set() if in_package else {"import"})
    tool = _make_tool(frozenset(skipped))
    tool.fixer_log.clear()
    try:
        # fissix needs a line end behind the last line; it goes again below
        tree = tool.refactor_string(text + "\n", path)
    except (_import_fissix("pgen2.parse").ParseError, _import_fissix("pgen2.tokenize").TokenError) as error:
        raise SourceSyntaxError(path, 1, str(error)) from error
    warnings = [re.fullmatch(r"Line (\d+): (.*)", line, re.DOTALL) for line in tool.fixer_log]
    return str(tree)[:-1], [(int(match[1]), match[2]) for match in warnings if match]


@cache
def _make_tool(skipped: frozenset[str]) -> Any:
    """Return fissix's ``RefactoringTool`` with all fixers but some; to load them takes longer than most files, so it is kept."""
    names = [f"fissix.fixes.fix_{name}" for name in _FIXERS if name not in skipped]
    return _import_fissix("refactor").RefactoringTool(names)


def _import_fissix(module: str) -> Any:
    """Import a module of fissix, which has no types.

    Raises:
        PortLibraryError: it is not installed.
    """
    folder = cache_folder("fissix", fissix_version())
    fissix: Any = importlib.import_module("fissix")
    fissix.CACHE_DIR = folder  # before any module of it reads the grammar, whose tables it would write to $HOME
    return importlib.import_module(f"fissix.{module}")
