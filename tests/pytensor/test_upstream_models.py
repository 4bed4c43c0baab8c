"""The repositories' own models: Theano on Python 2.7 and both backends agree in cost, outputs and all gradients."""

import os
import subprocess

import numpy
import pytest

pytestmark = pytest.mark.upstream

FOLDERS = {
    "skip-thoughts": "skip-thoughts",
    "order-embeddings": "order-embedding",
    "attentive-reader": "Attentive_reader",
}


@pytest.mark.parametrize("cell", ["lngru", "lnlstm"])
@pytest.mark.parametrize("target", FOLDERS)
def test_the_backends_agree(lnpatch, run_python, scripts, target, cell, tmp_path, request):
    upstream, python = os.environ.get("LNPATCH_UPSTREAM"), os.environ.get("LNPATCH_THEANO_PYTHON")
    if not upstream or not python:
        pytest.skip("needs LNPATCH_UPSTREAM and LNPATCH_THEANO_PYTHON")
    old, new = tmp_path / "python2", tmp_path / "python3"
    source = os.path.join(upstream, FOLDERS[target])
    lnpatch("apply", target, "--from", source, "--dir", str(old), "--cell", cell)
    lnpatch("port", target, "--dir", str(old), "--output", str(new))

    flags = f"floatX=float32,base_compiledir={request.config.cache.mkdir('theano')}"
    environment = {**os.environ, "THEANO_FLAGS": flags, "PYTHONDONTWRITEBYTECODE": "1"}
    script = scripts / "upstream_model.py"
    subprocess.run([python, script, target, old, cell, tmp_path / "theano.npz"], check=True, env=environment)
    theanos = dict(numpy.load(tmp_path / "theano.npz"))
    assert len(set(theanos["costs"].tolist())) == 3  # the updates did something
    for backend in ("c", "jax"):
        path = tmp_path / f"{backend}.npz"
        run_python(backend, script, target, new, cell, path)
        ours = dict(numpy.load(path))
        assert set(ours) == set(theanos)
        for name, value in theanos.items():
            scale = numpy.abs(value).max()
            assert numpy.abs(ours[name] - value).max() <= 1e-5 * scale, (backend, name)
