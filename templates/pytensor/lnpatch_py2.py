"""What Python 2.7 and the NumPy of 2016 did, for code that `lnpatch port` has brought to Python 3.

Python 2's byte strings are text here: UTF-8, and as Latin-1 what is not UTF-8.
"""

import builtins
import codecs
import pickle
import struct
from collections import OrderedDict, defaultdict
from numbers import Integral
from types import FunctionType

import numpy


def _latin1(error):
    """A handler of decoding errors: the bytes in question as Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("lnpatch-latin-1", _latin1)
_TEXT = {"encoding": "utf-8", "errors": "lnpatch-latin-1"}


# Numbers


def div(a, b):
    """``a / b``: rounded down where both are integers: numbers, arrays or expressions of Theano."""
    return a // b if _is_integer(a) and _is_integer(b) else a / b


def idiv(a, b):
    """What ``a /= b`` leaves in a; arrays are changed in place."""
    if _is_integer(a) and _is_integer(b):
        a //= b
    else:
        a /= b
    return a


def _is_integer(x):
    if isinstance(x, (list, tuple)):
        x = numpy.asarray(x)
    dtype = getattr(x, "dtype", None)
    return isinstance(x, Integral) if dtype is None else str(dtype).startswith(("int", "uint", "bool"))


class _Cast:
    """``numpy.cast``: ``cast[dtype](value)`` is value as an array of that type."""

    def __getitem__(self, dtype):
        return lambda value: numpy.asarray(value).astype(dtype)


cast = _Cast()


def ragged(items):
    """``numpy.array(items)`` of arrays: one array where their shapes are one, else an array of objects."""
    items = list(items)
    if len({numpy.shape(item) for item in items}) <= 1:
        return numpy.array(items)
    array = numpy.empty(len(items), dtype=object)
    array[:] = items
    return array


def argsort(a):
    """``numpy.argsort(a)`` with equal values in the order that NumPy 1.11 gave them, on every processor."""
    a = numpy.asarray(a)
    if a.ndim != 1 or a.dtype.kind not in "iufb":
        return numpy.argsort(a)
    order = numpy.argsort(a)
    ranked = a[order]
    if (ranked != ranked).any() or not (ranked[1:] == ranked[:-1]).any():
        return order
    return numpy.array(_quicksort(a.tolist()), dtype=order.dtype)


def _quicksort(v):
    """The indices that sort the list v: NumPy's quicksort, median of three, insertion sort for at most 16."""
    t = list(builtins.range(len(v)))
    low, high, stack = 0, len(v) - 1, []
    while True:
        while high - low > 15:
            middle = low + (high - low) // 2
            for i, j in ((middle, low), (high, middle), (middle, low)):
                if v[t[i]] < v[t[j]]:
                    t[i], t[j] = t[j], t[i]
            pivot = v[t[middle]]
            i, j = low, high - 1
            t[middle], t[j] = t[j], t[middle]
            while True:
                i += 1
                while v[t[i]] < pivot:
                    i += 1
                j -= 1
                while pivot < v[t[j]]:
                    j -= 1
                if i >= j:
                    break
                t[i], t[j] = t[j], t[i]
            t[i], t[high - 1] = t[high - 1], t[i]
            if i - low < high - i:
                stack.append((i + 1, high))
                high = i - 1
            else:
                stack.append((low, i - 1))
                low = i + 1
        for i in builtins.range(low + 1, high + 1):
            index, j = t[i], i
            while j > low and v[index] < v[t[j - 1]]:
                t[j] = t[j - 1]
                j -= 1
            t[j] = index
        if not stack:
            return t
        low, high = stack.pop()


# Text and files


def split(text):
    """``text.split()``: at ASCII blanks only."""
    return [word.decode(**_TEXT) for word in text.encode(**_TEXT).split()] if isinstance(text, str) else text.split()


def strip(text):
    """``text.strip()``: of ASCII blanks only."""
    return text.strip(" \t\n\r\v\f") if isinstance(text, str) else text.strip()


def open(name, mode="r", buffering=-1):
    """A file of text: ``b`` in the mode makes no difference, and lines end at a newline only, unless ``U`` is in it."""
    newline = None if "U" in mode else "\n"
    mode = mode.replace("b", "").replace("U", "") or "r"
    return builtins.open(name, mode, buffering, newline=newline, **_TEXT)


def as_json(value):
    """For ``json.dump(..., default=as_json)``: NumPy's int64 was an int."""
    if isinstance(value, numpy.int64):
        return int(value)
    raise TypeError("%r is not JSON serializable" % (value,))


def load_pickle(file):
    """``pickle.load`` for pickles of either Python, however the file was opened; byte strings come as text."""
    return _as_text(pickle.load(getattr(file, "buffer", file), encoding="latin-1"), {})


def dump_pickle(value, file, protocol=2):
    """``pickle.dump`` that Python 2 can read, text as its byte strings, however the file was opened."""
    _Pickler(getattr(file, "buffer", file), 2, fix_imports=True).dump(value)


class _Pickler(pickle._Pickler):
    """Writes protocol 2 with Python 2's strings, and NumPy's modules under the names that they had before NumPy 2."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        data = value.encode(**_TEXT) if isinstance(value, str) else value
        size = len(data)
        head = pickle.SHORT_BINSTRING + bytes([size]) if size < 256 else pickle.BINSTRING + struct.pack("<i", size)
        self.write(head + data)
        self.memoize(value)

    def save_global(self, value, name=None):
        module = getattr(value, "__module__", None) or ""
        if module.startswith("numpy._core"):
            name = name or value.__qualname__
            self.write(("cnumpy.core%s\n%s\n" % (module[len("numpy._core") :], name)).encode("ascii"))
            self.memoize(value)
        else:
            super().save_global(value, name)

    dispatch[str] = dispatch[bytes] = save_string
    dispatch[FunctionType] = save_global


_NO_TEXT = {int, float, bool, type(None)}


def _as_text(value, seen):
    """Byte strings that were read as Latin-1, in containers at all depths, as the text that they are."""
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _utf8(value)
    if id(value) in seen:
        return seen[id(value)]
    if kind in (dict, OrderedDict, defaultdict):
        seen[id(value)] = value
        items = [(_as_text(k, seen), _as_text(v, seen)) for k, v in value.items()]
        value.clear()
        value.update(items)
    elif kind in (list, tuple, set, frozenset) and not set(map(type, value)) <= _NO_TEXT:
        seen[id(value)] = value
        items = [_as_text(item, seen) for item in value]
        if kind is list:
            value[:] = items
        else:
            seen[id(value)] = value = kind(items)
    return value


def _utf8(text):
    try:
        return text.encode("latin-1").decode(**_TEXT)
    except UnicodeEncodeError:  # it was text all along
        return text
