"""Inject definitions from templates, beside the cell that they vary.

A template is an ordinary Python file under ``templates/layers``: an import block, which says what its definitions need,
and the definitions. What it needs is looked up in the target module and renamed to what that module calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from lnpatch.edits import Context, Edit, Finding, Outcome, State, edit_kind, fill
from lnpatch.folders import templates
from lnpatch.schema import relative_file_problems
from lnpatch.suggest import close_matches

if TYPE_CHECKING:
    import libcst as cst

    from lnpatch.syntax.names import Names, Resolver


@edit_kind
@dataclass(frozen=True, kw_only=True)
class InjectDefinitions(Edit):
    """Add the functions of *templates* behind the function *after*, or at the end of the file where that is not there.

    ``spelled`` gives the names under which a helper that the templates need may be defined in a target.
    """

    kind: ClassVar[str] = "inject"

    templates: tuple[str, ...]
    after: str
    spelled: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def texts(self) -> Iterator[tuple[str, str]]:
        """See :meth:`Edit.texts`."""
        yield "after", self.after
        for i, name in enumerate(self.templates):
            yield f"templates[{i}]", name

    def problems(self) -> Iterator[tuple[str, str]]:
        """See :meth:`Edit.problems`."""
        yield from super().problems()
        for name, spellings in self.spelled.items():
            if not spellings:
                yield f"spelled.{name}", "expected at least one name"
        if not self.templates:
            yield "templates", "expected at least one template"
        for i, name in enumerate(self.templates):
            yield from relative_file_problems(f"templates[{i}]", name)

    def problems_with(self, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """See :meth:`Edit.problems_with`."""
        folder = templates() / "layers"
        for i, name in enumerate(fill(text, values) for text in self.templates):
            if not (folder / f"{name}.py").is_file():
                there = sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.py"))
                yield f"templates[{i}]", f"no template {name!r}; there are {', '.join(there)}"

    def names(self, values: Mapping[str, str]) -> list[str]:
        """See :meth:`Edit.names`."""
        found: list[str] = []
        for name in self.templates:
            text = _template_text(fill(name, values))
            found += re.findall(r"^def (\w+)", text, re.MULTILINE)
        return found

    def describe(self, values: Mapping[str, str]) -> str:
        """See :meth:`Edit.describe`."""
        return f"add {', '.join(self.names(values))} after {fill(self.after, values)}"

    def run(self, context: Context) -> Outcome:
        """See :meth:`Edit.run`."""
        import libcst as cst

        from lnpatch.syntax.compare import Comparison, without_docstring
        from lnpatch.syntax.insert import insert_after
        from lnpatch.syntax.names import Names, Resolver, global_names
        from lnpatch.syntax.tree import scope

        names = Names.of(context.module)
        if re.search(r"\bglobal\b", context.source.text):
            names.defined |= global_names(context.module)
        resolver = Resolver(context.path, names, context.files.read)
        there: dict[str, cst.FunctionDef] = {}
        for statement in scope(context.module):
            if isinstance(statement, cst.FunctionDef):
                there[statement.name.value] = statement
        compare = Comparison(original=context.source.original_token)
        findings: list[Finding] = []
        missing: list[cst.FunctionDef] = []
        for definition, problem in self._definitions(context, names, resolver):
            name = definition.name.value
            if problem:
                findings.append(Finding(self.kind, name, State.NOT_FOUND, *problem))
            elif name in there:
                same = compare.matches(without_docstring(definition), without_docstring(there[name]))
                state = State.IN_PLACE if same else State.COLLISION
                line = 0 if same else context.line(there[name])
                detail = "" if same else f"a different function {name} is already there"
                findings.append(Finding(self.kind, name, state, detail, line))
            elif name in names.defined or name in names.imported or resolver.star_brings(name):
                findings.append(
                    Finding(self.kind, name, State.COLLISION, f"the file uses the name {name} for something else")
                )
            else:
                findings.append(Finding(self.kind, name, State.TO_DO))
                missing.append(definition)
        if any(finding.state in (State.NOT_FOUND, State.COLLISION) for finding in findings):
            return Outcome(tuple(findings), context.module)  # the definitions need each other
        anchor = there.get(context.fill(self.after))  # the last of that name, if there are more
        return Outcome(tuple(findings), insert_after(context.module, anchor, missing))

    def _definitions(
        self, context: Context, names: Names, resolver: Resolver
    ) -> Iterator[tuple[cst.FunctionDef, tuple[str, int, tuple[str, ...]] | None]]:
        """The templates' functions in the target's words, each with what is missing for it (detail, line, candidates)."""
        import libcst as cst

        from lnpatch.syntax.names import Names, Rename, local_names
        from lnpatch.syntax.tree import walk

        modules = [
            cst.parse_module(_in_style(_template_text(context.fill(name)), context.module), _style(context.module))
            for name in self.templates
        ]
        own = {node.name.value for module in modules for node in module.body if isinstance(node, cst.FunctionDef)}
        for module in modules:
            spelled: dict[str, str] = {}
            unknown: list[str] = []
            candidates: list[str] = []
            needs = Names.of(module)
            for local, origin in needs.imported.items():
                if local in own:
                    continue
                is_helper = local in needs.members  # templates take modules by `import`, helpers by `from ... import`
                spellings = self.spelled.get(local, (local,))
                found = resolver.helper_name(spellings) if is_helper else resolver.module_name(origin)
                if found is None:
                    unknown.append(" or ".join(spellings) if is_helper else f"import {origin}")
                    candidates += close_matches(spellings[0] if is_helper else local, {*names.defined, *names.imported})
                else:
                    spelled[local] = found
            for node in module.body:
                if not isinstance(node, cst.FunctionDef):
                    continue
                used = {name.value for name in walk(node) if isinstance(name, cst.Name)}
                renamed = {code.partition(".")[0] for name, code in spelled.items() if name in used and name != code}
                taken = renamed & local_names(node)
                if unknown:
                    problem = f"the template needs {', '.join(unknown)}, which the file neither imports nor defines"
                    yield node, (problem, 0, tuple(dict.fromkeys(candidates)))
                elif taken:
                    yield (
                        node,
                        (f"the file calls something {', '.join(taken)} that the template uses as a local name", 0, ()),
                    )
                else:
                    yield cst.ensure_type(node.visit(Rename(spelled)), cst.FunctionDef), None


def _template_text(name: str) -> str:
    return (templates() / "layers" / f"{name}.py").read_text(encoding="ascii")


def _in_style(text: str, module: cst.Module) -> str:
    """A template's text with the indentation and the newlines of *module*, inside docstrings as well."""
    text = re.sub(r"^(?: {4})+", lambda match: module.default_indent * (len(match[0]) // 4), text, flags=re.MULTILINE)
    return text.replace("\n", module.default_newline)


def _style(module: cst.Module) -> cst.PartialParserConfig:
    import libcst as cst

    return cst.PartialParserConfig(default_indent=module.default_indent, default_newline=module.default_newline)
