"""
What the evaluations of 2016 took from scikit-learn 0.18, made of what a later one has. For Python 3.

KFold was in sklearn.cross_validation, got the number of samples, and was the folds itself. LogisticRegression solved by
liblinear, one class against all others, and has another solver and several classes at once by default today.
"""
import sys
import types

import numpy


class KFold(object):
    """The folds of n samples, as pairs of indices to train on and to test on."""

    def __init__(self, n, n_folds=3, shuffle=False, random_state=None):
        self.n = n
        self.n_folds = n_folds
        self.shuffle = shuffle
        self.random_state = random_state

    def __iter__(self):
        from sklearn.model_selection import KFold as Splitter

        # without shuffling the state has no effect, and is refused today
        splitter = Splitter(self.n_folds, shuffle=self.shuffle, random_state=self.random_state if self.shuffle else None)
        return splitter.split(numpy.zeros(self.n))


def install():
    """Have the names of scikit-learn 0.18 found in their places."""
    import sklearn.linear_model
    from sklearn.multiclass import OneVsRestClassifier

    cross_validation = types.ModuleType("sklearn.cross_validation")
    cross_validation.KFold = KFold
    sys.modules["sklearn.cross_validation"] = sklearn.cross_validation = cross_validation
    todays = sklearn.linear_model.LogisticRegression

    def make_regression(C=1.0):
        """Return a classifier as LogisticRegression(C) was one: liblinear takes two classes alone today."""
        return OneVsRestClassifier(todays(C=C, solver="liblinear"))

    sklearn.linear_model.LogisticRegression = make_regression
