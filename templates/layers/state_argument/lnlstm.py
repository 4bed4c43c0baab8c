"""The LN-LSTM layer where the initial state is the third positional argument (order-embeddings,
skip-thoughts)."""
import theano
import theano.tensor as tensor

from utils import _p
from layers import ln, lnlstm_step


def lnlstm_layer(tparams, state_below, init_state, options, prefix='lnlstm', mask=None,
        one_step=False, init_memory=None, **kwargs):
    """
    Feedforward pass through an LSTM with layer normalization; lnlstm_step has the formula

    tparams: dict of the shared variables, as param_init_lnlstm names them
    state_below: the input, [T, N, nin] for T steps of N samples, [T, nin] for a single sequence;
        with one_step [N, nin]
    init_state: [N, D], or None for zeros
    mask: [T, N], with one_step [N]; 1 for a word, 0 for padding; None for all 1
    one_step: compute a single time step, without a scan
    init_memory: the initial cell, [N, D], or None for zeros

    Returns [h, c]: states and cells, [T, N, D] each; with one_step the next ones, [N, D].
    """
    def param(name):
        return tparams[_p(prefix, name)]

    if state_below.ndim == 2 and not one_step:
        state_below = state_below.dimshuffle(0, 'x', 1)

    x = ln(tensor.dot(state_below, param('W')) + param('b'), param('b1'), param('s1'))

    # Scan wants the state of every step in one type. Ones and zeros of the full shape see to that,
    # whatever broadcasts in the arguments and whatever their dtype.
    ones = tensor.alloc(1., *[state_below.shape[i] for i in range(state_below.ndim - 1)])
    mask = tensor.cast(ones if mask is None else ones * mask, x.dtype)
    zeros = tensor.alloc(0., mask.shape[mask.ndim - 1], param('U').shape[0])
    init_state = tensor.cast(zeros if init_state is None else zeros + init_state, x.dtype)
    init_memory = tensor.cast(zeros if init_memory is None else zeros + init_memory, x.dtype)

    recurrent = [param(name) for name in ['U', 'b', 'b2', 's2', 'b3', 's3']]
    if one_step:
        h, c = lnlstm_step(mask, x, init_state, init_memory, *recurrent)
    else:
        (h, c), _ = theano.scan(
            lnlstm_step,
            sequences=[mask, x],
            outputs_info=[init_state, init_memory],
            non_sequences=recurrent,
            name=_p(prefix, '_layers'),
            n_steps=state_below.shape[0],
            profile=False,
            strict=True)
    return [h, c]
