"""Find out what the names of a module mean: its imports, followed into the repository's own files, and its definitions.

Python 2 looks for ``import utils`` beside the importing file first, then along ``sys.path``; the repositories put one of
the folders above a file on that path. So a module is looked for from the file's folder upwards.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import libcst as cst

from lnpatch.errors import SourceSyntaxError
from lnpatch.source import Source
from lnpatch.syntax.compare import dotted_name
from lnpatch.syntax.tree import assignment_targets, is_name, module_scope_nodes, scope_statements, string_value, walk


@dataclass
class ModuleNames:
    """The names of a module's top level."""

    #: The dotted path that an imported name means: ``np`` is ``numpy``, ``_p`` is ``utils._p``; relative ones have dots
    #: in front.
    imported: dict[str, str] = field(default_factory=dict)
    #: Those of the imported names that ``from ... import`` binds.
    members: set[str] = field(default_factory=set)
    #: The names that the module defines itself.
    defined: set[str] = field(default_factory=set)
    #: The modules that ``from ... import *`` takes all public names of.
    stars: list[str] = field(default_factory=list)
    #: The names in ``__all__``, None where there is none.
    exported: list[str] | None = None

    @classmethod
    def of(cls, module: cst.Module) -> ModuleNames:
        """Collect the names that *module* binds at its top level."""
        names = cls()
        for statement in scope_statements(module):
            if isinstance(statement, (cst.FunctionDef, cst.ClassDef)):
                names.defined.add(statement.name.value)
            elif isinstance(statement, (cst.Import, cst.ImportFrom)):
                names._add_import(statement)
            else:
                for target in assignment_targets(statement):
                    if is_name(target, "__all__"):
                        names.exported = [*(names.exported or ()), *_assigned_strings(statement)]
        for node in module_scope_nodes(module):
            names.defined.update(_names_bound_by(node))
        return names

    def _add_import(self, statement: cst.Import | cst.ImportFrom) -> None:
        if isinstance(statement, cst.Import):
            for alias in statement.names:
                path = dotted_name(alias.name) or ""
                if alias.asname is not None:
                    self._bind_import(alias, path)
                else:  # `import theano.tensor` binds `theano`
                    root = path.partition(".")[0]
                    self.imported[root] = root
            return
        path = "." * len(statement.relative) + (dotted_name(statement.module) or "" if statement.module else "")
        if isinstance(statement.names, cst.ImportStar):
            self.stars.append(path)
            return
        for alias in statement.names:
            self.members.add(self._bind_import(alias, _join(path, dotted_name(alias.name) or "")))

    def _bind_import(self, alias: cst.ImportAlias, path: str) -> str:
        name = cst.ensure_type(alias.asname.name if alias.asname is not None else alias.name, cst.Name).value
        self.imported[name] = path
        return name

    def binds(self, name: str) -> bool:
        """Return whether *name* is defined or imported, other than by ``import *``."""
        return name in self.defined or name in self.imported

    def is_public(self, name: str) -> bool:
        """Return whether ``from module import *`` takes *name* along."""
        return name in self.exported if self.exported is not None else not name.startswith("_")


class _ModuleFile(NamedTuple):
    """A file of the repository that an import means."""

    path: str
    names: ModuleNames


@dataclass(frozen=True)
class NameResolver:
    """Finds the expression by which a module reaches another module or a helper function."""

    #: The module's file, relative to the repository's root.
    path: str
    #: The module's own names.
    names: ModuleNames
    #: Gives the bytes of a file of the repository, None where there is none.
    read_file: Callable[[str], bytes | None]
    #: The names in the files that were read so far; each file is parsed once.
    _names_of: dict[str, ModuleNames | None] = field(default_factory=dict, init=False)

    def module_name(self, module: str) -> str | None:
        """Return the expression by which the file reaches a module such as ``theano.tensor``, or None."""
        return self._module_name(self.names, self.path, module, frozenset())

    def helper_name(self, aliases: Sequence[str]) -> str | None:
        """Return the expression by which the file reaches a helper function, or None.

        Args:
            aliases: the names that the function may have where it is defined, the likeliest first.
        """
        for alias in aliases:
            for local, origin in self.names.imported.items():
                if origin.rpartition(".")[2] == alias and self._may_exist(origin, self.path):
                    return local
            if alias in self.names.defined or self.is_star_imported(alias):
                return alias
            for local, origin in self.names.imported.items():
                module = self._find_module(origin, self.path)
                if module is not None and module.names.binds(alias):
                    return f"{local}.{alias}"
        return None

    def is_star_imported(self, name: str) -> bool:
        """Return whether an ``import *`` from one of the repository's files binds *name*."""
        return self._is_star_imported(self.names, self.path, name, frozenset())

    def imports_from(self, path: str) -> bool:
        """Return whether the file imports the repository's file *path*, or anything from it."""
        modules = {*self.names.imported.values(), *self.names.stars}
        modules |= {origin.rpartition(".")[0] for origin in self.names.imported.values()}
        return any(path == self._first_file(module) for module in modules if module.strip("."))

    def _first_file(self, dotted: str) -> str | None:
        """Return the path of the repository's file that an import means, without reading what is in it."""
        files = (file for file in _possible_files(dotted, self.path) if file != self.path)
        return next((file for file in files if self.read_file(file) is not None), None)

    def is_bound(self, name: str) -> bool:
        """Return whether the file uses *name* for anything at its top level."""
        return self.names.binds(name) or self.is_star_imported(name)

    def _module_name(self, names: ModuleNames, path: str, module: str, seen: frozenset[str]) -> str | None:
        exact = [local for local, origin in names.imported.items() if origin == module]
        if exact:
            return min(exact, key=lambda local: local in names.defined)  # defined: `except ImportError: numpy = None`
        for star in names.stars:
            file = self._find_module(star, path)
            if file is not None and file.path not in seen:
                name = self._module_name(file.names, file.path, module, seen | {file.path})
                if name is not None and file.names.is_public(name.partition(".")[0]):
                    return name
        for local, origin in names.imported.items():  # `import theano` reaches theano.tensor
            if module.startswith(f"{origin}."):
                return local + module.removeprefix(origin)
        return None

    def _may_exist(self, origin: str, path: str) -> bool:
        """Return whether a dotted import can be what it says: false only where the repository's own file lacks the name."""
        module, _, name = origin.rpartition(".")
        file = self._find_module(module or ".", path) if module else None
        if file is None:
            return True  # not one of the repository's files: the import is taken at its word
        return file.names.binds(name) or self._is_star_imported(file.names, file.path, name, frozenset({file.path}))

    def _is_star_imported(self, names: ModuleNames, path: str, name: str, seen: frozenset[str]) -> bool:
        return any(self._star_binds(star, path, name, seen) for star in names.stars)

    def _star_binds(self, star: str, path: str, name: str, seen: frozenset[str]) -> bool:
        """Return whether ``from star import *`` in the file *path* binds *name*; *seen* ends a circle of such imports."""
        file = self._find_module(star, path)
        if file is None or file.path in seen or not file.names.is_public(name):
            return False
        return file.names.binds(name) or self._is_star_imported(file.names, file.path, name, seen | {file.path})

    def _find_module(self, dotted: str, path: str) -> _ModuleFile | None:
        """Find the repository's file that the import of *dotted* in *path* means."""
        for file in _possible_files(dotted, path):
            if file not in self._names_of:
                self._names_of[file] = self._read_names(file)
            if (names := self._names_of[file]) is not None and file != path:
                return _ModuleFile(file, names)
        return None

    def _read_names(self, file: str) -> ModuleNames | None:
        data = self.read_file(file)
        if data is None:
            return None
        try:
            return ModuleNames.of(Source.read(data, file).module)
        except SourceSyntaxError:
            return ModuleNames()


def _possible_files(dotted: str, path: str) -> Iterator[str]:
    """Yield the files that the import of *dotted* in the file *path* may mean, the first first."""
    level = len(dotted) - len(dotted.lstrip("."))
    parts = [part for part in dotted[level:].split(".") if part]
    folder = posixpath.dirname(path)
    folders = [folder]
    if level:
        for _ in range(level - 1):
            folder = posixpath.dirname(folder)
        folders = [folder]
    else:
        while folder:
            folder = posixpath.dirname(folder)
            folders.append(folder)
    for base in folders:
        stem = posixpath.join(base, *parts)
        if parts:
            yield f"{stem}.py"
        yield posixpath.join(stem, "__init__.py")


def bound_names(target: cst.CSTNode) -> set[str]:
    """Return the names that an assignment target binds."""
    if isinstance(target, cst.Name):
        return {target.value}
    if isinstance(target, (cst.Tuple, cst.List)):
        return {name for element in target.elements for name in bound_names(element.value)}
    return set()


def local_names(function: cst.FunctionDef) -> set[str]:
    """Return all names that a function and those inside it bind: parameters, assignments, loop variables, definitions."""
    names: set[str] = set()
    for node in walk(function):
        if isinstance(node, cst.Param):
            names.add(node.name.value)
        elif isinstance(node, (cst.AssignTarget, cst.For, cst.CompFor)):
            names |= bound_names(node.target)
        elif isinstance(node, (cst.FunctionDef, cst.ClassDef)) and node is not function:
            names.add(node.name.value)
    return names


def global_names(module: cst.Module) -> set[str]:
    """Return the names that functions of a module bind at its top level by ``global``."""
    return {item.name.value for node in walk(module) if isinstance(node, cst.Global) for item in node.names}


def rename_names(node: cst.CSTNode, expressions: Mapping[str, str]) -> cst.CSTNode:
    """Put other expressions in the place of names, or dotted names, that a piece of code takes from its module.

    Args:
        node: the code.
        expressions: for each name, the code of the expression to put in its place.
    """
    new = {name: cst.parse_expression(code) for name, code in expressions.items() if name != code}
    renamed = node.visit(_Renamer(new))
    assert isinstance(renamed, cst.CSTNode)  # the renamer neither removes nodes nor makes several of one
    return renamed


class _Renamer(cst.CSTTransformer):
    def __init__(self, expressions: Mapping[str, cst.BaseExpression]) -> None:
        super().__init__()
        self.expressions = expressions

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        new = self.expressions.get(original_node.value)
        return updated_node if new is None else new.deep_clone()  # libcst wants each node once in a tree

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        new = self.expressions.get(dotted_name(original_node) or "")
        # leave_Name was called for the name behind the dot as well, which is not a name of the module.
        return updated_node.with_changes(attr=original_node.attr) if new is None else new.deep_clone()

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)


def _names_bound_by(node: cst.CSTNode) -> set[str]:
    """Return the names that a node outside of functions and classes binds other than by import, ``def`` and ``class``."""
    if isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.For, cst.CompFor, cst.NamedExpr)):
        return bound_names(node.target)
    if isinstance(node, cst.AsName) and isinstance(node.name, (cst.Name, cst.Tuple, cst.List)):
        return bound_names(node.name)  # of `with` and `except`; an import's is not walked into
    return set()


def _assigned_strings(statement: cst.CSTNode) -> list[str]:
    """Return the strings in the list or tuple that is assigned."""
    value = statement.value if isinstance(statement, (cst.Assign, cst.AnnAssign, cst.AugAssign)) else None
    if not isinstance(value, (cst.List, cst.Tuple)):
        return []
    return [text for element in value.elements if (text := string_value(element.value)) is not None]


def _join(path: str, name: str) -> str:
    return f"{path}{name}" if not path or path.endswith(".") else f"{path}.{name}"
