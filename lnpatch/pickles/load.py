"""Read pickles from the network: plain data is read, everything else is refused by name.

The released files were written by Python 2's cPickle (protocols 0 to 2); a model that was trained on Python 3 comes with
a later protocol. A pickle is a program, and ``pickle`` runs it. lnpatch has its own small machine for that program, which
builds containers, numbers, strings and NumPy arrays, and knows no way to look up or call anything that is not on its
allow-list. It bounds what it builds as well, so that memory and time stay in proportion to the size of the file:

* Containers, arrays and the memo take 64 MiB and 64 bytes for each byte of the file, 4 GiB at the most; numbers, texts and
  references take up to 40 bytes for each byte more. Whatever would go beyond is refused before it is built.
* An instruction takes as long as what it reads and makes: keys of one hash, copies and long integers are bounded.
* The result has no cycles and no deep nesting, and whoever walks over it or prints it meets no more than four elements
  for each byte of the file, or a million; 64 characters of a text count as one more.

Byte strings of Python 2 are decoded as latin1, which loses nothing.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from lnpatch.errors import HyperparametersError, PickleBrokenError, PickleRefusedError, PickleTruncatedError
from lnpatch.pickles.arrays import Array, DTypeError
from lnpatch.pickles.bombs import refuse_bombs
from lnpatch.pickles.instructions import run_pickle
from lnpatch.pickles.machine import Machine, RefusedError, TruncatedError

__all__ = ["MAX_BYTES", "load_pickle", "read_hyperparameters", "read_pickle_bytes"]

#: The largest file that is read, in bytes.
MAX_BYTES = 1 << 30

#: A small pickle may have this many elements; a larger one as many as :data:`_ELEMENTS_PER_BYTE` allows.
_MIN_ELEMENT_LIMIT = 1_000_000
_ELEMENTS_PER_BYTE = 4


def load_pickle(source: Path | bytes, name: str = "") -> Any:
    """Return the first object in a pickle.

    Args:
        source: a file, or its bytes.
        name: what messages call the bytes.

    Strings of either Python are ``str`` (``bytes`` of Python 3 stay so), scalars of NumPy are Python's numbers, arrays
    are ``numpy.ndarray`` where NumPy is installed and :class:`lnpatch.pickles.arrays.Array` elsewhere.

    Raises:
        PickleRefusedError: it refers to something that is not plain data, or would fill memory.
        PickleTruncatedError: it ends too early.
        PickleBrokenError: it is not a pickle.
        OSError: the file cannot be read.
    """
    name = name or _name_source(source)
    data = read_pickle_bytes(source)
    machine = Machine(data)
    try:
        value = run_pickle(machine)
        refuse_bombs(value, max(_MIN_ELEMENT_LIMIT, _ELEMENTS_PER_BYTE * len(data)))
    except TruncatedError as error:
        raise PickleTruncatedError(name, len(data)) from error
    except RefusedError as error:
        raise PickleRefusedError(name, str(error)) from error
    except DTypeError as error:
        raise PickleRefusedError(name, f"NumPy's type {error.code}") from error
    # whatever a broken pickle makes Python's own operations raise: an empty stack, a memo without the key, a bad float
    except (ValueError, TypeError, LookupError, ArithmeticError, struct.error) as error:
        raise PickleBrokenError(name, machine.position, str(error)) from error
    return value


def read_hyperparameters(source: Path | bytes, name: str = "") -> dict[str, Any]:
    """Return the hyperparameters in a model's .pkl as plain Python values; arrays become lists.

    order-embeddings keeps them as ``options`` of a dictionary, beside its words; skip-thoughts and attentive-reader have
    them alone.

    Raises:
        HyperparametersError: there is no dictionary of hyperparameters.
        LnpatchError, OSError: as :func:`load_pickle`.
    """
    name = name or _name_source(source)
    value = load_pickle(source, name)
    if isinstance(value, dict) and isinstance(value.get("options"), dict):
        value = value["options"]
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise HyperparametersError(name, type(value).__name__)
    return {key: _make_plain(item, name) for key, item in value.items()}


def _make_plain(value: Any, name: str) -> Any:
    """Return *value* with lists in the place of arrays; *name* is the file's, for the refusal of a bare type."""
    if isinstance(value, dict):
        return {_make_plain(key, name): _make_plain(item, name) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(_make_plain(item, name) for item in value)
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    # by the module's name, since importing NumPy to ask would cost more than the whole command
    if isinstance(value, Array) or type(value).__module__ == "numpy":
        return value.tolist()
    raise PickleRefusedError(name, str(value))


def read_pickle_bytes(source: Path | bytes) -> bytes:
    """Return the bytes of *source*; a file that is too large is refused unread.

    Raises:
        PickleRefusedError: it is too large.
        OSError: it cannot be read.
    """
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > MAX_BYTES:
        raise PickleRefusedError(_name_source(source), f"{size} bytes, more than the {MAX_BYTES} that are read")
    return source if isinstance(source, bytes) else source.read_bytes()


def _name_source(source: Path | bytes) -> str:
    return "The pickle" if isinstance(source, bytes) else str(source)
