"""The LN-GRU read literally from its formulas: all normalization inside of the scan, mean and variance by their names.

What our template is timed against, in a checkout that has ``utils``; it is not injected anywhere. For Python 2.7 and 3.
"""

import theano
import theano.tensor as tensor
from layers import param_init_lngru
from utils import _p

layers = {"lngru": (param_init_lngru, "lngru_layer")}


def ln(x, b, s):
    """Normalize the rows of a matrix."""
    output = (x - x.mean(1)[:, None]) / tensor.sqrt(x.var(1)[:, None] + 1e-5)
    return s[None, :] * output + b[None, :]


def lngru_layer(tparams, state_below, init_state, options, prefix="lngru", mask=None, **kwargs):
    """Return the states, [T, N, D], for an input [T, N, nin] and a mask [T, N]."""
    names = ["U", "Ux", "b1", "s1", "b2", "s2", "b3", "s3", "b4", "s4"]
    parameters = [tparams[_p(prefix, name)] for name in names]
    dim = tparams[_p(prefix, "Ux")].shape[1]

    def step(m, x, xx, h, U, Ux, b1, s1, b2, s2, b3, s3, b4, s4):
        gates = tensor.nnet.sigmoid(ln(tensor.dot(h, U), b3, s3) + ln(x, b1, s1))
        r, u = gates[:, :dim], gates[:, dim:]
        candidate = tensor.tanh(ln(tensor.dot(h, Ux), b4, s4) * r + ln(xx, b2, s2))
        new_h = u * h + (1.0 - u) * candidate
        return m[:, None] * new_h + (1.0 - m)[:, None] * h

    states, _ = theano.scan(
        step,
        sequences=[
            mask,
            tensor.dot(state_below, tparams[_p(prefix, "W")]) + tparams[_p(prefix, "b")],
            tensor.dot(state_below, tparams[_p(prefix, "Wx")]) + tparams[_p(prefix, "bx")],
        ],
        outputs_info=[tensor.alloc(0.0, state_below.shape[1], dim)],
        non_sequences=parameters,
        n_steps=state_below.shape[0],
    )
    return [states]
