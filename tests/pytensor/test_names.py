"""The names that the repositories and the demo use are there; any other fails with words that say whose module this is."""

import re
import subprocess

import pytest

from lnpatch.folders import templates


def test_every_name_is_there(run_python, scripts):
    assert run_python("c", scripts / "names.py", scripts / "names.txt").stdout == ""


def test_the_demo_uses_no_other(scripts):
    known = set((scripts / "names.txt").read_text().split())
    source = "".join(path.read_text() for folder in ("demo", "layers") for path in (templates() / folder).rglob("*.py"))
    used = re.findall(r"\b(theano|tensor)\.([a-zA-Z_]+(?:\.[a-zA-Z_]+)?)", source)
    names = {("theano.tensor." if module == "tensor" else "theano.") + name for module, name in used}
    assert {name for name in names if name not in known and not name.startswith("theano.tensor.tensor")} <= {
        "theano.config.floatX"
    }


@pytest.mark.cases_by_default(4)
@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import theano; theano.frobnicate", "theano.frobnicate"),
        ("from theano import frobnicate", "theano.frobnicate"),
        ("import theano.frobnicate", "theano.frobnicate"),
        ("import theano.tensor as T; T.nnet.frobnicate", "theano.tensor.nnet.frobnicate"),
        ("from theano.tensor.nnet import conv2d", "theano.tensor.nnet.conv2d"),
        ("from theano.gof.graph import frobnicate", "theano.gof.graph.frobnicate"),
        ("from theano.scan_module.scan_op import Scan", "theano.scan_module.scan_op"),
        ("import theano; theano.config.frobnicate", "theano.config.frobnicate"),
    ],
)
def test_an_unknown_name_says_so(run_python, statement, name):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_python("c", "-c", statement)
    assert f"{name} is not there: this theano is lnpatch's, over PyTensor" in caught.value.stderr


def test_hasattr_is_false(run_python):
    assert run_python("c", "-c", "import theano; print(hasattr(theano.tensor, 'frobnicate'))").stdout == "False\n"


def test_an_unknown_backend_is_refused(run_python):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_python("tpu", "-c", "import theano")
    assert "LNPATCH_BACKEND is 'tpu'; it can be c or jax" in caught.value.stderr
