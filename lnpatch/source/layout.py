"""Find the newline and the indentation that lines added to a file take."""

from __future__ import annotations

import libcst as cst


def dominant_newline(text: str) -> str:
    r"""Return the newline that most lines of a text end with; ``\n`` where the text has none.

    A bare ``\r`` counts only where there is no other: added in front of a ``\n``, it would become part of that.
    """
    if "\n" not in text:
        return "\r" if "\r" in text else "\n"
    windows = text.count("\r\n")
    return "\r\n" if windows > text.count("\n") - windows else "\n"


def set_default_layout(module: cst.Module, newline: str, indent: str | None) -> cst.Module:
    """Change the newline and the indentation that lines added to a module take; what it has is printed as before.

    libcst takes the first newline and the first indent that it meets for defaults, and does not note them on the
    nodes that have them.
    """
    indent = module.default_indent if indent is None else indent
    if (newline, indent) == (module.default_newline, module.default_indent):
        return module
    changed = module.visit(_ChangeDefaults(module, newline, indent))
    return changed.with_changes(default_newline=newline, default_indent=indent)


class _ChangeDefaults(cst.CSTTransformer):
    """Write the old defaults into the nodes that rely on them, and take them out of the nodes that have the new ones."""

    def __init__(self, module: cst.Module, newline: str, indent: str) -> None:
        super().__init__()
        self._old_newline = module.default_newline
        self._old_indent = module.default_indent
        self._newline = newline
        self._indent = indent

    def leave_Newline(self, original_node: cst.Newline, updated_node: cst.Newline) -> cst.Newline:
        value = updated_node.value or self._old_newline
        return updated_node.with_changes(value=None if value == self._newline else value)

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        indent = self._old_indent if updated_node.indent is None else updated_node.indent
        return updated_node.with_changes(indent=None if indent == self._indent else indent)
