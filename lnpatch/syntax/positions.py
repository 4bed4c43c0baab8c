"""The lines of the nodes of one module, where many are asked for: one walk of the tree instead of one for each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider


class Lines:
    """The 1-based lines of a module's nodes, found when the first is asked for."""

    def __init__(self, module: cst.Module) -> None:
        self.module = module

    def line_of(self, node: cst.CSTNode) -> int:
        """Return the line where *node* begins, 0 where it is not part of the module."""
        position = self._positions.get(node)
        return position.start.line if position is not None else 0

    @cached_property
    def _positions(self) -> Mapping[cst.CSTNode, CodeRange]:
        # Without a copy, for positions are looked up by identity.
        return MetadataWrapper(self.module, unsafe_skip_copy=True).resolve(PositionProvider)
