"""The names of Theano 0.8.2 that the three known repositories and the demo use, over PyTensor.

lnpatch puts this on the path when it runs a ported checkout, and only then: it never hides a Theano that is installed. Where
PyTensor means something else by a name (the axis of softmax, what scan returns, the default dtype), it means Theano's here.

Environment:
    LNPATCH_BACKEND  c or jax (_backend.py)
    LNPATCH_PADDING  how batches are brought to a few shapes under jax, JSON (_padding.py)
    LNPATCH_CACHE    a folder for what the backends compile
    THEANO_FLAGS     floatX, device, lib.cnmem, gcc.cxxflags and others (_flags.py)
"""

from theano import _startup  # noqa: F401, before PyTensor is imported

# isort: split
from typing import Any

import numpy
import pytensor
from pytensor import In, Out
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.op import Op

from theano import (
    _backend,
    _missing_names,
    _old_numpy_names,
    compat,
    gof,
    gradient,
    ifelse,
    printing,
    sandbox,
    scalar,
    scan_module,
    tensor,
)
from theano._config import config
from theano._function import function
from theano._scan import clone, foldl, foldr, map, reduce, scan
from theano._shared import shared
from theano.gradient import grad
from theano.tensor.sharedvar import SharedVariable

_missing_names.install_finder()
_old_numpy_names.restore_old_names()

__version__ = f"0.8.2+pytensor.{pytensor.__version__}.{_backend.NAME}"


def _asarray(a: Any, dtype: Any, order: Any = None) -> Any:
    """``numpy.asarray`` that knows the dtype ``floatX``; the repositories call it by this name."""
    return numpy.asarray(a, dtype=config.floatX if dtype == "floatX" else dtype, order=order)


__getattr__, _ = _missing_names.guard_module(__name__)

__all__ = [
    "Apply", "Constant", "In", "Op", "Out", "SharedVariable", "Variable", "clone", "compat", "config", "foldl", "foldr", "function",
    "gof", "grad", "gradient", "ifelse", "map", "printing", "reduce", "sandbox", "scalar", "scan", "scan_module", "shared", "tensor",
]  # fmt: skip
