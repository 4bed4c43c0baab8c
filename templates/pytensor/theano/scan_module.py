"""``theano.scan_module``: the name only. What is in it reaches into the insides of Theano's scan."""

from theano._missing import guard
from theano._scan import clone, foldl, foldr, map, reduce, scan

__getattr__, __path__ = guard(__name__)
__all__ = ["clone", "foldl", "foldr", "map", "reduce", "scan"]
