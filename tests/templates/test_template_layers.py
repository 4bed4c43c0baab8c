"""What the templates compute: on NumPy everywhere, on Theano under the interpreter that LNPATCH_THEANO_PYTHON names."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("numpy")

import layer_checks
import numpy_runner
import theano_checks
from numpy_runner import NumpyRunner
from template_functions import CELLS, CONVENTIONS, find_template_layer

from lnpatch.folders import templates


def cases(checks, **features):
    """Every check that a runner with these features makes, on every convention and cell, as pytest parameters."""
    return [
        pytest.param(check, convention, cell, id=f"{check.name}-{convention}-{cell}")
        for check in checks
        for convention in CONVENTIONS
        for cell in CELLS
        if check.applies(runner_stub(convention, cell, **features))
    ]


def runner_stub(convention, cell, **features):
    """As much of a runner as decides what is checked."""
    layer = SimpleNamespace(cell=cell, keyword=convention == "state_keyword")
    return SimpleNamespace(**{"layer": layer, "quick": False, **features})


@pytest.mark.parametrize(
    ("check", "convention", "cell"), cases(layer_checks.CHECKS, dtype="float64", differentiates=False)
)
def test_on_numpy(check, convention, cell):
    layer = find_template_layer(str(templates()), convention, cell, numpy_runner.module_names())
    row = check.make_row(NumpyRunner(layer)).as_json()
    assert row["passed"], row
    assert row["cases"] > 0


@pytest.fixture(scope="module")
def theano_rows(theano_python, theano_environment):
    """The rows of all the checks in one Theano process for each type, made when first asked for."""
    by_dtype = {}

    def rows(dtype):
        if dtype not in by_dtype:
            script = Path(theano_checks.__file__)
            result = subprocess.run(
                [theano_python, str(script), str(templates()), dtype],
                cwd=script.parent,
                env=theano_environment(f"floatX={dtype}"),
                stdout=subprocess.PIPE,
                check=True,
            )
            by_dtype[dtype] = json.loads(result.stdout)
        return by_dtype[dtype]

    return rows


@pytest.mark.parametrize(
    ("check", "convention", "cell"), cases(theano_checks.CHECKS, dtype="float32", differentiates=True)
)
def test_on_theano_in_float32(theano_rows, check, convention, cell):
    row = theano_rows("float32")[f"{check.name}-{convention}-{cell}"]
    assert row["passed"], row


@pytest.mark.parametrize(
    ("check", "convention", "cell"), cases(theano_checks.CHECKS, dtype="float64", differentiates=True)
)
def test_on_theano_in_float64(theano_rows, check, convention, cell):
    row = theano_rows("float64")[f"{check.name}-{convention}-{cell}"]
    assert row["passed"], row
