"""``theano.gradient``: differentiation."""

from collections.abc import Sequence
from typing import Any

import pytensor.gradient
from pytensor.gradient import DisconnectedType, disconnected_grad, grad_clip, zero_grad

from theano._rewrites.find_cross_entropy import fused_cost
from theano._missing import guard


def grad(cost: Any, wrt: Any, *args: Any, **kwargs: Any) -> Any:
    """PyTensor's, of the cost in the form that is fastest to differentiate."""
    wanted = wrt if isinstance(wrt, Sequence) else [wrt]
    # what is given by name (known_grads, consider_constant) and what is computed must be found in the graph as it is
    if cost is not None and not args and not kwargs and all(getattr(each, "owner", each) is None for each in wanted):
        cost = fused_cost(cost, wanted)
    return pytensor.gradient.grad(cost, wrt, *args, **kwargs)


__getattr__, __path__ = guard(__name__)
__all__ = ["DisconnectedType", "disconnected_grad", "grad", "grad_clip", "zero_grad"]
