"""What the edits that set one value have in common: a value that is there, is another, or is not to be touched."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lnpatch.edits import Context, Edit, Outcome, State
from lnpatch.schema import Scalar
from lnpatch.suggest import close_matches

if TYPE_CHECKING:
    import libcst as cst


@dataclass(frozen=True, kw_only=True)
class SettingEdit(Edit):
    """Set something to *value*; *was*, where it is given, is what it has to be before."""

    value: Scalar
    was: Scalar | None = None

    def texts(self) -> Iterator[tuple[str, str]]:
        """See :meth:`Edit.texts`."""
        for key, text in (("value", self.value), ("was", self.was)):
            if isinstance(text, str):
                yield key, text

    def problems(self) -> Iterator[tuple[str, str]]:
        """See :meth:`Edit.problems`."""
        yield from super().problems()
        for key, value in (("value", self.value), ("was", self.was)):
            if isinstance(value, float) and not math.isfinite(value):
                yield key, f"expected a number that can be written in Python, found {value}"

    def set(self, context: Context, node: cst.BaseExpression) -> Outcome:
        """The outcome for *node*, the expression that holds the value in the file."""
        from lnpatch.syntax.literals import is_value, literal, shown
        from lnpatch.syntax.tree import has_comment, replace

        value = _filled(self.value, context)
        if is_value(node, value):
            return self.outcome(context, State.IN_PLACE)
        if self.was is not None and not is_value(node, _filled(self.was, context)):
            detail = f"it is {shown(node, context.source)}, neither {_filled(self.was, context)!r} nor {value!r}"
            return self.outcome(context, State.COLLISION, detail, context.line(node))
        if has_comment(node):
            detail = "a comment stands inside of the value that would be replaced"
            return self.outcome(context, State.COLLISION, detail, context.line(node))
        new = literal(value, node).with_changes(lpar=node.lpar, rpar=node.rpar)
        module = replace(context.module, {node: new})
        return self.outcome(context, State.TO_DO, module=module)

    def missing(self, context: Context, detail: str, wanted: str, there: Sequence[str]) -> Outcome:
        """The outcome where the anchor is not there; *there* are the things of its sort that are."""
        candidates = close_matches(wanted, there) or tuple(there[:3])
        return self.outcome(context, State.NOT_FOUND, detail, candidates=candidates)


def _filled(value: Scalar, context: Context) -> Scalar:
    return context.fill(value) if isinstance(value, str) else value
