"""
Count a trainer's updates from outside, stop it between two of them, and save what it has learnt.

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


class StopTraining(Exception):
    """Ends a trainer between two updates; state is "done" at the limit, "stopped" by the user."""

    def __init__(self, state):
        Exception.__init__(self, state)
        self.state = state


class UpdateCounter(object):
    """Counts the updates begun so far, and says whether another one may begin."""

    def __init__(self, limit):
        self.limit = limit
        self.count = 0
        self.asked_to_stop = False
        self.before_first = lambda: None

    def keep_parameters_of(self, trainer, variable):
        """Return a dictionary that will hold the parameters as they are before the first update, copied."""
        kept = {}

        def keep():
            # called from within the trainer, whose local variable holds the parameters
            frame = sys._getframe()
            while frame.f_code is not trainer.__code__:
                frame = frame.f_back
            for key, value in frame.f_locals[variable].items():
                kept[key] = value.get_value()

        self.before_first = keep
        return kept

    def watch(self, module, name):
        """Watch the first function that the optimizer called name in module makes."""
        optimizer = getattr(module, name)

        def watched_optimizer(*args, **kwargs):
            functions = optimizer(*args, **kwargs)
            watch_calls(functions[0], self.begin_update)
            return functions

        setattr(module, name, watched_optimizer)

    def begin_update(self):
        """Count an update, or stop before it."""
        if self.asked_to_stop:
            raise StopTraining("stopped")
        if self.limit is not None and self.count >= self.limit:
            raise StopTraining("done")
        if not self.count:
            self.before_first()
        self.count += 1

    @contextlib.contextmanager
    def stop_on_signals(self):
        """
        Stop at Ctrl-C: the first one ends the update and saves; the second, or one before there is anything to save,
        ends all.
        """

        def stop(signum, frame):
            if self.asked_to_stop or not self.count:
                raise KeyboardInterrupt
            # not raised here: in the middle of an update some of the parameters would be old and some new
            self.asked_to_stop = True
            sys.stderr.write("lnpatch: stopping after this update\n")
            sys.stderr.flush()

        # a batch scheduler sends SIGTERM
        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def watch_calls(function, before):
    """Call before() before each call of function, which stays the object that it is: it may be printed or pickled."""
    kind = type(function)

    def call(self, *args, **kwargs):
        before()
        return kind.__call__(self, *args, **kwargs)

    # Python looks __call__ up in the class, so an attribute of the object would not do
    function.__class__ = type(kind.__name__, (kind,), {"__call__": call, "__module__": kind.__module__})


def find_locals(traceback, function):
    """Find the local variables of function, through which the exception of traceback has passed."""
    while traceback.tb_frame.f_code is not function.__code__:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_locals


def compare_parameters(before, parameters):
    """Return how many parameters there are, which have not changed at all, and whether all are finite."""
    import numpy

    now = {key: value.get_value() for key, value in parameters.items()}
    return {
        "count": len(now),
        "unchanged": sorted(key for key, value in now.items() if (value == before[key]).all()),
        "finite": all(bool(numpy.isfinite(value).all()) for value in now.values()),
    }


def save_model(save, names):
    """
    Save parameters in the repository's own format; return the paths written.

    save is one of job["saves"], as launch.py describes them; names are the trainer's local variables.
    """
    import numpy

    path = save["file"].format(**names)
    parameters = names.get(save["parameters"])
    if parameters is None or save["if_missing"] and os.path.exists(path):
        return []
    # what a trainer has not got to yet, such as its history of errors, is empty
    arrays = OrderedDict((key, names.get(variable, [])) for key, variable in save["arrays"].items())
    for key, value in parameters.items():
        arrays[key] = value.get_value() if hasattr(value, "get_value") else value
    written = [path]
    with replace_file(path) as file:
        numpy.savez(file, **arrays)
    for variable, other in save["pickles"].items():
        written.append(other.format(**names))
        with replace_file(written[-1]) as file:
            dump_pickle(names[variable], file)
    for source, other in save["copies"].items():
        written.append(other.format(**names))
        shutil.copyfile(source.format(**names), written[-1])
    return written


@contextlib.contextmanager
def replace_file(path):
    """Open a new file that takes the place of path when it is whole."""
    with open(path + ".tmp", "wb") as file:
        yield file
    os.rename(path + ".tmp", path)
