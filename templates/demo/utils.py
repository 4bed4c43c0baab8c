"""
Parameters: names, initial values, and the way to Theano and back
"""
import warnings
from collections import OrderedDict

import numpy
import theano
import theano.tensor as tensor


def _p(prefix, name):
    """
    Join the names of a layer and of its parameter
    """
    return '%s_%s' % (prefix, name)


def ortho_weight(ndim):
    """
    Draw a random orthogonal matrix
    """
    q, _ = numpy.linalg.qr(numpy.random.normal(size=(ndim, ndim)))
    return q.astype('float32')


def norm_weight(nin, nout=None, scale=0.1):
    """
    Draw a matrix uniformly from [-scale, scale]
    """
    shape = (nin, nin if nout is None else nout)
    return numpy.random.uniform(-scale, scale, shape).astype('float32')


def tanh(x):
    """
    Hyperbolic tangent
    """
    return tensor.tanh(x)


def linear(x):
    """
    No nonlinearity
    """
    return x


def init_tparams(params):
    """
    Make a shared variable of every array
    """
    return OrderedDict((name, theano.shared(value, name=name)) for name, value in params.iteritems())


def itemlist(tparams):
    """
    List the shared variables, in order
    """
    return [variable for _, variable in tparams.iteritems()]


def unzip(tparams):
    """
    Copy the shared variables into arrays
    """
    return OrderedDict((name, variable.get_value()) for name, variable in tparams.iteritems())


def load_params(path, params):
    """
    Replace the arrays by those of a saved model
    """
    saved = numpy.load(path)
    for name in params.keys():
        if name in saved:
            params[name] = saved[name]
        else:
            warnings.warn('%s has no %s' % (path, name))
    return params
