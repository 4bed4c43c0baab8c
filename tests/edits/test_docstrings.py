"""The example in each edit kind's docstring is what that edit really does."""

from __future__ import annotations

import inspect
import re

import pytest

from lnpatch.edits import Edit, edit_kinds
from lnpatch.edits.assign import SetAssignment
from lnpatch.edits.default import SetDefault
from lnpatch.edits.dict_value import SetDictValue
from lnpatch.edits.inject import InjectDefinitions
from lnpatch.edits.register import RegisterLayer
from lnpatch.edits.replace import ReplaceCode
from tests.edits.helpers import run

EDITS = [
    SetAssignment(file="f.py", name="root", function="load", when=("mode == 'top4'",), value="/data/new"),
    SetDefault(file="f.py", function="trainer", parameter="encoder", value="{cell}"),
    SetDictValue(file="f.py", table="default_params", key="encoder", value="{cell}"),
    InjectDefinitions(file="f.py", templates=("ln",), after="gru_layer"),
    RegisterLayer(file="f.py", table="layers", key="{cell}", value=("param_init_{cell}", "{cell}_layer")),
    ReplaceCode(file="f.py", find="scipy.sparse.eye(n)", put="scipy.sparse.eye(n, format='csr')"),
]


def test_every_kind_is_here() -> None:
    assert {edit.kind: type(edit) for edit in EDITS} == edit_kinds()


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.kind)
def test_example(edit: Edit) -> None:
    before, after = docstring_example(type(edit))
    result = run(edit, before).source
    # "..." leaves lines out
    pattern = re.escape(after).replace(re.escape("    ...\n"), r"(?s:.*)\n")
    assert re.fullmatch(pattern, result), result


def docstring_example(kind: type[Edit]) -> tuple[str, str]:
    """Return the code before and after the diff in a docstring."""
    docstring = inspect.getdoc(kind) or ""
    diff = [line[4:] for line in docstring.partition("::\n\n")[2].splitlines()]
    before = [line[1:] + "\n" for line in diff if line[:1] in " -"]
    after = [line[1:] + "\n" for line in diff if line[:1] in " +"]
    return "".join(before), "".join(after)
