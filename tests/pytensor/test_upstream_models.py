"""The repositories' own models: Theano on Python 2.7 and both engines agree in cost, outputs and all gradients."""

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
def test_the_engines_agree(lnpatch, run_engine, here, target, cell, tmp_path, request):
    upstream, python = os.environ.get("LNPATCH_UPSTREAM"), os.environ.get("LNPATCH_THEANO_PYTHON")
    if not upstream or not python:
        pytest.skip("needs LNPATCH_UPSTREAM and LNPATCH_THEANO_PYTHON")
    old, new = tmp_path / "python2", tmp_path / "python3"
    source = os.path.join(upstream, FOLDERS[target])
    lnpatch("apply", target, "--from", source, "--dir", str(old), "--cell", cell)
    lnpatch("port", target, "--dir", str(old), "--output", str(new))

    flags = f"floatX=float32,base_compiledir={request.config.cache.mkdir('theano')}"
    environment = {**os.environ, "THEANO_FLAGS": flags, "PYTHONDONTWRITEBYTECODE": "1"}
    script = here / "upstream_model.py"
    subprocess.run([python, script, target, old, cell, tmp_path / "theano.npz"], check=True, env=environment)
    wanted = dict(numpy.load(tmp_path / "theano.npz"))
    assert len(set(wanted["costs"].tolist())) == 3  # the updates did something
    for engine in ("c", "jax"):
        path = tmp_path / f"{engine}.npz"
        run_engine(engine, script, target, new, cell, path)
        found = dict(numpy.load(path))
        assert set(found) == set(wanted)
        for name, value in wanted.items():
            scale = numpy.abs(value).max()
            assert numpy.abs(found[name] - value).max() <= 1e-5 * scale, (engine, name)
