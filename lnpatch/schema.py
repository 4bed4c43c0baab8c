"""A typed reader for TOML tables: data classes say what is allowed, every mistake is reported, none only as the first.

The fields of a data class are the keys of its table; a field without a default is required. Understood types: ``str``,
``int``, ``bool``, ``Scalar``, ``T | None``, ``tuple[T, ...]``, ``dict[str, T]`` and other data classes. A data class may
check what types cannot say in a method ``problems() -> Iterator[tuple[key, what is wrong]]``.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from lnpatch.suggest import close_matches

T = TypeVar("T")

#: A value that stands the same way in TOML and in Python source.
Scalar = str | int | float | bool

_TYPE_NAMES = {str: "a string", int: "an integer", bool: "true or false", float: "a number"}


@dataclasses.dataclass(frozen=True)
class Problem:
    """One mistake in a recipe: the key it stands at, and what is wrong or allowed there."""

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
        """*value* as a *kind*, or None where a problem was found."""
        if not isinstance(value, Mapping):
            self.problem(key, f"expected a table, found {_shown(value)}")
            return None
        before = len(self.problems)
        fields = {f.name: f for f in dataclasses.fields(kind) if f.init}  # type: ignore[arg-type]
        hints = typing.get_type_hints(kind)
        for name in value:
            if name not in fields:
                near = close_matches(name, fields, 1)
                meant = f" (did you mean {near[0]}?)" if near else ""
                self.problem(_join(key, name), f"unknown key{meant}; allowed: {', '.join(sorted(fields))}")
        found: dict[str, Any] = {}
        for name, field in fields.items():
            if name in value:
                found[name] = self.value(hints[name], value[name], _join(key, name))
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                self.problem(_join(key, name), f"missing; expected {_expected(hints[name])}")
        if len(self.problems) > before:
            return None
        result = kind(**found)
        for name, message in getattr(result, "problems", lambda: ())():
            self.problem(_join(key, name), message)
        return result if len(self.problems) == before else None

    def value(self, hint: Any, value: Any, key: str) -> Any:
        """*value* as the type *hint*; a problem is recorded where it is none."""
        if hint in self._readers:
            return self._readers[hint](self, value, key)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            options = [a for a in arguments if a is not type(None)]
            if len(options) == 1:
                return self.value(options[0], value, key)
            if type(value) in options:
                return value
        elif origin is tuple:
            if isinstance(value, list):
                return tuple(self.value(arguments[0], item, f"{key}[{i}]") for i, item in enumerate(value))
        elif origin is dict:
            if isinstance(value, Mapping):
                return {name: self.value(arguments[1], item, _join(key, name)) for name, item in value.items()}
        elif dataclasses.is_dataclass(hint):
            return self.table(typing.cast("type[Any]", hint), value, key)
        elif type(value) is hint:
            return value
        self.problem(key, f"expected {_expected(hint)}, found {_shown(value)}")
        return None

    def problem(self, key: str, message: str) -> None:
        """Record a mistake at *key*."""
        self.problems.append(Problem(key, message))


def relative_file_problems(key: str, path: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a path that has to stay inside a checkout."""
    parts = path.replace("\\", "/").split("/")
    if not path.isprintable() or ":" in parts[0] or any(part in ("", ".", "..") for part in parts):
        yield key, f"expected a path inside the repository, such as training/layers.py, found {path!r}"
    elif any(part.lower() == ".git" for part in parts):
        yield key, f"{path!r} is inside a git directory, which no recipe may touch"


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _expected(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_expected(a) for a in arguments if a is not type(None)))
    if origin is tuple:
        return f"a list, each {_expected(arguments[0])}"
    if origin is dict or dataclasses.is_dataclass(hint):
        return "a table"
    return _TYPE_NAMES.get(hint, getattr(hint, "__name__", str(hint)))
