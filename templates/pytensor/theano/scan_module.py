"""``theano.scan_module``: the functions of scan; the modules below it are missing, since they reach into the insides of Theano's."""

from theano._missing_names import guard_module
from theano._scan import clone, foldl, foldr, map, reduce, scan

__getattr__, __path__ = guard_module(__name__)
__all__ = ["clone", "foldl", "foldr", "map", "reduce", "scan"]
