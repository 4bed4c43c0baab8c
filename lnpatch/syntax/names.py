"""What the names of a module stand for: its imports, followed into the repository's own files, and its definitions.

Python 2 looks for ``import utils`` beside the importing file first, then along ``sys.path``; the repositories put one of
the folders above a file on that path. So a module is looked for from the file's folder upwards.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst

from lnpatch.errors import SourceSyntaxError
from lnpatch.source import Source
from lnpatch.syntax.compare import dotted_name
from lnpatch.syntax.tree import is_name, outer_nodes, scope, string_value, targets, walk


@dataclass
class Names:
    """The names of a module's top level.

    ``imported`` maps a local name to the dotted path that it stands for (``np`` to ``numpy``, ``_p`` to ``utils._p``,
    with leading dots for relative imports), ``members`` are those of them bound by ``from ... import``; ``defined`` are
    the names that the module makes itself; ``stars`` are the modules whose public names it takes over.
    """

    imported: dict[str, str] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    defined: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)
    exported: list[str] | None = None

    @classmethod
    def of(cls, module: cst.Module) -> Names:
        """The names that *module* binds at its top level."""
        names = cls()
        for statement in scope(module):
            if isinstance(statement, (cst.FunctionDef, cst.ClassDef)):
                names.defined.add(statement.name.value)
            elif isinstance(statement, (cst.Import, cst.ImportFrom)):
                names._take_import(statement)
            else:
                for target in targets(statement):
                    if is_name(target, "__all__"):
                        names.exported = [*(names.exported or ()), *_strings(statement)]
        for node in outer_nodes(module):
            names.defined.update(_bound_by(node))
        return names

    def _take_import(self, statement: cst.Import | cst.ImportFrom) -> None:
        if isinstance(statement, cst.Import):
            for alias in statement.names:
                path = dotted_name(alias.name) or ""
                if alias.asname is not None:
                    self._bind(alias, path)
                else:  # `import theano.tensor` binds `theano`
                    root = path.partition(".")[0]
                    self.imported[root] = root
            return
        path = "." * len(statement.relative) + (dotted_name(statement.module) or "" if statement.module else "")
        if isinstance(statement.names, cst.ImportStar):
            self.stars.append(path)
            return
        for alias in statement.names:
            self.members.add(self._bind(alias, _join(path, dotted_name(alias.name) or "")))

    def _bind(self, alias: cst.ImportAlias, path: str) -> str:
        name = cst.ensure_type(alias.asname.name if alias.asname is not None else alias.name, cst.Name).value
        self.imported[name] = path
        return name

    def public(self, name: str) -> bool:
        """Whether ``from module import *`` takes *name* along."""
        return name in self.exported if self.exported is not None else not name.startswith("_")


@dataclass(frozen=True)
class Resolver:
    """Says what a module calls something.

    Args:
        path: the module's file, relative to the repository's root.
        names: the module's own names.
        read: gives the bytes of a file of the repository, None where there is none.
    """

    path: str
    names: Names
    read: Callable[[str], bytes | None]
    _names_of: dict[str, Names | None] = field(default_factory=dict, init=False)

    def module_name(self, wanted: str) -> str | None:
        """The expression by which the file reaches the module *wanted* (``theano.tensor``), or None."""
        return self._module_name(self.names, self.path, wanted, frozenset())

    def helper_name(self, spellings: Sequence[str]) -> str | None:
        """The expression by which the file reaches a helper function that has one of these names where it is defined."""
        for spelling in spellings:
            for local, origin in self.names.imported.items():
                if origin.rpartition(".")[2] == spelling and self._exists(origin, self.path):
                    return local
            if spelling in self.names.defined:
                return spelling
            for star in self.names.stars:
                if self._exported(star, self.path, spelling, frozenset()):
                    return spelling
            for local, origin in self.names.imported.items():
                if (found := self._module(origin, self.path)) and spelling in found[1].defined | found[
                    1
                ].imported.keys():
                    return f"{local}.{spelling}"
        return None

    def star_brings(self, name: str) -> bool:
        """Whether an ``import *`` from one of the repository's files binds *name*."""
        return any(self._exported(star, self.path, name, frozenset()) for star in self.names.stars)

    def _module_name(self, names: Names, path: str, wanted: str, seen: frozenset[str]) -> str | None:
        exact = [local for local, origin in names.imported.items() if origin == wanted]
        if exact:
            return min(exact, key=lambda local: local in names.defined)  # defined: `except ImportError: numpy = None`
        for star in names.stars:
            found = self._module(star, path)
            if found and found[0] not in seen:
                name = self._module_name(found[1], found[0], wanted, seen | {found[0]})
                if name is not None and found[1].public(name.partition(".")[0]):
                    return name
        for local, origin in names.imported.items():  # `import theano` reaches theano.tensor
            if wanted.startswith(f"{origin}."):
                return local + wanted.removeprefix(origin)
        return None

    def _exists(self, origin: str, path: str) -> bool:
        """Whether a dotted import can be what it says: false only where the repository's own file lacks the name."""
        module, _, name = origin.rpartition(".")
        found = self._module(module or ".", path) if module else None
        if found is None:
            return True  # not one of the repository's files: the import is taken at its word
        file, names = found
        return (
            name in names.defined or name in names.imported or self._star_exports(names, file, name, frozenset({file}))
        )

    def _exported(self, star: str, path: str, name: str, seen: frozenset[str]) -> bool:
        """Whether ``from star import *`` in the file *path* brings *name*."""
        found = self._module(star, path)
        if found is None or found[0] in seen or not found[1].public(name):
            return False
        file, names = found
        return name in names.defined or name in names.imported or self._star_exports(names, file, name, seen | {file})

    def _star_exports(self, names: Names, path: str, name: str, seen: frozenset[str]) -> bool:
        return any(self._exported(star, path, name, seen) for star in names.stars)

    def _module(self, dotted: str, path: str) -> tuple[str, Names] | None:
        """The repository's file that the import of *dotted* in *path* means, with its names."""
        for file in _candidates(dotted, path):
            if file not in self._names_of:
                self._names_of[file] = self._read_names(file)
            if (names := self._names_of[file]) is not None and file != path:
                return file, names
        return None

    def _read_names(self, file: str) -> Names | None:
        data = self.read(file)
        if data is None:
            return None
        try:
            return Names.of(Source.read(data, file).module)
        except SourceSyntaxError:
            return Names()


def _candidates(dotted: str, path: str) -> Iterator[str]:
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
    """The names that an assignment target binds."""
    if isinstance(target, cst.Name):
        return {target.value}
    if isinstance(target, (cst.Tuple, cst.List)):
        return {name for element in target.elements for name in bound_names(element.value)}
    return set()


def local_names(function: cst.FunctionDef) -> set[str]:
    """All names that a function and those inside it bind: parameters, assignments, loop variables, definitions."""
    found: set[str] = set()
    for node in walk(function):
        if isinstance(node, cst.Param):
            found.add(node.name.value)
        elif isinstance(node, (cst.AssignTarget, cst.For, cst.CompFor)):
            found |= bound_names(node.target)
        elif isinstance(node, (cst.FunctionDef, cst.ClassDef)) and node is not function:
            found.add(node.name.value)
    return found


def global_names(module: cst.Module) -> set[str]:
    """The names that functions of a module bind at its top level."""
    return {item.name.value for node in walk(module) if isinstance(node, cst.Global) for item in node.names}


class Rename(cst.CSTTransformer):
    """Put other expressions in the place of names, or dotted names, that a piece of code takes from its module."""

    def __init__(self, spelled: Mapping[str, str]) -> None:
        super().__init__()
        self.spelled = {name: cst.parse_expression(code) for name, code in spelled.items() if name != code}

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        new = self.spelled.get(original_node.value)
        return updated_node if new is None else new.deep_clone()

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        new = self.spelled.get(dotted_name(original_node) or "")
        return updated_node.with_changes(attr=original_node.attr) if new is None else new.deep_clone()

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)


def _bound_by(node: cst.CSTNode) -> set[str]:
    """The names that a node outside of functions and classes binds other than by import, ``def`` and ``class``."""
    if isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.For, cst.CompFor, cst.NamedExpr)):
        return bound_names(node.target)
    if isinstance(node, cst.AsName) and isinstance(node.name, (cst.Name, cst.Tuple, cst.List)):
        return bound_names(node.name)  # of `with` and `except`; an import's is not walked into
    return set()


def _strings(statement: cst.CSTNode) -> list[str]:
    value = statement.value if isinstance(statement, (cst.Assign, cst.AnnAssign, cst.AugAssign)) else None
    if not isinstance(value, (cst.List, cst.Tuple)):
        return []
    return [text for element in value.elements if (text := string_value(element.value)) is not None]


def _join(path: str, name: str) -> str:
    return f"{path}{name}" if not path or path.endswith(".") else f"{path}.{name}"
