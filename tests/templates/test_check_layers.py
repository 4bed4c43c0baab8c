"""``check_layers.py`` on checkouts that lnpatch has patched: as they are, and with each mistake that it is there to find."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numpy")

import layer_checks
import numpy_runner
from layer_functions import LayerNotFound
from numpy_runner import NumpyRunner
from template_functions import find_file_layer

from lnpatch.folders import templates
from tests.conftest import READER

# mistakes: the cell, a piece of the injected text, what somebody made of it, and the rows of the table that must tell.
# "+" after a row: further rows may tell as well
MISTAKES = {
    "a smaller epsilon": ("lngru", "1e-5", "1e-6", "epsilon +"),
    "epsilon outside of the root": ("lngru", "tensor.sqrt(variance + 1e-5)", "(tensor.sqrt(variance) + 1e-5)", "epsilon +"),
    "no epsilon for the cell": (
        "lnlstm",
        "ln(new_c, b3, s3)",
        "((new_c - new_c.mean(axis=-1, keepdims=True)) / tensor.sqrt(((new_c - new_c.mean(axis=-1, keepdims=True))"
        " ** 2).mean(axis=-1, keepdims=True) + 1e-9) * s3 + b3)",
        "epsilon +",
    ),
    "unbiased variance": (
        "lngru",
        "(centred ** 2).mean(axis=-1, keepdims=True)",
        "(centred ** 2).sum(axis=-1, keepdims=True) / (x.shape[-1] - 0.5)",
        "forward +",
    ),
    "statistics over all samples": ("lnlstm", "x.mean(axis=-1, keepdims=True)", "x.mean()", "samples apart, forward +"),
    "gain before the bias": ("lngru", "* s + b", "* (s + b)", "forward +"),
    "gates swapped": ("lngru", "r = gates[:, :dim]\n    u = gates[:, dim:]", "u = gates[:, :dim]\n    r = gates[:, dim:]", "forward +"),
    "update gate inverted": ("lngru", "u * h + (1. - u) * candidate", "(1. - u) * h + u * candidate", "forward +"),
    "reset before the product": ("lngru", "tensor.tanh(r * ln(tensor.dot(h, Ux), b4, s4)", "tensor.tanh(ln(tensor.dot(r * h, Ux), b4, s4)", "forward +"),
    "bias after the normalization": ("lngru", "param('W')) + param('b'), param('b1')", "param('W')), param('b1') + param('b')", "forward +"),
    "b once only": ("lnlstm", " + x + b\n", " + x\n", "forward, cell state +"),
    "input and forget gate swapped": ("lnlstm", "f * c + i * candidate", "i * c + f * candidate", "cell state, forward +"),
    "the mask is left out": ("lngru", "return mask[:, None] * new_h + (1. - mask)[:, None] * h", "return new_h", "masked steps, samples apart +"),
    "the cell takes no mask": ("lnlstm", "mask * (f * c + i * candidate) + keep * c", "f * c + i * candidate", "masked steps, cell state +"),
    "the initial cell is left out": ("lnlstm", "zeros + init_memory", "zeros", "cell state, forward +"),
    "one_step from zeros": ("lngru", "xx, init_state, *recurrent", "xx, zeros, *recurrent", "one step"),
    "one_step crashes": ("lnlstm", "init_state, init_memory, *recurrent", "init_state, init_memory", "one step"),
    "gains start at zero": ("lngru", "numpy.ones((size,))", "numpy.zeros((size,))", "parameters"),
    "float64 parameters": ("lngru", "numpy.ones((size,)).astype('float32')", "numpy.ones((size,))", "parameters"),
    "a matrix that is not orthogonal": ("lnlstm", "[ortho_weight(dim) for _", "[norm_weight(dim, dim) for _", "parameters"),
    "one draw for both gates": ("lngru", "[ortho_weight(dim), ortho_weight(dim)]", "[ortho_weight(dim)] * 2", "parameters"),
    "another name": ("lngru", "(prefix, 'bx')", "(prefix, 'b0')", "parameters +"),
    "another order": ("lngru", "[('1', 2 * dim), ('2', dim), ", "[('2', dim), ('1', 2 * dim), ", "parameters"),
}  # fmt: skip

# what only a runner with gradients and two types tells
MISTAKES_ON_THEANO = {
    "no gradient through the mean": (
        "lngru",
        "centred = x - x.mean(axis=-1, keepdims=True)",
        "centred = x - theano.gradient.zero_grad(x.mean(axis=-1, keepdims=True))",
        "float32 gradients, float64 gradients",
    ),
    "no gradient of the initial cell": (
        "lnlstm",
        "zeros + init_memory",
        "zeros + theano.gradient.zero_grad(init_memory)",
        "float32 gradients, float64 gradients",
    ),
    "computes in float32": (
        "lngru",
        "init_state = tensor.cast(zeros",
        "x = tensor.cast(tensor.cast(x, 'float32'), xx.dtype)\n    init_state = tensor.cast(zeros",
        "float64 forward, float64 epsilon, float64 one step +",
    ),
    "a smaller epsilon": ("lnlstm", "1e-5", "1e-6", "float32 epsilon, float64 epsilon, float64 forward +"),
}


@pytest.fixture
def patched(demo, lnpatch):
    """Patch the demo, replace a piece of what was injected, and give its layers module."""

    def patch(cell, old="", new=""):
        assert lnpatch("apply", "demo", "--dir", demo, "--cell", cell).code == 0
        layers = demo / "layers.py"
        text = layers.read_text("ascii")
        assert not old or text.count(old) >= 1
        layers.write_text(text.replace(old, new) if old else text, "ascii")
        return layers

    return patch


def assert_failed(rows, names):
    """The rows that have not passed are those, and nothing but those unless ``names`` ends with a "+"."""
    names, more, _ = names.partition(" +")
    expected = set(names.split(", "))
    failed = {name for name, row in rows.items() if not row["passed"]}
    assert failed >= expected if more else failed == expected
    assert all(rows[name]["detail"] for name in failed)


def rows_on_numpy(layers, cell):
    """The rows of all checks that NumPy can make."""
    runner = NumpyRunner(find_file_layer(str(layers), cell, numpy_runner.module_names()))
    return {check.name: check.make_row(runner).as_json() for check in layer_checks.CHECKS if check.applies(runner)}


@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
def test_the_patched_demo_passes(patched, cell):
    rows = rows_on_numpy(patched(cell), cell)
    assert [row for row in rows.values() if not row["passed"]] == []
    assert set(rows) >= {"parameters", "forward", "epsilon", "one step", "masked steps", "samples apart"}
    assert ("cell state" in rows) == (cell == "lnlstm")


@pytest.mark.cases_by_default(12)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told(patched, mistake):
    cell, old, new, names = MISTAKES[mistake]
    assert_failed(rows_on_numpy(patched(cell, old, new), cell), names)


def test_an_unpatched_checkout_has_no_layer(demo):
    with pytest.raises(LayerNotFound, match="no 'lngru' in its table"):
        find_file_layer(str(demo / "layers.py"), "lngru", numpy_runner.module_names())


@pytest.fixture
def check_script(tmp_path):
    """Run the script in a folder, as lnpatch does; gives its exit code, the rows that it prints and its result."""

    def run(python, folder, environment=None, **job):
        job = {"result": str(tmp_path / "result.json"), **job}
        script = templates() / "layer_checks" / "check_layers.py"
        command = [python, "-u", script, json.dumps(job)]
        ran = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        printed = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
        result = json.loads(Path(job["result"]).read_text())
        assert result["rows"] == printed
        assert result["passed"] == all(row["passed"] for row in printed) == (ran.returncode == 0)
        return ran.returncode, printed, result

    return run


MODULES = {
    "no such cell": ("layers = {'gru': ('a', 'b')}", "the layers module has no 'lngru' in its table; lnpatch apply puts it there"),
    "no table": ("", "the layers module has no 'lngru' in its table; lnpatch apply puts it there"),
    "not to be imported": ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    "another convention": (
        "layers = {'lngru': ('build', 'build')}\ndef build(tparams, x, h0): pass",
        "build has no arguments init_state and options: tparams, x, h0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_a_layer_that_cannot_be_had_is_the_only_row(check_script, tmp_path, module):
    text, detail = MODULES[module]
    (tmp_path / "layers.py").write_text(text)
    code, rows, result = check_script(sys.executable, tmp_path, layers="layers", cell="lngru")
    assert (code, result["convention"]) == (1, None)
    assert [row["name"] for row in rows] == ["layer"]
    assert rows[0]["detail"].endswith(detail)


@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
def test_the_patched_demo_passes_on_theano(patched, check_script, theano_python, theano_environment, cell):
    folder = patched(cell).parent
    code, rows, result = check_script(
        theano_python, folder, theano_environment("floatX=float32"), layers="layers", cell=cell
    )
    assert code == 0, rows
    assert result["convention"] == "state_argument"
    names = [f"{row['dtype']} {row['name']}" for row in rows]
    cell_state = ["cell state"] if cell == "lnlstm" else []
    both = ["forward", *cell_state, "epsilon", "one step", "masked steps", "samples apart", "gradients"]
    single = ["layer", "parameters", *both, "gradients against float64", "optimized"]
    assert names == [*[f"float32 {name}" for name in single], *[f"float64 {name}" for name in both]]


def test_the_other_convention_passes_on_theano(reader, lnpatch, check_script, theano_python, theano_environment):
    assert lnpatch("apply", READER, "--dir", reader, "--data-dir", "data").code == 0
    job = {"layers": "reader.layers", "cell": "lnlstm", "quick": True}
    environment = theano_environment("floatX=float32", "mode=FAST_COMPILE")
    code, rows, result = check_script(theano_python, reader / "codes", environment, **job)
    assert code == 0, rows
    assert result["convention"] == "state_keyword"
    assert {"nsteps", "learnt state"} <= {row["name"] for row in rows}


@pytest.mark.parametrize("mistake", MISTAKES_ON_THEANO)
def test_a_mistake_is_told_on_theano(patched, check_script, theano_python, theano_environment, mistake):
    cell, old, new, names = MISTAKES_ON_THEANO[mistake]
    folder = patched(cell, old, new).parent
    job = {"layers": "layers", "cell": cell, "quick": True}
    code, rows, _ = check_script(
        theano_python, folder, theano_environment("floatX=float32", "mode=FAST_COMPILE"), **job
    )
    assert code == 1
    assert_failed({f"{row['dtype']} {row['name']}": row for row in rows}, names)
