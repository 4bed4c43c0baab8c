"""
Optimizers
"""
import numpy
import theano
import theano.tensor as tensor


def adam(lr, tparams, grads, inputs, cost, b1=0.9, b2=0.999, eps=1e-8):
    """
    Adam (Kingma and Ba 2014), in two functions: the first takes a minibatch, keeps its gradients and
    returns the cost; the second takes the learning rate and moves the parameters
    """
    def zeros(p, label):
        return theano.shared(p.get_value() * 0., name='%s_%s' % (p.name, label))

    kept = [zeros(p, 'grad') for p in tparams.values()]
    f_grad_shared = theano.function(inputs, cost, updates=zip(kept, grads))

    t = theano.shared(numpy.float32(0.), name='adam_t')
    t_new = t + 1.
    step = lr * tensor.sqrt(1. - b2 ** t_new) / (1. - b1 ** t_new)
    updates = [(t, t_new)]
    for p, g in zip(tparams.values(), kept):
        m, v = zeros(p, 'm'), zeros(p, 'v')
        m_new = b1 * m + (1. - b1) * g
        v_new = b2 * v + (1. - b2) * g ** 2
        updates += [(m, m_new), (v, v_new), (p, p - step * m_new / (tensor.sqrt(v_new) + eps))]
    f_update = theano.function([lr], [], updates=updates)

    return f_grad_shared, f_update
