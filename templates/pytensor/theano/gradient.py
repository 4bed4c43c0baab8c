"""``theano.gradient``: differentiation."""

from collections.abc import Sequence
from typing import Any

import pytensor.gradient
from pytensor.gradient import DisconnectedType, disconnected_grad, grad_clip, zero_grad

from theano._missing_names import guard_module
from theano._rewrites.find_cross_entropy import fuse_cost


def grad(cost: Any, wrt: Any, *args: Any, **kwargs: Any) -> Any:
    """Return PyTensor's gradients, of the cost in the form that is fastest to differentiate."""
    variables = wrt if isinstance(wrt, Sequence) else [wrt]
    # variables in other arguments (known_grads, consider_constant), and computed ones, must be found in the graph: it stays as it is
    if cost is not None and not args and not kwargs and all(getattr(each, "owner", each) is None for each in variables):
        cost = fuse_cost(cost, variables)
    return pytensor.gradient.grad(cost, wrt, *args, **kwargs)


__getattr__, __path__ = guard_module(__name__)
__all__ = ["DisconnectedType", "disconnected_grad", "grad", "grad_clip", "zero_grad"]
