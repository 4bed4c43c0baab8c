"""
Train the language model
"""
import cPickle as pkl
import os
import time

import numpy
import theano
import theano.tensor as tensor

theano.config.floatX = 'float32' # the type of the parameters; before anything is built

import optim
from data import load_corpus, build_dictionary, minibatches, prepare_data
from model import init_params, build_model
from utils import init_tparams, itemlist, load_params, unzip


def save(path, tparams, options, history):
    """
    Write the parameters, the costs and the options
    """
    print 'Saving...',
    numpy.savez(path, history_errs=history, **unzip(tparams))
    with open('%s.pkl' % path, 'wb') as f:
        pkl.dump(options, f)
    print 'Done'


def trainer(corpus='corpus.txt',
            dim_word=32, # size of a word vector
            dim=64, # size of the hidden state
            encoder='gru',
            max_epochs=20,
            dispFreq=1,
            grad_clip=5.,
            optimizer='adam',
            lrate=0.01,
            batch_size=16,
            saveto='model.npz',
            saveFreq=1000,
            reload_=False,
            seed=1234):
    """
    Train a model on a corpus and save it; returns the costs of the updates
    """
    options = dict(locals())
    numpy.random.seed(seed)

    print 'Loading corpus...',
    sentences = load_corpus(corpus)
    worddict = build_dictionary(sentences)
    options['n_words'] = len(worddict)
    print len(sentences), 'sentences,', len(worddict), 'words'

    for name, value in sorted(options.iteritems()):
        print '  %s = %r' % (name, value)

    print 'Building model'
    params = init_params(options)
    if reload_ and os.path.exists(saveto):
        print 'Reloading', saveto
        params = load_params(saveto, params)
    tparams = init_tparams(params)
    inputs, cost = build_model(tparams, options)

    grads = tensor.grad(cost, wrt=itemlist(tparams))
    if grad_clip > 0.:
        norm = tensor.sqrt(sum((g ** 2).sum() for g in grads))
        grads = [g * tensor.minimum(1., grad_clip / norm) for g in grads]

    print 'Building optimizer'
    lr = tensor.scalar(name='lr')
    f_grad_shared, f_update = getattr(optim, optimizer)(lr, tparams, grads, inputs, cost)

    print 'Optimization'
    uidx = 0
    history = []
    for eidx in xrange(max_epochs):
        for batch in minibatches(sentences, batch_size):
            uidx += 1
            x, mask = prepare_data(batch, worddict)

            ud_start = time.time()
            cost = f_grad_shared(x, mask)
            f_update(lrate)
            ud = time.time() - ud_start

            history.append(float(cost))
            if numpy.isnan(cost) or numpy.isinf(cost):
                print 'NaN detected'
                return history

            if uidx % dispFreq == 0:
                print 'Epoch ', eidx, 'Update ', uidx, 'Cost ', cost, 'UD ', ud
            if uidx % saveFreq == 0:
                save(saveto, tparams, options, history)

    save(saveto, tparams, options, history)
    return history


if __name__ == '__main__':
    trainer()
