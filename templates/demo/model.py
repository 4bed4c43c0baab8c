"""
The language model: word vectors, a recurrent layer, a softmax over the vocabulary
"""
from collections import OrderedDict

import theano.tensor as tensor

from layers import get_layer
from utils import norm_weight, linear


def init_params(options):
    """
    Make all parameters, as arrays
    """
    params = OrderedDict()
    params['Wemb'] = norm_weight(options['n_words'], options['dim_word'])
    params = get_layer(options['encoder'])[0](options, params, prefix='encoder',
                                              nin=options['dim_word'], dim=options['dim'])
    params = get_layer('ff')[0](options, params, prefix='ff_logit',
                                nin=options['dim'], nout=options['n_words'])
    print 'Parameters:', sum(value.size for value in params.values())
    return params


def build_model(tparams, options):
    """
    Build the inputs x, mask [words, sentences] and the cost: the negative log-likelihood of a sentence
    """
    x = tensor.matrix('x', dtype='int64')
    mask = tensor.matrix('mask', dtype='float32')
    n_steps, n_samples = x.shape[0], x.shape[1]

    # the input at each word is the word before it; the first has none
    emb = tparams['Wemb'][x.flatten()].reshape([n_steps, n_samples, options['dim_word']])
    emb = tensor.set_subtensor(tensor.zeros_like(emb)[1:], emb[:-1])

    states = get_layer(options['encoder'])[1](tparams, emb, None, options, prefix='encoder', mask=mask)[0]

    logit = get_layer('ff')[1](tparams, states, options, prefix='ff_logit', activ=linear)
    probs = tensor.nnet.softmax(logit.reshape([n_steps * n_samples, options['n_words']]))
    right = probs[tensor.arange(n_steps * n_samples), x.flatten()].reshape([n_steps, n_samples])
    cost = -(tensor.log(right + 1e-8) * mask).sum(axis=0).mean()

    return [x, mask], cost
