"""The base of the edits that set one value: the value is set already, is another one, or is not safe to replace."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lnpatch import syntax
from lnpatch.edits import Edit, EditContext, EditOutcome, EditState
from lnpatch.schema import Scalar
from lnpatch.suggest import close_matches

if TYPE_CHECKING:
    import libcst as cst


@dataclass(frozen=True, kw_only=True)
class SettingEdit(Edit):
    """Set something to a value."""

    #: The value to set.
    value: Scalar
    #: The value that is expected there before; any other is a collision. Without it, every value is replaced.
    was: Scalar | None = None

    def texts(self) -> Iterator[tuple[str, str]]:
        for key, text in (("value", self.value), ("was", self.was)):
            if isinstance(text, str):
                yield key, text

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from super().problems()
        for key, value in (("value", self.value), ("was", self.was)):
            if isinstance(value, float) and not math.isfinite(value):
                # TOML has inf and nan; their repr is a name in Python, which no file defines.
                yield key, f"expected a number that can be written in Python, found {value}"

    def set_value(self, context: EditContext, node: cst.BaseExpression) -> EditOutcome:
        """Put the value in the place of *node*, the expression that holds it in the file."""
        value = _fill_scalar(self.value, context)
        if syntax.is_literal_of(node, value):
            return self.make_outcome(context, EditState.IN_PLACE)
        if self.was is not None:
            was = _fill_scalar(self.was, context)
            if not syntax.is_literal_of(node, was):
                detail = f"it is {syntax.shorten_code(node, context.source)}, neither {was!r} nor {value!r}"
                return self.make_outcome(context, EditState.COLLISION, detail, context.line_of(node))
        if syntax.has_comment(node):  # it would be lost, and nothing that a user wrote may be
            detail = "there is a comment inside of the value that would be replaced"
            return self.make_outcome(context, EditState.COLLISION, detail, context.line_of(node))
        new = syntax.make_literal(value, node).with_changes(lpar=node.lpar, rpar=node.rpar)
        module = syntax.replace_nodes(context.module, {node: new})
        return self.make_outcome(context, EditState.TO_DO, module=module)

    def setting_missing(self, context: EditContext, detail: str, name: str, others: Sequence[str]) -> EditOutcome:
        """Return the outcome where there is nothing called *name* to set; *others* are what there is of its sort."""
        candidates = close_matches(name, others) or tuple(others[:3])
        return self.make_outcome(context, EditState.NOT_FOUND, detail, candidates=candidates, absent=True)


def _fill_scalar(value: Scalar, context: EditContext) -> Scalar:
    return context.fill_placeholders(value) if isinstance(value, str) else value
