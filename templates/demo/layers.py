"""
Layers, by name

A layer is a pair of functions: one makes its parameters, the other builds its graph.
"""
import numpy
import theano
import theano.tensor as tensor

from utils import _p, ortho_weight, norm_weight, tanh, linear

# name: (initialize the parameters, build the graph)
layers = {'ff': ('param_init_fflayer', 'fflayer'),
          'gru': ('param_init_gru', 'gru_layer'),
          }


def get_layer(name):
    """
    Look up the two functions of a layer
    """
    init, build = layers[name]
    return globals()[init], globals()[build]


# feedforward layer
def param_init_fflayer(options, params, prefix='ff', nin=None, nout=None):
    """
    Make weights [nin, nout] and biases [nout]
    """
    params[_p(prefix, 'W')] = norm_weight(nin, nout)
    params[_p(prefix, 'b')] = numpy.zeros((nout,)).astype('float32')
    return params


def fflayer(tparams, state_below, options, prefix='ff', activ=tanh, **kwargs):
    """
    Apply an affine transformation and a nonlinearity
    """
    return activ(tensor.dot(state_below, tparams[_p(prefix, 'W')]) + tparams[_p(prefix, 'b')])


# GRU layer
def param_init_gru(options, params, prefix='gru', nin=None, dim=None):
    """
    Make W, b, U of the two gates (reset, update) and Wx, bx, Ux of the candidate state
    """
    if nin is None:
        nin = options['dim_word']
    if dim is None:
        dim = options['dim']
    for names, columns in [('WbU', 2), (('Wx', 'bx', 'Ux'), 1)]:
        W, b, U = [_p(prefix, name) for name in names]
        params[W] = numpy.hstack([norm_weight(nin, dim) for _ in range(columns)])
        params[b] = numpy.zeros((columns * dim,)).astype('float32')
        params[U] = numpy.hstack([ortho_weight(dim) for _ in range(columns)])
    return params


def gru_layer(tparams, state_below, init_state, options, prefix='gru', mask=None, **kwargs):
    """
    Run the GRU over state_below, [steps, samples, nin]; the states are [steps, samples, dim]
    """
    W, b, U, Wx, bx, Ux = [tparams[_p(prefix, name)] for name in ['W', 'b', 'U', 'Wx', 'bx', 'Ux']]
    n_steps, n_samples = state_below.shape[0], state_below.shape[1]
    if init_state is None:
        init_state = tensor.alloc(0., n_samples, Ux.shape[1])
    if mask is None:
        mask = tensor.alloc(1., n_steps, n_samples)

    def step(m, x, xx, h, U, Ux):
        dim = Ux.shape[1]
        gates = tensor.nnet.sigmoid(tensor.dot(h, U) + x)
        reset, update = gates[:, :dim], gates[:, dim:]
        candidate = tensor.tanh(reset * tensor.dot(h, Ux) + xx)
        new = update * h + (1. - update) * candidate
        return tensor.switch(m[:, None] > 0, new, h)

    states, _ = theano.scan(step,
                            sequences=[mask, tensor.dot(state_below, W) + b, tensor.dot(state_below, Wx) + bx],
                            outputs_info=[init_state],
                            non_sequences=[U, Ux],
                            name=_p(prefix, '_layers'),
                            n_steps=n_steps,
                            strict=True)
    return [states]
