"""
Count a trainer's updates from outside, stop it between two of them, and save what it has learnt.

The trainers have no limit on updates and save seldom. All of them make two functions with their optimizer and call the
first once an update; so that one is watched. For Python 2.7 and 3.
"""
import contextlib
import errno
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
import zipfile
from collections import OrderedDict

from launch import write_json

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
    """Counts the updates begun so far, says whether another one may begin, and has the model saved along with others."""

    def __init__(self, limit, saves, record):
        """Stop at limit, None for no limit; saves are job["saves"], record is told of the first of them."""
        self.limit = limit
        self.saves = saves
        self.record = record
        self.count = 0
        self.saved_at = 0
        self.save_is_due = False
        self.cost_is_finite = True
        self.asked_to_stop = False
        self.frame = None
        self.before_first = lambda: None

    def keep_parameters(self, variable):
        """Return a dictionary that will hold the parameters as they are before the first update, copied."""
        kept = {}

        def keep():
            for key, value in self.variables()[variable].items():
                kept[key] = value.get_value()

        self.before_first = keep
        return kept

    def watch(self, module, name, trainer):
        """Watch the first function that the optimizer called name in module makes; trainer calls it."""
        optimizer = getattr(module, name)

        def watched_optimizer(*args, **kwargs):
            functions = optimizer(*args, **kwargs)
            watch_calls(functions[0], lambda: self.begin_update(trainer), self.look_at_cost)
            return functions

        setattr(module, name, watched_optimizer)

    def begin_update(self, trainer):
        """Count an update, or stop before it."""
        if self.frame is None:
            # kept, so that its variables can be saved after the trainer has returned
            self.frame = find_frame(trainer)
        if self.save_is_due:
            self.save(self.saves[:1])
        if self.asked_to_stop:
            raise StopTraining("stopped")
        if self.limit is not None and self.count >= self.limit:
            raise StopTraining("done")
        self.record.require_reader()
        if not self.count:
            self.before_first()
        self.count += 1

    def look_at_cost(self, result):
        """Remember whether the cost, which comes first in the result of an update, is a finite number."""
        cost = result[0] if isinstance(result, (list, tuple)) else result
        try:
            self.cost_is_finite = abs(float(cost)) < float("inf")
        except (TypeError, ValueError):
            self.cost_is_finite = True  # no single number: nothing is known of it

    def variables(self):
        """Return the variables of the trainer, by name, as they are now."""
        return dict(self.frame.f_locals)

    def save(self, saves):
        """Save what the trainer has learnt, each of saves; return the paths written."""
        self.save_is_due = False
        names = self.variables()
        written = []
        for number, save in enumerate(saves):
            record = self.record if save is self.saves[0] else None
            written += save_model(save, names, record and record.keep(self.count))
            if record and written:
                self.saved_at = self.count
        return written

    def save_rest(self):
        """Save what the trainer has not saved itself when it has returned; not where it has given up, its cost being NaN."""
        if self.frame is None or not self.saves or self.saved_at == self.count or not self.cost_is_finite:
            return []
        parameters = self.variables().get(self.saves[0]["parameters"])
        if parameters is None or not are_finite(parameters):
            return []
        return self.save(self.saves)

    def watch_saves(self, module):
        """
        Have the files that the trainer in module saves replaced as a whole, and the first of saves written with the
        number of its update, both where the trainer writes this one and where it writes another one.
        """
        import numpy

        savez = numpy.savez
        builtin_open = getattr(module, "open", open)

        def save_whole(file, *args, **kwargs):
            if hasattr(file, "write"):
                return savez(file, *args, **kwargs)
            path = file if file.endswith(".npz") else file + ".npz"
            if self.frame is not None and self.saves:
                # by the recipe the same is saved there, with its pickles first; and of now, where attentive-reader saves
                # the parameters that it began with, once a validation before its first save has found a best model
                if same_path(path, self.saves[0]["file"].format(**self.variables())):
                    self.save(self.saves[:1])
                    return None
                self.save_is_due = True
            with replace_file(path) as whole:
                savez(whole, *args, **kwargs)

        def open_whole(name, mode="r", *args, **kwargs):
            return ReplacingFile(name) if mode == "wb" else builtin_open(name, mode, *args, **kwargs)

        numpy.savez, module.open = save_whole, open_whole

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
            try:
                sys.stderr.write("lnpatch: stopping after this update\n")
                sys.stderr.flush()
            except (IOError, OSError):
                pass  # the terminal is gone, which may be why

        # a batch scheduler sends SIGTERM, a terminal that is closed SIGHUP, unless nohup has it ignored
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class SaveRecord(object):
    """
    Says which update the saved model belongs to, in a file that stays right wherever the process is killed.

    The file names for the model that is there, and for the one that takes its place, what their members are: so it can be
    written before the model is replaced. lnpatch, which reads the output, is asked first whether it has written down all
    updates so far; where it has ended, nothing is saved any more: a model that is ahead of the updates would not fit them.
    """

    def __init__(self, path, updates_before, answers):
        self.path = path
        self.updates_before = updates_before
        self.answers = answers

    def keep(self, count):
        """Return what to call with the new file and the path that it will take, when it is whole."""

        def note(file, path):
            if not self.path:
                return
            update = self.updates_before + count
            self.ask_reader(update)
            entry = {"file": os.path.basename(path), "update": update, "members": list_members(file)}
            write_json(self.path, {"saved": [entry] + [old for old in self.read() if is_in_place(old, path)]})

        return note

    def read(self):
        """Return the entries of the file, the newest first."""
        try:
            with open(self.path) as file:
                return json.load(file)["saved"]
        except (IOError, OSError, ValueError, KeyError):
            return []

    def ask_reader(self, update):
        """Wait until lnpatch has written down all that was printed so far."""
        if self.answers is None:
            return
        # the trainer may be in the middle of a line
        sys.stderr.write('\nlnpatch-event {"event":"saving","update":%d}\n' % update)
        sys.stderr.flush()
        if not read_byte(self.answers):
            end_alone()

    def require_reader(self):
        """End where lnpatch has ended, killed: nobody writes down the updates any more."""
        if self.answers is not None and select.select([self.answers], [], [], 0)[0]:
            end_alone()


def end_alone():
    """End at once where lnpatch has been killed, as if this process had been killed with it."""
    os._exit(1)


def read_byte(descriptor):
    """Read a byte from a pipe; none is the end of whoever would write there."""
    while True:
        try:
            return os.read(descriptor, 1)
        except OSError as error:
            if error.errno != errno.EINTR:  # Python 2 gives up where a signal comes
                raise


def list_members(path):
    """Return names, sizes and checksums of the members of an .npz, sorted; they tell it from every other."""
    with contextlib.closing(zipfile.ZipFile(path)) as archive:
        return sorted([member.filename, member.file_size, member.CRC] for member in archive.infolist())


def is_in_place(entry, path):
    """Return whether an entry is about the file that is at path now."""
    try:
        return entry["file"] == os.path.basename(path) and entry["members"] == list_members(path)
    except (IOError, OSError, zipfile.BadZipfile, KeyError, TypeError):
        return False


def same_path(one, other):
    """Return whether two paths are the same."""
    return os.path.abspath(one) == os.path.abspath(other)


def are_finite(parameters):
    """Return whether no parameter is NaN or infinite."""
    import numpy

    return all(bool(numpy.isfinite(value.get_value()).all()) for value in parameters.values())


def lock_run(path):
    """
    Hold the lock of a run's folder until this process ends; return what has to be kept for it.

    lnpatch holds it already where it has started this process, which inherits it; path is "" then.
    """
    if not path:
        return None
    file = open(path, "a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError) as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            return file  # a file system without locks
        file.seek(0)
        sys.exit("Another process trains in %s: %s" % (os.path.dirname(path), file.read(1000).strip()))
    file.seek(0)
    file.truncate()
    json.dump({"pid": os.getpid(), "host": socket.gethostname(), "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}, file)
    file.flush()
    return file


def watch_calls(function, before, after):
    """
    Call before() before each call of function and after(result) after it; function stays the object that it is: it may be
    printed or pickled.
    """
    kind = type(function)

    def call(self, *args, **kwargs):
        before()
        result = kind.__call__(self, *args, **kwargs)
        after(result)
        return result

    # Python looks __call__ up in the class, so an attribute of the object would not do
    function.__class__ = type(kind.__name__, (kind,), {"__call__": call, "__module__": kind.__module__})


def find_frame(function):
    """Find the frame of function, which has called this one."""
    frame = sys._getframe()
    while frame.f_code is not function.__code__:
        frame = frame.f_back
    return frame


def compare_parameters(before, parameters):
    """Return how many parameters there are, which have not changed at all, and whether all are finite."""
    import numpy

    now = {key: value.get_value() for key, value in parameters.items()}
    return {
        "count": len(now),
        "unchanged": sorted(key for key, value in now.items() if (value == before[key]).all()),
        "finite": all(bool(numpy.isfinite(value).all()) for value in now.values()),
    }


def save_model(save, names, note=None):
    """
    Save parameters in the repository's own format; return the paths written.

    save is one of job["saves"], as launch.py describes them; names are the trainer's local variables. note(file, path) is
    called when the new .npz is whole and not yet at its path. It comes last: where it is, its pickles and copies are.
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
    for variable, other in save["pickles"].items():
        written.append(other.format(**names))
        with replace_file(written[-1]) as file:
            dump_pickle(names[variable], file)
    for source, other in save["copies"].items():
        written.append(other.format(**names))
        with replace_file(written[-1]) as file, open(source.format(**names), "rb") as original:
            shutil.copyfileobj(original, file)
    with replace_file(path, note) as file:
        numpy.savez(file, **arrays)
    return written


@contextlib.contextmanager
def replace_file(path, note=None):
    """Open a new file that takes the place of path when it is whole; note(file, path) is called just before."""
    file = ReplacingFile(path, note)
    try:
        yield file.file
    except BaseException:
        file.give_up()
        raise
    file.close()


class ReplacingFile(object):
    """A file, opened to be written, that takes the place of path when it is closed; one that fails leaves path as it was."""

    def __init__(self, path, note=None):
        self.path = path
        self.note = note
        self.file = open(path + ".tmp", "wb")

    def write(self, data):
        """Write bytes."""
        try:
            self.file.write(data)
        except BaseException:
            self.give_up()
            raise

    def close(self):
        """Put the file in its place."""
        if self.file.closed:
            return
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            if self.note:
                self.note(self.path + ".tmp", self.path)
            os.rename(self.path + ".tmp", self.path)
        except BaseException:
            self.give_up()
            raise

    def give_up(self):
        """Leave the file at its place as it is."""
        try:
            self.file.close()
        except (IOError, OSError):
            pass  # what is not written yet finds no place either
        if os.path.exists(self.path + ".tmp"):
            os.remove(self.path + ".tmp")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None:
            self.close()
        else:
            self.give_up()

    def __del__(self):
        if hasattr(self, "file"):  # a trainer may open a file for a pickle and leave the closing to Python
            self.close()
