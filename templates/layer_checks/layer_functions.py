"""A checkout's layer: found through the repository's own table, called by its own convention. For Python 2.7 and 3."""

import importlib


class LayerNotFound(Exception):
    """The layers module has no such cell, or one that takes its initial state in no known way."""


class LayerFunctions(object):
    """The two functions of a cell, whichever repository they are in.

    cell: its name in the table
    initialize: makes the parameters, arrays by name
    build: makes the graph
    keyword: whether the initial state is a keyword argument of ``build``, not its third argument
    """

    def __init__(self, cell, initialize, build):
        self.cell, self.initialize, self.build = cell, initialize, build
        arguments = build.__code__.co_varnames[: build.__code__.co_argcount]
        if "options" not in arguments or "init_state" not in arguments:
            raise LayerNotFound(
                "%s has no arguments init_state and options: %s" % (build.__name__, ", ".join(arguments))
            )
        self.keyword = arguments.index("options") < arguments.index("init_state")

    @property
    def convention(self):
        """The convention's name: that of the templates' folder."""
        return "state_keyword" if self.keyword else "state_argument"

    @classmethod
    def from_names(cls, names, cell):
        """Find a cell in a dictionary of a layers module's names; its table ``layers`` says which functions it is."""
        try:
            functions = names["layers"][cell]
        except KeyError:
            raise LayerNotFound("the layers module has no %r in its table; lnpatch apply puts it there" % cell)
        # the tables name functions, which the repositories' own get_layer evaluates in the module
        return cls(cell, *[eval(name, names) if isinstance(name, str) else name for name in functions])

    @classmethod
    def from_module(cls, module, cell):
        """Find a cell in the importable layers module of that name."""
        module = importlib.import_module(module)
        if cell in getattr(module, "layers", ()) and hasattr(module, "get_layer"):
            return cls(cell, *module.get_layer(cell))
        return cls.from_names(vars(module), cell)

    def build_graph(self, tparams, x, mask, state, memory, options, prefix="at", **kwargs):
        """Call the layer; ``memory``, the initial cell of an LSTM, is passed on where there is one."""
        if memory is not None:
            kwargs["init_memory"] = memory
        if self.keyword:
            return self.build(tparams, x, options, prefix=prefix, mask=mask, init_state=state, **kwargs)
        return self.build(tparams, x, state, options, prefix=prefix, mask=mask, **kwargs)
