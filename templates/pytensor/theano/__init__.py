"""The names of Theano 0.8.2 that the three known repositories and the demo use, over PyTensor.

lnpatch puts this on the path of a run of a ported checkout, and only there: it never shadows a Theano that is installed. Where
PyTensor means something else by a name (the axis of softmax, what scan returns, the default dtype), it means Theano's here.

Environment:
    LNPATCH_ENGINE   c or jax (_engine.py)
    LNPATCH_PADDING  how batches are brought to a few shapes under jax, JSON (_padding.py)
    LNPATCH_CACHE    a folder for what the engines compile
    THEANO_FLAGS     floatX, device, lib.cnmem, gcc.cxxflags and others (_flags.py)
"""

import os

from theano import _flags

_flags.apply(os.environ)  # before PyTensor and JAX are imported

import logging  # noqa: E402
import warnings  # noqa: E402

import numpy  # noqa: E402
import pytensor  # noqa: E402

from theano import _engine, _missing, _numpy_names  # noqa: E402
from theano._config import config  # noqa: E402

_missing.install()
_numpy_names.restore()
for _name in ("pytensor", "jax"):  # attentive-reader's basicConfig(INFO) would print what they are busy with
    logging.getLogger(_name).setLevel(logging.WARNING)
warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS")  # NumPy's serves
warnings.filterwarnings("ignore", message="Explicitly requested dtype .* is not available")  # float32 is what is wanted
warnings.filterwarnings("ignore", message="Skipping Assert")  # of shapes, which hold while JAX traces

from pytensor import In, Out  # noqa: E402
from pytensor.graph.basic import Apply, Constant, Variable  # noqa: E402
from pytensor.graph.op import Op  # noqa: E402

from theano import compat, gof, gradient, ifelse, printing, sandbox, scalar, scan_module, tensor  # noqa: E402
from theano._function import function  # noqa: E402
from theano._scan import clone, foldl, foldr, map, reduce, scan  # noqa: E402
from theano._shared import shared  # noqa: E402
from theano.gradient import grad  # noqa: E402
from theano.tensor.sharedvar import SharedVariable  # noqa: E402

__version__ = f"0.8.2+pytensor.{pytensor.__version__}.{_engine.NAME}"


def _asarray(a, dtype, order=None):  # type: ignore[no-untyped-def]
    """``numpy.asarray`` that knows the dtype ``floatX``."""
    return numpy.asarray(a, dtype=config.floatX if dtype == "floatX" else dtype, order=order)


__getattr__, _ = _missing.guard(__name__)

__all__ = [
    "Apply", "Constant", "In", "Op", "Out", "SharedVariable", "Variable", "clone", "compat", "config", "foldl", "foldr", "function",
    "gof", "grad", "gradient", "ifelse", "map", "printing", "reduce", "sandbox", "scalar", "scan", "scan_module", "shared", "tensor",
]  # fmt: skip
