"""Small repositories in the style of the family, one for each way to write a layer, and a recipe for them."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

HEADER = """\
    import numpy
    import theano
    import theano.tensor as tensor

    from utils import _p, norm_weight, ortho_weight

    layers = {'ff': ('param_init_fflayer', 'fflayer'),
              'gru': ('param_init_gru', 'gru_layer'),
              }


    def get_layer(name):
        fns = layers[name]
        return (eval(fns[0]), eval(fns[1]))


    def param_init_gru(options, params, prefix='gru', nin=None, dim=None):
        params[_p(prefix, 'W')] = numpy.concatenate([norm_weight(nin, dim), norm_weight(nin, dim)], axis=1)
        params[_p(prefix, 'b')] = numpy.zeros((2 * dim,)).astype('float32')
        params[_p(prefix, 'U')] = numpy.concatenate([ortho_weight(dim), ortho_weight(dim)], axis=1)
        params[_p(prefix, 'Wx')] = norm_weight(nin, dim)
        params[_p(prefix, 'Ux')] = ortho_weight(dim)
        params[_p(prefix, 'bx')] = numpy.zeros((dim,)).astype('float32')
        return params


"""

UTILS = """\
    import numpy


    def _p(pp, name):
        return '%s_%s' % (pp, name)


    def ortho_weight(ndim):
        u, s, v = numpy.linalg.svd(numpy.random.randn(ndim, ndim))
        return u.astype('float32')


    def norm_weight(nin, nout=None, scale=0.1, ortho=True):
        return (scale * numpy.random.randn(nin, nout or nin)).astype('float32')
"""

#: A GRU whose initial state is the third argument.
ARGUMENT_GRU = """\
    def gru_layer(tparams, state_below, init_state, options, prefix='gru', mask=None, **kwargs):
        dim = tparams[_p(prefix, 'Ux')].shape[1]
        if init_state is None:
            init_state = tensor.alloc(0., state_below.shape[1], dim)

        def _step(m, x, xx, h):
            gates = tensor.nnet.sigmoid(tensor.dot(h, tparams[_p(prefix, 'U')]) + x)
            r, u = gates[:, :dim], gates[:, dim:]
            new = u * h + (1. - u) * tensor.tanh(tensor.dot(h, tparams[_p(prefix, 'Ux')]) * r + xx)
            return m[:, None] * new + (1. - m)[:, None] * h

        x = tensor.dot(state_below, tparams[_p(prefix, 'W')]) + tparams[_p(prefix, 'b')]
        xx = tensor.dot(state_below, tparams[_p(prefix, 'Wx')]) + tparams[_p(prefix, 'bx')]
        rval, updates = theano.scan(_step, sequences=[mask, x, xx], outputs_info=[init_state])
        rval = [rval]
        return rval
"""

RECIPE = """\
name = "family"
title = "A repository of the family"
paper = "none"
cell = "lngru"

[repository]
url = "https://localhost/family"
directory = "family"
branch = "master"
commit = "0123456789012345678901234567890123456789"
license = "MIT"

[cells]
lngru = { baseline = "gru", what = "GRU with layer normalization" }

[[edits]]
kind = "inject"
file = "layers.py"
templates = ["ln", "{cell}", "state_argument/{cell}"]
after = "{baseline}_layer"

[[edits]]
kind = "register"
file = "layers.py"
table = "layers"
key = "{cell}"
value = ["param_init_{cell}", "{cell}_layer"]
"""


@dataclass(frozen=True)
class Family:
    """A repository: its plain cell, and the code that calls it."""

    gru: str = ARGUMENT_GRU
    model: str = ""

    def files(self) -> dict[str, bytes]:
        """The files of a checkout."""
        layers = textwrap.dedent(HEADER) + textwrap.dedent(self.gru)
        model = "from layers import get_layer\n" + textwrap.dedent(self.model)
        return {
            "layers.py": layers.encode(),
            "model.py": model.encode(),
            "utils.py": textwrap.dedent(UTILS).encode(),
        }


def write_recipe(folder: Path, text: str = RECIPE) -> Path:
    """Write a recipe for a repository of the family."""
    path = folder / "family.toml"
    path.write_text(text)
    return path
