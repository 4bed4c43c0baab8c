"""
Counts a trainer's updates from outside, stops it between two of them, and saves what it has learnt.

The trainers have no limit on updates and save seldom. All of them make two functions with their optimizer and call the
first once an update; so that one is watched. For Python 2.7 and 3.
"""
import contextlib
import os
import shutil
import signal
import sys
from collections import OrderedDict

if sys.version_info[0] == 2:
    from cPickle import dump as dump_pickle
    from cPickle import load as load_pickle
else:  # a Python 3 copy reads and writes what Python 2 does, with lnpatch's helper
    try:
        from lnpatch_py2 import dump_pickle, load_pickle
    except ImportError:
        from pickle import dump as dump_pickle
        from pickle import load as load_pickle


class Stop(Exception):
    """Ends a trainer between two updates; state is "done" at the limit, "stopped" by the user."""

    def __init__(self, state):
        Exception.__init__(self, state)
        self.state = state


class Updates(object):
    """The updates begun so far, and whether another one may begin."""

    def __init__(self, limit):
        self.limit = limit
        self.count = 0
        self.asked_to_stop = False
        self.at_first = lambda: None

    def keep_parameters_of(self, trainer, variable):
        """A dictionary that will hold the parameters as they are before the first update, copied."""
        kept = {}

        def keep():
            frame = sys._getframe()
            while frame.f_code is not trainer.__code__:
                frame = frame.f_back
            for key, value in frame.f_locals[variable].items():
                kept[key] = value.get_value()

        self.at_first = keep
        return kept

    def watch(self, module, name):
        """Watches the first function that the optimizer called name in module makes."""
        optimizer = getattr(module, name)

        def watched(*args, **kwargs):
            functions = optimizer(*args, **kwargs)
            watch_calls(functions[0], self.begin)
            return functions

        setattr(module, name, watched)

    def begin(self):
        """Counts an update, or stops before it."""
        if self.asked_to_stop:
            raise Stop("stopped")
        if self.limit is not None and self.count >= self.limit:
            raise Stop("done")
        if not self.count:
            self.at_first()
        self.count += 1

    @contextlib.contextmanager
    def stopping_on_signals(self):
        """The first Ctrl-C ends the update and saves; the second, or one before there is anything to save, ends all."""

        def stop(signum, frame):
            if self.asked_to_stop or not self.count:
                raise KeyboardInterrupt
            self.asked_to_stop = True
            sys.stderr.write("lnpatch: stopping after this update\n")
            sys.stderr.flush()

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def watch_calls(function, before):
    """Calls before() before each call of function, which stays the object that it is (it may be printed or pickled)."""
    kind = type(function)

    def call(self, *args, **kwargs):
        before()
        return kind.__call__(self, *args, **kwargs)

    function.__class__ = type(kind.__name__, (kind,), {"__call__": call, "__module__": kind.__module__})


def locals_of(traceback, function):
    """The local variables of function, in which the exception of traceback has passed."""
    while traceback.tb_frame.f_code is not function.__code__:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_locals


def compare(before, parameters):
    """How many parameters there are, which have not changed at all, and whether all are finite."""
    import numpy

    now = {key: value.get_value() for key, value in parameters.items()}
    return {
        "count": len(now),
        "still": sorted(key for key, value in now.items() if (value == before[key]).all()),
        "finite": all(bool(numpy.isfinite(value).all()) for value in now.values()),
    }


def save(what, names):
    """
    Saves parameters in the repository's own format; the paths written.

    what is one of the recipe's [[jobs.train.saves]]: the file, the names of the trainer's variables that hold the
    parameters (shared variables or arrays) and what else goes into the .npz, variables to be pickled, files to be copied.
    """
    import numpy

    path = what["file"].format(**names)
    parameters = names.get(what["parameters"])
    if parameters is None or what["if_missing"] and os.path.exists(path):
        return []
    arrays = OrderedDict((key, names.get(variable, [])) for key, variable in what["arrays"].items())
    for key, value in parameters.items():
        arrays[key] = value.get_value() if hasattr(value, "get_value") else value
    written = [path]
    with replacing(path) as file:
        numpy.savez(file, **arrays)
    for variable, other in what["pickles"].items():
        written.append(other.format(**names))
        with replacing(written[-1]) as file:
            dump_pickle(names[variable], file)
    for source, other in what["copies"].items():
        written.append(other.format(**names))
        shutil.copyfile(source.format(**names), written[-1])
    return written


@contextlib.contextmanager
def replacing(path):
    """A new file that takes the place of path when it is whole."""
    with open(path + ".tmp", "wb") as file:
        yield file
    os.rename(path + ".tmp", path)
