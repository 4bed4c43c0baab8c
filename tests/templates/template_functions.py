"""The templates as if they were in a repository: injected over helpers of the tests' own. For Python 2.7 and 3."""
# ruff: noqa: UP031

import ast
import os

import layer_functions
import numpy

CONVENTIONS = ("state_argument", "state_keyword")
CELLS = ("lngru", "lnlstm")


def compile_definitions(path):
    """Compile the functions of a file and the table ``layers`` where it has one; imports are left out."""
    with open(path) as file:
        tree = ast.parse(file.read(), path)
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) or is_table(node)]
    return compile(tree, path, "exec")


def is_table(node):
    """Whether a statement is the assignment of the table."""
    return isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "layers"


def find_template_layer(folder, convention, cell, names):
    """Find the cell that the templates in ``folder`` make over the helpers ``names``."""
    namespace = dict(names, layers={cell: ("param_init_" + cell, cell + "_layer")})
    for name in ("ln", cell, convention + "/" + cell):
        exec(compile_definitions(os.path.join(folder, "layers", name + ".py")), namespace)
    return layer_functions.LayerFunctions.from_names(namespace, cell)


def find_file_layer(path, cell, names):
    """Find the cell of a layers module's file, over the helpers ``names``."""
    namespace = dict(names)
    exec(compile_definitions(path), namespace)
    return layer_functions.LayerFunctions.from_names(namespace, cell)


def make_helpers(rng):
    """Make the helpers that the parameter initializers take from their repository, drawing from ``rng``."""

    def norm_weight(nin, nout=None, scale=0.1, ortho=True):
        return rng.uniform(-scale, scale, (nin, nout or nin)).astype("float32")

    def ortho_weight(ndim):
        return numpy.linalg.svd(rng.normal(size=(ndim, ndim)))[0].astype("float32")

    return {
        "numpy": numpy,
        "_p": lambda prefix, name: "%s_%s" % (prefix, name),
        "norm_weight": norm_weight,
        "ortho_weight": ortho_weight,
        "tanh": None,  # the default of an argument of the demo's fflayer
    }
