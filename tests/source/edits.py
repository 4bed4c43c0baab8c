"""Edits that the tests of `lnpatch.source` make, and how they take them back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import libcst as cst

from lnpatch.source import Source

MARKER = "lnpatch_marker"
Edit = Callable[[cst.Module], cst.Module]


def rename(old: str, new: str) -> Edit:
    """Rename every name ``old``."""

    class Rename(cst.CSTTransformer):
        def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
            return updated_node.with_changes(value=new) if updated_node.value == old else updated_node

    return lambda module: module.visit(Rename())


def append(code: str) -> Edit:
    """Add statements at the end of the module."""
    return lambda module: module.with_changes(body=[*module.body, *cst.parse_module(code).body])


def insert_markers(module: cst.Module) -> cst.Module:
    """Add a statement at the end of the first function with a block of its own, and at the end of the module."""
    marker = cst.parse_statement(f"{MARKER} = 1\n")

    class Insert(cst.CSTTransformer):
        done = False

        def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
            body = updated_node.body
            if self.done or not isinstance(body, cst.IndentedBlock):
                return updated_node
            self.done = True
            return updated_node.with_changes(body=body.with_changes(body=[*body.body, marker]))

    module = module.visit(Insert())
    return module.with_changes(body=[*module.body, marker])


def remove_markers(module: cst.Module) -> cst.Module:
    """Take `insert_markers` back; comments that have come to stand above a marker stay."""

    class Remove(cst.CSTTransformer):
        def leave_IndentedBlock(
            self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
        ) -> cst.IndentedBlock:
            return _without_last_marker(updated_node)

    return _without_last_marker(module.visit(Remove()))


Block = TypeVar("Block", cst.Module, cst.IndentedBlock)


def _without_last_marker(block: Block) -> Block:
    match block.body:
        case [*others, cst.SimpleStatementLine(body=[cst.Assign(targets=[target])], leading_lines=lines)] if (
            isinstance(target.target, cst.Name) and target.target.value == MARKER
        ):
            return block.with_changes(body=others, footer=[*lines, *block.footer])
    return block


def write(data: bytes, *edits: Edit, name: str = "m.py") -> bytes:
    """The file after these edits."""
    source = Source.read(data, name)
    module = source.module
    for edit in edits:
        module = edit(module)
    return source.write(module)


def check_identity(data: bytes, name: str = "m.py") -> Source:
    """A tree without a change gives the file back, also if all of its nodes are new."""
    source = Source.read(data, name)
    assert source.write(source.module) == data
    assert source.write(source.module.visit(cst.CSTTransformer())) == data
    return source


def check_undo(data: bytes, name: str = "m.py") -> bytes:
    """Markers added and, in the file that comes of it, removed give the file back; returns the file in between."""
    edited = write(data, insert_markers, name=name)
    assert edited != data
    assert MARKER.encode() in edited
    assert write(edited, remove_markers, name=name) == data
    return edited
