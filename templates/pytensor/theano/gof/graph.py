"""``theano.gof.graph``: walks over graphs."""

from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.traversal import ancestors, graph_inputs

from theano._missing_names import guard_module

inputs = graph_inputs

__getattr__, __path__ = guard_module(__name__)
__all__ = ["Apply", "Constant", "Variable", "ancestors", "graph_inputs", "inputs"]
