"""Adapt the functions of a template to the module that they are to go into: its layout, and what it calls things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import libcst as cst

from lnpatch.suggest import close_matches
from lnpatch.syntax.names import ModuleNames, NameResolver, local_names, rename_names
from lnpatch.syntax.tree import walk


@dataclass(frozen=True)
class AdaptedFunction:
    """A function of a template in the words of the target module, or why that is not possible."""

    function: cst.FunctionDef
    #: What the module lacks for it; empty where the function can go in.
    problem: str = ""
    #: Close matches, in the module, of the names that it lacks.
    candidates: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.name.value


def adapt_templates(
    texts: Sequence[str], module: cst.Module, resolver: NameResolver, aliases: Mapping[str, Sequence[str]]
) -> Iterator[AdaptedFunction]:
    """Yield the functions of templates, adapted to *module*.

    Args:
        texts: the templates' source; their import blocks say what their functions need.
        module: the module that the functions are to go into.
        resolver: finds out what that module calls the things that are needed.
        aliases: the names that a helper function may have where it is defined, by its name in the templates.
    """
    templates = [_parse_in_style(text, module.default_indent, module.default_newline) for text in texts]
    own = {node.name.value for template in templates for node in _functions(template)}
    for template in templates:
        needs = _resolve_needs(ModuleNames.of(template), own, resolver, aliases)
        for node in _functions(template):
            yield _adapt_function(node, needs)


@dataclass
class _Needs:
    """What a template's imports are in the target module."""

    #: For each name that the template imports, the expression by which the module reaches the same thing.
    expressions: dict[str, str] = field(default_factory=dict)
    #: What the module cannot reach, in words.
    missing: list[str] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)


def _resolve_needs(
    template: ModuleNames, own: set[str], resolver: NameResolver, aliases: Mapping[str, Sequence[str]]
) -> _Needs:
    """Look up in the target module what a template imports; *own* are the functions of all templates."""
    needs = _Needs()
    target_names = {*resolver.names.defined, *resolver.names.imported}
    for name, origin in template.imported.items():
        if name in own:  # of another template, which goes into the same module
            continue
        if name in template.members:  # templates take helpers by `from ... import`, modules by `import`
            names = aliases.get(name, (name,))
            expression, missing = resolver.helper_name(names), " or ".join(names)
            likely_name = names[0]
        else:
            expression, missing = resolver.module_name(origin), f"import {origin}"
            likely_name = name
        if expression is not None:
            needs.expressions[name] = expression
        else:
            needs.missing.append(missing)
            needs.candidates += close_matches(likely_name, target_names)
    return needs


def _adapt_function(function: cst.FunctionDef, needs: _Needs) -> AdaptedFunction:
    if needs.missing:
        problem = f"the template needs {', '.join(needs.missing)}, which the file neither imports nor defines"
        return AdaptedFunction(function, problem, tuple(dict.fromkeys(needs.candidates)))
    used = {name.value for name in walk(function) if isinstance(name, cst.Name)}
    renamed = {code.partition(".")[0] for name, code in needs.expressions.items() if name in used and name != code}
    # The function's own variable would hide the module or helper that the target calls by the same name.
    if hidden := renamed & local_names(function):
        problem = f"the file calls something {', '.join(hidden)} that the template uses as a local name"
        return AdaptedFunction(function, problem)
    return AdaptedFunction(cst.ensure_type(rename_names(function, needs.expressions), cst.FunctionDef))


def _functions(module: cst.Module) -> Iterator[cst.FunctionDef]:
    return (node for node in module.body if isinstance(node, cst.FunctionDef))


@cache
def _parse_in_style(text: str, indent: str, newline: str) -> cst.Module:
    """Parse a template with the indentation and the newlines of its target, inside docstrings as well.

    A checkout is planned several times (found, planned, planned again under the lock); trees do not change.
    """
    text = re.sub(r"^(?: {4})+", lambda match: indent * (len(match[0]) // 4), text, flags=re.MULTILINE)
    config = cst.PartialParserConfig(default_indent=indent, default_newline=newline)
    return cst.parse_module(text.replace("\n", newline), config)
