"""Where the templates are, and the interpreter with Theano, where there is one."""

import os
import sys

import pytest

from lnpatch.folders import templates

sys.path.insert(
    0, str(templates() / "layer_checks")
)  # the checks are a product of their own, that runs under any interpreter


@pytest.fixture(scope="session")
def layers_folder():
    """The folder of the templates that are injected."""
    return templates() / "layers"


@pytest.fixture(scope="session")
def demo_folder():
    """The folder of the embedded repository."""
    return templates() / "demo"


@pytest.fixture(scope="session")
def theano_python():
    """The interpreter that LNPATCH_THEANO_PYTHON names; it has Theano."""
    python = os.environ.get("LNPATCH_THEANO_PYTHON")
    if not python:
        pytest.skip("needs LNPATCH_THEANO_PYTHON, an interpreter with Theano")
    return python


@pytest.fixture(scope="session")
def theano_environment(request, tmp_path_factory):
    """Environment for Theano, with some flags: what it compiles is kept in pytest's cache, since compiling scan takes a minute."""
    cache = getattr(request.config, "cache", None)  # absent under -p no:cacheprovider
    compiled = cache.mkdir("theano") if cache else tmp_path_factory.mktemp("theano")

    def environment(*flags):
        flags = [os.environ.get("THEANO_FLAGS", ""), *flags, f"base_compiledir={compiled}"]
        return {
            **os.environ,
            "THEANO_FLAGS": ",".join(filter(None, flags)),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    return environment
