"""What Python 2.7 and the NumPy of 2016 did, for code that `lnpatch port` has converted to Python 3, which calls it by these names.

Python 2's byte strings are text here: UTF-8, and Latin-1 where they are not UTF-8.
"""

import builtins
import codecs
import pickle
import struct
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from numbers import Integral
from types import FunctionType
from typing import IO, Any, TypedDict

import numpy


class _TextOptions(TypedDict):
    encoding: str
    errors: str


def _decode_latin1(error: UnicodeError) -> tuple[str, int]:
    """Handle a decoding error: return the bytes in question as Latin-1, and where to go on."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("lnpatch-latin-1", _decode_latin1)
_TEXT: _TextOptions = {"encoding": "utf-8", "errors": "lnpatch-latin-1"}


# Numbers


def div(a: Any, b: Any) -> Any:
    """Return ``a / b``, rounded down where both are integers: numbers, arrays or expressions of Theano."""
    return a // b if _is_integer(a) and _is_integer(b) else a / b


def idiv(a: Any, b: Any) -> Any:
    """Return what ``a /= b`` leaves in a; arrays are changed in place."""
    if _is_integer(a) and _is_integer(b):
        a //= b
    else:
        a /= b
    return a


def _is_integer(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        x = numpy.asarray(x)
    dtype = getattr(x, "dtype", None)
    return isinstance(x, Integral) if dtype is None else str(dtype).startswith(("int", "uint", "bool"))


class _Cast:
    """``numpy.cast``, as in ``cast[dtype](value)``, which is value as an array of that type."""

    def __getitem__(self, dtype: Any) -> Callable[[Any], Any]:
        return lambda value: numpy.asarray(value).astype(dtype)


cast = _Cast()


def ragged(items: Iterable[Any]) -> Any:
    """Return ``numpy.array(items)`` of arrays: one array where they have one shape, else an array of objects."""
    items = list(items)
    if len({numpy.shape(item) for item in items}) <= 1:
        return numpy.array(items)
    array = numpy.empty(len(items), dtype=object)
    array[:] = items
    return array


def argsort(a: Any) -> Any:
    """Return ``numpy.argsort(a)`` with equal values in the order that NumPy 1.11 gave them, on every processor."""
    a = numpy.asarray(a)
    if a.ndim != 1 or a.dtype.kind not in "iufb":
        return numpy.argsort(a)
    order = numpy.argsort(a)
    ranked = a[order]
    # NaN, which no comparison below would place; and without equal values there is only one order
    if (ranked != ranked).any() or not (ranked[1:] == ranked[:-1]).any():
        return order
    return numpy.array(_quicksort(a.tolist()), dtype=order.dtype)


def _quicksort(v: list[Any]) -> list[int]:
    """Return the indices that sort v by NumPy 1.11's quicksort: median of three, insertion sort for at most 16."""
    t = list(builtins.range(len(v)))
    low, high = 0, len(v) - 1
    stack: list[tuple[int, int]] = []
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


def split(text: Any) -> list[Any]:
    """Return ``text.split()``, split at ASCII blanks only."""
    return [word.decode(**_TEXT) for word in text.encode(**_TEXT).split()] if isinstance(text, str) else text.split()


def strip(text: Any) -> Any:
    """Return ``text.strip()``, stripped of ASCII blanks only."""
    return text.strip(" \t\n\r\v\f") if isinstance(text, str) else text.strip()


def open(name: Any, mode: str = "r", buffering: int = -1) -> IO[Any]:
    """Open a file of text: ``b`` in the mode makes no difference, and lines end at a newline only, unless ``U`` is in it."""
    newline = None if "U" in mode else "\n"
    mode = mode.replace("b", "").replace("U", "") or "r"
    return builtins.open(name, mode, buffering, newline=newline, **_TEXT)


def as_json(value: Any) -> int:
    """Convert, for ``json.dump(..., default=as_json)``: NumPy's int64 was an int."""
    if isinstance(value, numpy.int64):
        return int(value)
    raise TypeError(f"{value!r} is not JSON serializable")


def load_pickle(file: Any) -> Any:
    """Call ``pickle.load`` for pickles of either Python, however the file was opened; byte strings come as text.

    Raises:
        pickle.UnpicklingError: the pickle names something that is not plain data, which is not looked up.
    """
    return _as_text(_PlainUnpickler(getattr(file, "buffer", file), encoding="latin-1").load(), {})


_BUILTINS = {"list", "dict", "set", "frozenset", "int", "float", "bytes"}

#: What the pickle of a model, a dictionary or data may name. The launcher has the same list, for Python 2.7.
_PLAIN = {
    "builtins": _BUILTINS,
    "__builtin__": _BUILTINS,
    "collections": {"OrderedDict", "defaultdict"},
    "numpy": {"dtype", "ndarray"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy.core.numeric": {"_frombuffer"},
    "numpy._core.numeric": {"_frombuffer"},
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):  # the bytes of Python 3, in a pickle for Python 2
            return _encode_latin1
        if name not in _PLAIN.get(module, ()):
            raise pickle.UnpicklingError(f"{module}.{name} is not plain data; nothing of the pickle was run")
        return super().find_class(module, name)


def _encode_latin1(text: str, encoding: str) -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"text encoded as {encoding}")
    return text.encode("latin1")


def dump_pickle(value: Any, file: Any, protocol: int = 2) -> None:
    """Write a pickle that Python 2 can read, text as its byte strings, however the file was opened.

    The protocol is 2, whichever is asked for.
    """
    _Python2Pickler(getattr(file, "buffer", file), 2, fix_imports=True).dump(value)


# the one written in Python, which has a method for each type; the typeshed does not know all of them
_PicklerInPython: Any = pickle._Pickler


class _Python2Pickler(_PicklerInPython):  # type: ignore[misc]
    """Writes protocol 2 with Python 2's strings, and NumPy's modules under the names that they had before NumPy 2."""

    def save_string(self, value: Any) -> None:
        data = value.encode(**_TEXT) if isinstance(value, str) else value
        size = len(data)
        head = pickle.SHORT_BINSTRING + bytes([size]) if size < 256 else pickle.BINSTRING + struct.pack("<i", size)
        self.write(head + data)
        self.memoize(value)

    def save_global(self, value: Any, name: str | None = None) -> None:
        module = getattr(value, "__module__", None) or ""
        if module.startswith("numpy._core"):
            name = name or value.__qualname__
            self.write(f"cnumpy.core{module[len('numpy._core') :]}\n{name}\n".encode("ascii"))
            self.memoize(value)
        else:
            super().save_global(value, name)

    # the base class calls its own functions by type, not the methods that override them
    dispatch = {**_PicklerInPython.dispatch, str: save_string, bytes: save_string, FunctionType: save_global}  # noqa: RUF012


_NO_TEXT = {int, float, bool, type(None)}


def _as_text(value: Any, seen: dict[int, Any]) -> Any:
    """Return byte strings that were read as Latin-1 as the text that they are, in containers at all depths.

    Args:
        seen: what each container has become, by its identity: they may contain themselves, and be shared.
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _decode_again(value)
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


def _decode_again(text: str) -> str:
    try:
        return text.encode("latin-1").decode(**_TEXT)
    except UnicodeEncodeError:  # it was text all along
        return text
