"""Inject functions from templates, beside the cell that they vary.

A template is an ordinary Python file under ``templates/layers``: an import block, which says what its functions need, and
the functions. What they need is looked up in the target module and renamed to what that module calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from lnpatch import syntax
from lnpatch.edits import Edit, EditContext, EditFinding, EditOutcome, EditState, edit_kind, fill_placeholders
from lnpatch.folders import templates
from lnpatch.schema import relative_file_problems

if TYPE_CHECKING:
    import libcst as cst


@edit_kind
@dataclass(frozen=True, kw_only=True)
class InjectDefinitions(Edit):
    """Add functions behind a function of the file, or at the end of the file where that is not there.

    For example, with ``templates = ["ln"]`` and ``after = "gru_layer"``, in a file that says ``T`` for what the template
    calls ``tensor``::

         import theano.tensor as T
         def gru_layer(x): return x
        +
        +
        +def ln(x, b, s):
        +    ...
        +    return centred / T.sqrt(variance + 1e-5) * s + b
    """

    kind: ClassVar[str] = "inject"
    renamed: ClassVar[Mapping[str, str]] = {"spelled": "aliases"}

    #: The templates, as paths under ``templates/layers`` without ``.py``.
    templates: tuple[str, ...]
    #: The name of the function to put them behind.
    after: str
    #: The names under which a target may define a helper that the templates need, by its name in the templates.
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def texts(self) -> Iterator[tuple[str, str]]:
        yield "after", self.after
        for i, name in enumerate(self.templates):
            yield f"templates[{i}]", name

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from super().problems()
        for name, aliases in self.aliases.items():
            if not aliases:
                yield f"aliases.{name}", "expected at least one name"
        if not self.templates:
            yield "templates", "expected at least one template"
        for i, name in enumerate(self.templates):
            yield from relative_file_problems(f"templates[{i}]", name)

    def problems_with(self, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        folder = templates() / "layers"
        for i, name in enumerate(fill_placeholders(text, values) for text in self.templates):
            if not (folder / f"{name}.py").is_file():
                known = sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.py"))
                yield f"templates[{i}]", f"no template {name!r}; there are {', '.join(known)}"

    def names(self, values: Mapping[str, str]) -> list[str]:
        texts = (_read_template(fill_placeholders(name, values)) for name in self.templates)
        # By a pattern, not by libcst: `lnpatch show` lists the names and has to start fast.
        return [name for text in texts for name in re.findall(r"^def (\w+)", text, re.MULTILINE)]

    def describe(self, values: Mapping[str, str]) -> str:
        return f"add {', '.join(self.names(values))} after {fill_placeholders(self.after, values)}"

    def run(self, context: EditContext) -> EditOutcome:
        resolver = _resolve_names(context)
        texts = [_read_template(context.fill_placeholders(name)) for name in self.templates]
        adapted = list(syntax.adapt_templates(texts, context.module, resolver, self.aliases))
        existing = syntax.functions_by_name(context.module)
        findings = tuple(self._examine(context, function, existing, resolver) for function in adapted)
        if any(finding.state in (EditState.NOT_FOUND, EditState.COLLISION) for finding in findings):
            return EditOutcome(findings, context.module)  # none of them, for the functions need each other
        new = [
            item.function for item, finding in zip(adapted, findings, strict=True) if finding.state is EditState.TO_DO
        ]
        anchor = existing.get(context.fill_placeholders(self.after))
        return EditOutcome(findings, syntax.insert_functions(context.module, anchor, new))

    def _examine(
        self,
        context: EditContext,
        adapted: syntax.AdaptedFunction,
        existing: Mapping[str, cst.FunctionDef],
        resolver: syntax.NameResolver,
    ) -> EditFinding:
        """Return the finding for one function of a template."""
        name = adapted.name
        if adapted.problem:
            return EditFinding(self.kind, name, EditState.NOT_FOUND, adapted.problem, candidates=adapted.candidates)
        if name in existing:
            # Docstrings make no difference: a layer of an earlier lnpatch, or made by hand, is the same layer.
            comparison = syntax.CodeComparison(original_token=context.source.original_token)
            ours, theirs = (syntax.without_docstring(node) for node in (adapted.function, existing[name]))
            if comparison.matches(ours, theirs):
                return EditFinding(self.kind, name, EditState.IN_PLACE)
            detail = f"a different function {name} is already there"
            return EditFinding(self.kind, name, EditState.COLLISION, detail, context.line_of(existing[name]))
        if resolver.is_bound(name):
            return EditFinding(
                self.kind, name, EditState.COLLISION, f"the file uses the name {name} for something else"
            )
        return EditFinding(self.kind, name, EditState.TO_DO)


def _resolve_names(context: EditContext) -> syntax.NameResolver:
    names = syntax.ModuleNames.of(context.module)
    if re.search(r"\bglobal\b", context.source.text):  # seldom, and the search walks the whole tree
        names.defined |= syntax.global_names(context.module)
    return syntax.NameResolver(context.path, names, context.files.read)


def _read_template(name: str) -> str:
    return (templates() / "layers" / f"{name}.py").read_text(encoding="ascii")
