"""
The part of Keras 0.3 that eval_sick.py uses, in NumPy and under Keras's names: a softmax regression. For Python 2.7 and 3.

Keras of that time does not run with what runs today. Initial values, loss, optimizer, batches and epochs are those of
Keras 0.3.3, which called 100 epochs of batches of 128 one fit; tests/training/test_launch_keras.py has weights that it gave.
It computes in double precision, Keras did in Theano's floatX.
"""
import sys
import types

import numpy


class Dense(object):
    """A layer of weights and biases."""

    def __init__(self, output_dim, input_dim):
        self.shape = (input_dim, output_dim)


class Activation(object):
    """A nonlinearity, by its name."""

    def __init__(self, activation):
        self.activation = activation


class Adam(object):
    """The optimizer, with Keras's defaults; it goes on where an earlier fit has ended."""

    lr, beta_1, beta_2, epsilon = 0.001, 0.9, 0.999, 1e-8

    def __init__(self):
        self.iterations = 0
        self.moments = []

    def update(self, parameters, gradients):
        """Change the parameters in place."""
        if not self.moments:
            self.moments = [(numpy.zeros_like(p), numpy.zeros_like(p)) for p in parameters]
        self.iterations += 1
        t = self.iterations
        rate = self.lr * numpy.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        for parameter, gradient, (m, v) in zip(parameters, gradients, self.moments):
            m += (1 - self.beta_1) * (gradient - m)
            v += (1 - self.beta_2) * (gradient**2 - v)
            parameter -= rate * m / (numpy.sqrt(v) + self.epsilon)


class Sequential(object):
    """A softmax regression, made of a Dense and an Activation; anything else is refused."""

    def __init__(self):
        self.layers = []

    def add(self, layer):
        """Add a layer; a Dense gets its initial weights, drawn from numpy.random."""
        self.layers.append(layer)
        if isinstance(layer, Dense):
            scale = numpy.sqrt(6.0 / sum(layer.shape))  # glorot_uniform
            self.weights = [numpy.random.uniform(-scale, scale, layer.shape), numpy.zeros(layer.shape[1])]

    def compile(self, loss, optimizer):
        """Check that the model is what is written here."""
        kinds = [type(layer) for layer in self.layers]
        if kinds != [Dense, Activation] or (self.layers[1].activation, loss, optimizer) != (
            "softmax",
            "categorical_crossentropy",
            "adam",
        ):
            raise ValueError("lnpatch has the softmax regression of eval_sick.py alone in the place of Keras")
        self.optimizer = Adam()

    def fit(self, X, y, batch_size=128, nb_epoch=100, verbose=1, validation_data=None, shuffle=True):
        """Train for nb_epoch epochs, the samples in their order."""
        if shuffle:
            raise ValueError("lnpatch has no shuffling in the place of Keras's")
        X, y = numpy.asarray(X, "float64"), numpy.asarray(y, "float64")
        for _ in range(nb_epoch):
            for start in range(0, len(X), batch_size):
                x, labels = X[start : start + batch_size], y[start : start + batch_size]
                error = (self.predict_proba(x) - labels) / len(x)
                self.optimizer.update(self.weights, [numpy.dot(x.T, error), error.sum(axis=0)])

    def predict_proba(self, X, verbose=1):
        """Return the probabilities of the classes, [samples, classes]."""
        W, b = self.weights
        logits = numpy.dot(numpy.asarray(X, "float64"), W) + b
        exponentials = numpy.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def get_weights(self):
        """Return copies of the weights and biases."""
        return [parameter.copy() for parameter in self.weights]

    def set_weights(self, weights):
        """Take over weights and biases."""
        self.weights = [numpy.array(parameter) for parameter in weights]


def install():
    """Have "from keras.models import Sequential" and the like find what is here."""
    names = {
        "keras": [],
        "keras.models": [Sequential],
        "keras.layers": [],
        "keras.layers.core": [Dense, Activation],
        "keras.optimizers": [Adam],
    }
    for name, values in names.items():
        module = types.ModuleType(name)
        for value in values:
            setattr(module, value.__name__, value)
        sys.modules[name] = module
