"""The LN-GRU layer where the initial state is a keyword argument (attentive-reader)."""
import numpy
import theano
import theano.tensor as tensor

from utils import _p
from core.utils import sharedX
from layers import ln, lngru_step


def lngru_layer(tparams, state_below, options, prefix='lngru', mask=None, one_step=False,
        init_state=None, nsteps=None, truncate=None, **kwargs):
    """
    Feedforward pass through a GRU with layer normalization; lngru_step has the formula

    tparams: dict of the shared variables, as param_init_lngru names them
    state_below: the input, [T, N, nin] for T steps of N samples, [T, nin] for a single sequence;
        with one_step [N, nin]
    options: dict; options['learn_h0'] replaces a missing init_state by a learnt one, prefix_h0,
        which is added to tparams
    mask: [T, N], or [T, A, B] with A * B = N (words, sentences, samples), with one_step [N];
        1 for a word, 0 for padding; None for all 1
    one_step: compute a single time step, without a scan
    init_state: [N, D], or None for zeros or options['learn_h0']
    nsteps: number of time steps, or None for all of state_below
    truncate: number of steps that gradients go back, or None or -1 for all

    Returns [h]: the states, [T, N, D]; with one_step the next state, [N, D].
    """
    def param(name):
        return tparams[_p(prefix, name)]

    if state_below.ndim == 2 and not one_step:
        state_below = state_below.dimshuffle(0, 'x', 1)
    if nsteps is None:
        nsteps = state_below.shape[0]
    if truncate is None:
        truncate = -1
    if mask is not None and mask.ndim == 3:
        mask = mask.reshape((mask.shape[0], mask.shape[1] * mask.shape[2]))
    if init_state is None and options.get('learn_h0'):
        if _p(prefix, 'h0') not in tparams:
            dim = param('Ux').get_value(borrow=True).shape[1]
            tparams[_p(prefix, 'h0')] = sharedX(numpy.zeros((dim,)), name=_p(prefix, 'h0'))
        init_state = param('h0')

    x = ln(tensor.dot(state_below, param('W')) + param('b'), param('b1'), param('s1'))
    xx = ln(tensor.dot(state_below, param('Wx')) + param('bx'), param('b2'), param('s2'))

    # Scan wants the state of every step in one type. Ones and zeros of the full shape see to that,
    # whatever broadcasts in the arguments and whatever their dtype.
    ones = tensor.alloc(1., *[state_below.shape[i] for i in range(state_below.ndim - 1)])
    mask = tensor.cast(ones if mask is None else ones * mask, xx.dtype)
    zeros = tensor.alloc(0., mask.shape[mask.ndim - 1], param('Ux').shape[1])
    init_state = tensor.cast(zeros if init_state is None else zeros + init_state, xx.dtype)

    recurrent = [param(name) for name in ['U', 'Ux', 'b3', 's3', 'b4', 's4']]
    if one_step:
        h = lngru_step(mask, x, xx, init_state, *recurrent)
    else:
        h, _ = theano.scan(
            lngru_step,
            sequences=[mask, x, xx],
            outputs_info=[init_state],
            non_sequences=recurrent,
            name=_p(prefix, '_layers'),
            n_steps=nsteps,
            truncate_gradient=truncate,
            profile=False,
            strict=True)
    return [h]
