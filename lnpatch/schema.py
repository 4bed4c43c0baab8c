"""Read TOML tables into typed data classes, and report every mistake in them, not only the first.

The fields of a data class are the keys of its table; a field without a default is required. Understood types: ``str``,
``int``, ``bool``, ``Scalar``, ``T | None``, ``tuple[T, ...]``, ``dict[str, T]``, one of these or another, and other data classes.

A data class may check what types cannot say in a method ``problems() -> Iterator[tuple[key, message]]``, and may say
what a key was called earlier in ``renamed: ClassVar[Mapping[str, str]]``, from the old name to the new one.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

from lnpatch.suggest import close_matches

T = TypeVar("T")

#: A value that is written the same way in TOML and in Python source.
Scalar = str | int | float | bool

_TYPE_NAMES = {str: "a string", int: "an integer", bool: "true or false", float: "a number"}


@dataclasses.dataclass(frozen=True)
class Problem:
    """One mistake in a table: the key it is at, and what is wrong or allowed there."""

    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.key}: {self.message}" if self.key else self.message


class Reader:
    """Reads tables into data classes and collects the problems on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._readers: dict[type, Callable[[Reader, Any, str], Any]] = {}

    def register(self, kind: type[T], read: Callable[[Reader, Any, str], T | None]) -> None:
        """Use *read* for every value of type *kind* (for tables whose type depends on one of their keys)."""
        self._readers[kind] = read

    def table(self, kind: type[T], value: Any, key: str = "") -> T | None:
        """Read *value*, the table at *key*, as a *kind*; return None and record the problems where that fails."""
        if not isinstance(value, Mapping):
            self.problem(key, f"expected a table, found {_shorten(value)}")
            return None
        before = len(self.problems)
        fields = {f.name: f for f in dataclasses.fields(kind) if f.init}  # type: ignore[arg-type]
        renamed: Mapping[str, str] = getattr(kind, "renamed", {})
        for name in value:
            if name not in fields:
                self.problem(_join(key, name), _unknown_key(name, fields, renamed))
        values = self._field_values(kind, fields.values(), value, key)
        if len(self.problems) > before:
            return None
        result = kind(**values)
        for name, message in getattr(result, "problems", lambda: ())():
            self.problem(_join(key, name), message)
        return result if len(self.problems) == before else None

    def _field_values(
        self, kind: type, fields: Collection[dataclasses.Field[Any]], table: Mapping[str, Any], key: str
    ) -> dict[str, Any]:
        """Read the values of the fields that *table* has, and record those that it lacks."""
        # Not field.type, which is a string: the modules import annotations from __future__.
        hints = typing.get_type_hints(kind)
        values: dict[str, Any] = {}
        new_names = {new for old, new in getattr(kind, "renamed", {}).items() if old in table}
        for field in fields:
            if field.name in table:
                values[field.name] = self.value(hints[field.name], table[field.name], _join(key, field.name))
            elif field.name in new_names:
                continue  # there under its old name, which is a problem already
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                self.problem(_join(key, field.name), f"missing; expected {_expected(hints[field.name])}")
        return values

    def value(self, hint: Any, value: Any, key: str) -> Any:
        """Read *value*, which is at *key*, as the type *hint*; record a problem where it has another type."""
        if hint in self._readers:
            return self._readers[hint](self, value, key)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            options = [a for a in arguments if a is not type(None)]
            if len(options) == 1:
                return self.value(options[0], value, key)
            if type(value) in options:
                return self._plain(value, key)
            tables = [a for a in options if typing.get_origin(a) is dict]
            if tables and isinstance(value, Mapping):
                return self.value(tables[0], value, key)
        elif origin is tuple:
            if isinstance(value, list):
                return tuple(self.value(arguments[0], item, f"{key}[{i}]") for i, item in enumerate(value))
        elif origin is dict:
            if isinstance(value, Mapping):
                return {name: self.value(arguments[1], item, _join(key, name)) for name, item in value.items()}
        elif dataclasses.is_dataclass(hint):
            return self.table(typing.cast("type[Any]", hint), value, key)
        elif type(value) is hint:  # not isinstance, which takes true for an integer
            return self._plain(value, key)
        self.problem(key, f"expected {_expected(hint)}, found {_shorten(value)}")
        return None

    def _plain(self, value: Any, key: str) -> Any:
        """Return a value that can be written in a message, in JSON and in Python 2: no NaN, no integer beyond 64 bits."""
        finite = math.isfinite(value) if isinstance(value, float) else True
        if not finite or (isinstance(value, int) and abs(value) >= 1 << 63):
            self.problem(key, f"expected a number that can be written in Python and in JSON, found {_shorten(value)}")
        return value

    def problem(self, key: str, message: str) -> None:
        """Record a mistake at *key*."""
        self.problems.append(Problem(key, message))


def relative_file_problems(key: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a path that has to stay inside a checkout."""
    parts = path.replace("\\", "/").split("/")  # a checkout may be on Windows, where both separate
    if not path.isprintable() or ":" in parts[0] or any(part in ("", ".", "..") for part in parts):
        yield key, f"expected a path inside the repository, such as training/layers.py, found {path!r}"
    elif any(part.lower() == ".git" for part in parts):
        yield key, f"{path!r} is inside a git directory, which no recipe may touch"


def _unknown_key(name: str, fields: Collection[str], renamed: Mapping[str, str]) -> str:
    """Return the message for a key that the table may not have."""
    if name in renamed:
        return f"key `{name}` is now called `{renamed[name]}`"
    match = close_matches(name, fields, 1)
    suggestion = f" (did you mean {match[0]}?)" if match else ""
    return f"unknown key{suggestion}; allowed: {', '.join(sorted(fields))}"


def _join(key: str, name: str) -> str:
    name = name if name.isprintable() and len(name) <= 60 else _shorten(name)
    return f"{key}.{name}" if key else name


def _shorten(value: Any) -> str:
    try:
        text = repr(value)
    except RecursionError:  # keys with dots make tables of any depth
        return "a table that is nested too deeply"
    except ValueError:  # in octal or hexadecimal digits TOML has integers that Python does not print
        return "an integer that is too large"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _expected(hint: Any) -> str:
    """Return the name of a type, for people."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_expected(a) for a in arguments if a is not type(None)))
    if origin is tuple:
        return f"a list, each {_expected(arguments[0])}"
    if origin is dict or dataclasses.is_dataclass(hint):
        return "a table"
    return _TYPE_NAMES.get(hint, getattr(hint, "__name__", str(hint)))
