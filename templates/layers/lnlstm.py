"""LSTM with layer normalization: its parameters and one time step. The layer itself depends on the
repository's convention for the initial state and is in state_argument/ and state_keyword/."""
import numpy
import theano.tensor as tensor

from utils import _p, norm_weight, ortho_weight
from layers import ln


def param_init_lnlstm(options, params, prefix='lnlstm', nin=None, dim=None):
    """
    Parameters of an LSTM with layer normalization, all float32

    The matrices are drawn in the order of the plain LSTM: from one seed, both get the same ones.

    options: dict; options['dim_proj'] stands in for nin and dim where they are None
    params: dict that receives the arrays and is returned, under the names prefix_W, ...
    nin: size of the input
    dim: size of the hidden state and of the cell, D

        W [nin, 4D], U [D, 4D], b [4D]   input | forget | output gate | candidate
        b1, s1 [4D]   bias and gain: input
        b2, s2 [4D]   bias and gain: previous state
        b3, s3 [D]    bias and gain: cell
    """
    if nin is None:
        nin = options['dim_proj']
    if dim is None:
        dim = options['dim_proj']

    W = numpy.concatenate([norm_weight(nin, dim) for _ in range(4)], axis=1)
    params[_p(prefix, 'W')] = W
    U = numpy.concatenate([ortho_weight(dim) for _ in range(4)], axis=1)
    params[_p(prefix, 'U')] = U
    params[_p(prefix, 'b')] = numpy.zeros((4 * dim,)).astype('float32')

    # normalization starts as plain standardization: no bias, unit gain
    sizes = [('1', 4 * dim), ('2', 4 * dim), ('3', dim)]
    for number, size in sizes:
        params[_p(prefix, 'b' + number)] = numpy.zeros((size,)).astype('float32')
    for number, size in sizes:
        params[_p(prefix, 's' + number)] = numpy.ones((size,)).astype('float32')

    return params


def lnlstm_step(mask, x, h, c, U, b, b2, s2, b3, s3):
    """
    One time step of an LSTM with layer normalization (arXiv 1607.06450, supplementary material)

        i, f, o = sigmoid(ln(h U, b2, s2) + x + b), the first three quarters
        candidate = tanh(ln(h U, b2, s2) + x + b), the last quarter
        new c = f * c + i * candidate
        new h = o * tanh(ln(new c, b3, s3))

    b enters twice, here and before the normalization of x: the published models were trained so.

    mask: [N], 1 where the sample still has a word; where it is 0 the sample keeps h and c
    x: [N, 4D], normalized input
    h: [N, D], previous state
    c: [N, D], previous cell
    U, b, b2, s2, b3, s3: parameters, shapes in param_init_lnlstm

    Returns the new state and the new cell, [N, D] each.
    """
    dim = U.shape[0]
    keep = (1. - mask)[:, None]
    mask = mask[:, None]

    preact = ln(tensor.dot(h, U), b2, s2) + x + b
    gates = tensor.nnet.sigmoid(preact[:, :3 * dim])
    i = gates[:, :dim]
    f = gates[:, dim:2 * dim]
    o = gates[:, 2 * dim:]
    candidate = tensor.tanh(preact[:, 3 * dim:])

    new_c = mask * (f * c + i * candidate) + keep * c
    new_h = o * tensor.tanh(ln(new_c, b3, s3))
    return mask * new_h + keep * h, new_c
