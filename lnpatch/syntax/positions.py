"""The lines of the nodes of one module: found by one walk of the tree, when the first is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

    def place(self, node: cst.CSTNode) -> Place:
        """Return the place of *node*, whose line is not looked up yet."""
        return Place(self, node)

    @cached_property
    def _positions(self) -> Mapping[cst.CSTNode, CodeRange]:
        # Without a copy, for positions are looked up by identity.
        return MetadataWrapper(self.module, unsafe_skip_copy=True).resolve(PositionProvider)


@dataclass(frozen=True, eq=False)
class Place:
    """Where a node is. Most lines are never printed, and the first of a file takes a walk that is as long as parsing it."""

    lines: Lines
    node: cst.CSTNode

    @property
    def line(self) -> int:
        """The 1-based line where the node begins."""
        return self.lines.line_of(self.node)
