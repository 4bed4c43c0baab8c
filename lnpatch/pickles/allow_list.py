"""The allow-list: the names that a pickle may refer to, and what lnpatch does when it calls one.

No name leads to the Python object that it stands for. Each has a function here, which gets the pickle's arguments and
trusts none of them.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

from lnpatch.pickles.arrays import DType, make_array
from lnpatch.pickles.machine import AllowedName, Machine, RefusedError, UnfilledArray


def push_name(machine: Machine, module: str, name: str) -> None:
    """Push a name, if it is on the allow-list.

    Raises:
        RefusedError: it is not.
    """
    module = _RENAMED_MODULES.get(module, module)
    full_name = f"{module}.{name}"
    # since protocol 4 a name may have dots, and "numpy" with "core.multiarray.scalar" would join to an allowed one
    if "." in name or full_name not in _CALLS:
        raise RefusedError(full_name)
    machine.stack.append(AllowedName(full_name))


def push_call(machine: Machine, function: object, arguments: object) -> None:
    """Push the result of a call, if *function* is on the allow-list.

    Raises:
        RefusedError: it is not, or these arguments are not allowed.
    """
    if not isinstance(function, AllowedName) or not isinstance(arguments, tuple):
        raise RefusedError(f"a call of {type(function).__name__}")
    machine.push_new(_CALLS[function.name](machine, *arguments))


def set_state(machine: Machine, state: object) -> None:
    """Give the object at the top of the stack its state; only dtypes and arrays of NumPy have one.

    Raises:
        RefusedError: it is another object.
    """
    target = machine.stack[-1]
    if isinstance(target, DType):
        target.set_state(state)
    elif isinstance(target, UnfilledArray):
        if not isinstance(state, tuple) or len(state) != 5:
            raise ValueError("an array without elements")
        _version, shape, dtype, fortran, data = state
        machine.replace_top(_build_array(machine, shape, dtype, data, bool(fortran)))
    else:
        raise RefusedError(f"a state set from outside in {type(target).__name__}")


# Containers


def _make_ordered_dict(machine: Machine, items: Any = ()) -> OrderedDict[Any, Any]:
    if not isinstance(items, list | tuple):
        raise TypeError(f"an OrderedDict of {type(items).__name__}")
    machine.allow_copies(len(items))
    pairs = [item for item in items if isinstance(item, list | tuple) and len(item) == 2]
    if len(pairs) != len(items):
        raise ValueError("an OrderedDict of something other than pairs")
    return machine.make_ordered_dict(pairs)


def _make_default_dict(machine: Machine, factory: Any = None) -> defaultdict[Any, Any]:
    name = factory.name if isinstance(factory, AllowedName) else ""
    if factory is not None and name not in _FACTORIES:
        raise RefusedError(f"a defaultdict of {name or type(factory).__name__}")
    return defaultdict(_FACTORIES[name] if name else None)


def _make_set(machine: Machine, items: Any = ()) -> set[Any]:
    if not isinstance(items, list | tuple):
        raise TypeError(f"a set of {type(items).__name__}")
    machine.allow_copies(len(items))
    return machine.make_set(items)


def _make_frozen_set(machine: Machine, items: Any = ()) -> frozenset[Any]:
    return frozenset(_make_set(machine, items))


# Bytes, as Python 3 writes them for Python 2: protocols 0 to 2 have no instruction for them


def _make_empty_bytes(machine: Machine, *arguments: Any) -> bytes:
    if arguments:  # bytes(10 ** 9) would be a gigabyte
        raise RefusedError("a call of bytes")
    return b""


def _encode_text(machine: Machine, text: Any, encoding: Any) -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise RefusedError(f"_codecs.encode to {encoding!r}")
    machine.allow_copies(len(text))
    return text.encode("latin1")


# NumPy


def _make_dtype(machine: Machine, code: Any, *_flags: Any) -> DType:
    return DType(code)


def _make_unfilled_array(machine: Machine, *_arguments: Any) -> UnfilledArray:
    return UnfilledArray()


def _make_scalar(machine: Machine, dtype: Any, data: Any) -> Any:
    values = _require_dtype(dtype).decode(_require_bytes(machine, data))
    if len(values) != 1:
        raise ValueError(f"{len(values)} elements in one number")
    return values[0]


def _make_array_from_buffer(machine: Machine, data: Any, dtype: Any, shape: Any, order: Any) -> Any:
    return _build_array(machine, shape, dtype, data, order == "F")


def _build_array(machine: Machine, shape: Any, dtype: Any, data: Any, fortran: bool) -> Any:
    return make_array(shape, _require_dtype(dtype), _require_bytes(machine, data), fortran, machine.allow_memory)


def _require_dtype(dtype: Any) -> DType:
    if not isinstance(dtype, DType):
        raise TypeError("an array without a type")
    return dtype


def _require_bytes(machine: Machine, data: Any) -> bytes:
    """Return an array's bytes; Python 2 pickles them as a string, which latin1 gives back as they were."""
    if not isinstance(data, str | bytes):
        raise TypeError("an array without elements")
    machine.allow_copies(len(data))
    return data.encode("latin1") if isinstance(data, str) else data


def _refuse_call(machine: Machine, *_arguments: Any) -> Any:
    raise RefusedError("a call of a type that may only be named")


#: What a defaultdict may make of a key that it does not have.
_FACTORIES: dict[str, Callable[[], Any]] = {
    "builtins.list": list,
    "builtins.dict": dict,
    "builtins.set": set,
    "builtins.int": int,
    "builtins.float": float,
}

#: The allow-list.
_CALLS: dict[str, Callable[..., Any]] = dict.fromkeys(_FACTORIES, _refuse_call) | {
    "builtins.bytes": _make_empty_bytes,
    "builtins.set": _make_set,
    "builtins.frozenset": _make_frozen_set,
    "collections.OrderedDict": _make_ordered_dict,
    "collections.defaultdict": _make_default_dict,
    "_codecs.encode": _encode_text,
    "numpy.dtype": _make_dtype,
    "numpy.ndarray": _refuse_call,
    "numpy._core.multiarray._reconstruct": _make_unfilled_array,
    "numpy._core.multiarray.scalar": _make_scalar,
    "numpy._core.numeric._frombuffer": _make_array_from_buffer,
}

#: Modules that have another name in Python 2 or in an older NumPy.
_RENAMED_MODULES = {
    "__builtin__": "builtins",
    "numpy.core.multiarray": "numpy._core.multiarray",
    "numpy.core.numeric": "numpy._core.numeric",
}
