"""
Save what a trainer has learnt so that a killed process leaves the model before or the model after, and say which it is.

For Python 2.7 and 3.
"""
import contextlib
import errno
import json
import os
import select
import shutil
import sys
import zipfile
from collections import OrderedDict

from launch import print_event, write_json

# the adapters take both from here
if sys.version_info[0] == 2:
    from cPickle import dump as dump_pickle
    from cPickle import load as load_pickle
else:  # a Python 3 copy reads and writes what Python 2 does, with lnpatch's helper
    try:
        from lnpatch_py2 import dump_pickle, load_pickle
    except ImportError:
        from pickle import dump as dump_pickle
        from pickle import load as load_pickle


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
        print_event({"event": "saving", "update": update})
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
