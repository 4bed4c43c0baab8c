"""GRU with layer normalization: its parameters and one time step. The layer itself depends on the
repository's convention for the initial state and is in state_argument/ and state_keyword/."""
import numpy
import theano.tensor as tensor

from utils import _p, norm_weight, ortho_weight
from layers import ln


def param_init_lngru(options, params, prefix='lngru', nin=None, dim=None):
    """
    Parameters of a GRU with layer normalization, all float32

    The matrices are drawn in the order of the plain GRU: from one seed, both get the same ones.

    options: dict; options['dim_proj'] stands in for nin and dim where they are None
    params: dict that receives the arrays and is returned, under the names prefix_W, ...
    nin: size of the input
    dim: size of the hidden state, D

        W  [nin, 2D], b  [2D], U  [D, 2D]   the gates, reset | update
        Wx [nin, D],  bx [D],  Ux [D, D]    the candidate state
        b1, s1 [2D]   bias and gain: input to the gates
        b2, s2 [D]    bias and gain: input to the candidate
        b3, s3 [2D]   bias and gain: previous state to the gates
        b4, s4 [D]    bias and gain: previous state to the candidate
    """
    if nin is None:
        nin = options['dim_proj']
    if dim is None:
        dim = options['dim_proj']

    W = numpy.concatenate([norm_weight(nin, dim), norm_weight(nin, dim)], axis=1)
    params[_p(prefix, 'W')] = W
    params[_p(prefix, 'b')] = numpy.zeros((2 * dim,)).astype('float32')
    U = numpy.concatenate([ortho_weight(dim), ortho_weight(dim)], axis=1)
    params[_p(prefix, 'U')] = U

    params[_p(prefix, 'Wx')] = norm_weight(nin, dim)
    params[_p(prefix, 'Ux')] = ortho_weight(dim)
    params[_p(prefix, 'bx')] = numpy.zeros((dim,)).astype('float32')

    # normalization starts as plain standardization: no bias, unit gain
    sizes = [('1', 2 * dim), ('2', dim), ('3', 2 * dim), ('4', dim)]
    for number, size in sizes:
        params[_p(prefix, 'b' + number)] = numpy.zeros((size,)).astype('float32')
    for number, size in sizes:
        params[_p(prefix, 's' + number)] = numpy.ones((size,)).astype('float32')

    return params


def lngru_step(mask, x, xx, h, U, Ux, b3, s3, b4, s4):
    """
    One time step of a GRU with layer normalization (arXiv 1607.06450, supplementary material)

        r, u = sigmoid(ln(h U, b3, s3) + x)
        candidate = tanh(r * ln(h Ux, b4, s4) + xx)
        new h = u * h + (1 - u) * candidate

    mask: [N], 1 where the sample still has a word; where it is 0 the sample keeps its state
    x: [N, 2D], normalized input to the gates
    xx: [N, D], normalized input to the candidate
    h: [N, D], previous state
    U, Ux, b3, s3, b4, s4: parameters, shapes in param_init_lngru

    Returns the new state, [N, D].
    """
    dim = Ux.shape[1]

    gates = tensor.nnet.sigmoid(ln(tensor.dot(h, U), b3, s3) + x)
    r = gates[:, :dim]
    u = gates[:, dim:]
    candidate = tensor.tanh(r * ln(tensor.dot(h, Ux), b4, s4) + xx)

    new_h = u * h + (1. - u) * candidate
    return mask[:, None] * new_h + (1. - mask)[:, None] * h
