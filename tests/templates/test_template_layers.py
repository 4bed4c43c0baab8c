"""What the templates compute: on NumPy everywhere, on Theano under the interpreter that LNPATCH_THEANO_PYTHON names."""

import json
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("numpy")

import layer_checks
import theano_engine
from numpy_engine import NumpyEngine

from lnpatch.resources import templates


def cases(checks):
    """Every check on every convention and cell, as pytest parameters."""
    return [
        pytest.param(check, convention, cell, id=f"{check.__name__}-{convention}-{cell}")
        for check in checks
        for convention in layer_checks.CONVENTIONS
        for cell in layer_checks.CELLS
    ]


@pytest.mark.parametrize(("check", "convention", "cell"), cases(layer_checks.CHECKS))
def test_on_numpy(check, convention, cell):
    check(NumpyEngine(str(templates())), convention, cell)


@pytest.fixture(scope="module", params=["float32", "float64"])
def theano_results(request, theano_python, theano_environment):
    """The results of all checks in one Theano process for each floatX."""
    script = Path(theano_engine.__file__)
    result = subprocess.run(
        [theano_python, str(script), str(templates())],
        cwd=script.parent,
        env=theano_environment(f"floatX={request.param}"),
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(result.stdout)


@pytest.mark.parametrize(("check", "convention", "cell"), cases(theano_engine.CHECKS))
def test_on_theano(theano_results, check, convention, cell):
    problem = theano_results[f"{check.__name__}-{convention}-{cell}"]
    assert not problem, problem
