"""``theano.gof``: graphs and operations."""

from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.op import Op

from theano._missing_names import guard_module
from theano.gof import graph

__getattr__, _ = guard_module(__name__)
__all__ = ["Apply", "Constant", "FunctionGraph", "Op", "Variable", "graph"]
