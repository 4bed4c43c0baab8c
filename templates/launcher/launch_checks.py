"""
What is checked where the repository's code loads a model: what its pickles name, and whether its parameters fit.

The repositories call numpy.load, which runs the pickle of an array of objects, and cPickle.load, which runs anything; their
load_params passes over a parameter that the file lacks, and over one that nothing takes. lnpatch has read a model before
it comes here; this holds for all other files as well, such as data. For Python 2.7 and 3.
"""

import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


class RefusedFile(Exception):
    """
    A file that the user has named cannot be used.

    kind is "model", "word2vec" or "text"; path is the file, details says what is wrong with it, advice what to do.
    """

    def __init__(self, kind, path, details, advice=""):
        Exception.__init__(self, "%s: %s" % (path, "; ".join(details)))
        self.kind = kind
        self.path = path
        self.details = details
        self.advice = advice


# What pickles may name

_BUILTINS = ["list", "dict", "set", "frozenset", "int", "float", "bytes"]
_ALLOWED = {
    "builtins": _BUILTINS,
    "__builtin__": _BUILTINS,
    "collections": ["OrderedDict", "defaultdict"],
    "numpy": ["dtype", "ndarray"],
    "numpy.core.multiarray": ["_reconstruct", "scalar"],
    "numpy._core.multiarray": ["_reconstruct", "scalar"],
    "numpy.core.numeric": ["_frombuffer"],
    "numpy._core.numeric": ["_frombuffer"],
}


def find_allowed(module, name):
    """Return what a pickle names, if it is plain data."""
    if (module, name) == ("_codecs", "encode"):  # the bytes of Python 3, in a pickle for Python 2
        return encode_latin1
    if name not in _ALLOWED.get(module, ()):
        raise ValueError("the pickle names %s.%s, which is not plain data; nothing of it was run" % (module, name))
    return getattr(importlib.import_module(module), name)


def encode_latin1(text, encoding):
    """Encode text as a pickle asks for; other codecs than this one could unpack it to any length."""
    if encoding not in ("latin1", "latin-1"):
        raise ValueError("the pickle encodes text as %r; nothing of it was run" % (encoding,))
    return text.encode("latin1")


def guard_loading(folders):
    """
    Let the code in folders, and this script's, load plain data alone.

    Under Python 3 its pickles are loaded by lnpatch_py2, which has the same list.
    """
    guard_numpy()
    if sys.version_info[0] == 2:
        guard_cpickle([os.path.abspath(folder) + os.sep for folder in folders + [HERE]])


def guard_numpy():
    """Have numpy.load refuse arrays of objects, as NumPy does by default since 1.16.3."""
    try:
        import numpy
    except ImportError:  # nothing will load an array, then
        return
    load = numpy.load

    def load_plain(file, mmap_mode=None, *args, **kwargs):
        kwargs["allow_pickle"] = False
        return load(file, mmap_mode, **kwargs)

    numpy.load = load_plain


def guard_cpickle(folders):
    """Have cPickle.load take names of the list alone where code in folders calls it; Theano keeps its own classes in pickles."""
    import cPickle

    load = cPickle.load

    def load_plain(file):
        if not sys._getframe(1).f_code.co_filename.startswith(tuple(folders)):
            return load(file)
        unpickler = cPickle.Unpickler(file)
        unpickler.find_global = find_allowed
        return unpickler.load()

    cPickle.load = load_plain


# Whether parameters fit


def compare_parameters(stored, expected, others=()):
    """
    Return what is wrong with a model's parameters, a line each.

    stored and expected are shapes by name; others are arrays that stand in the file beside the parameters.
    """
    differences = ["%s is missing" % name for name in sorted(set(expected) - set(stored))]
    for name in sorted(set(expected) & set(stored)):
        if tuple(stored[name]) != tuple(expected[name]):
            shapes = [" x ".join(map(str, shape)) or "one number" for shape in (stored[name], expected[name])]
            differences.append("%s is %s, and %s by the hyperparameters" % tuple([name] + shapes))
    superfluous = sorted(set(stored) - set(expected) - set(others))
    return differences + ["%s belongs to no layer of it" % name for name in superfluous]


def read_shapes(path):
    """Return the shapes of the arrays in an .npz, by name."""
    import numpy

    archive = numpy.load(path)
    return {name: archive[name].shape for name in archive.files}


def require_parameters(job, path, parameters, ignored=()):
    """Refuse a model whose parameters are not those in parameters, by name and shape, before anything is compiled."""
    expected = {name: parameters[name].shape for name in parameters}
    stored = {name: shape for name, shape in read_shapes(path).items() if name not in ignored}
    differences = compare_parameters(stored, expected, job["arrays"])
    if differences:
        raise RefusedFile("model", job.get("named", {}).get(path, path), differences)


def watch_load_params(job, late):
    """
    Have the repository's load_params, in its module utils, refuse a model that does not fit.

    The repositories import the function by its name, so this comes before all others of their modules. late says that layers
    make further parameters after it; whoever knows when they have then calls require_parameters himself.
    """
    package = job["call"].rpartition(":")[0].rpartition(".")[0]
    try:
        utils = importlib.import_module(package + ".utils" if package else "utils")
    except ImportError:  # the repository has no such module, or will fail to import it itself
        return
    load_params = getattr(utils, "load_params", None)
    if load_params is None:
        return

    def load_fitting(path, params):
        stored = read_shapes(path)
        require_parameters(job, path, params, ignored=set(stored) - set(params) if late else ())
        return load_params(path, params)

    utils.load_params = load_fitting
