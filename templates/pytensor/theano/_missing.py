"""Names that this ``theano`` lacks: how they fail, whichever way they are asked for."""

import importlib.abc
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn


def words(name: str) -> str:
    """What to say of the dotted ``name``."""
    return (
        f"{name} is not there: this theano is lnpatch's, over PyTensor, and has the names that the known repositories use. "
        "What the original has runs with Theano 0.8.2 on Python 2.7: `lnpatch train --runtime theano`."
    )


def guard(module: str) -> tuple[Callable[[str], Any], list[str]]:
    """``__getattr__`` and ``__path__`` of a module whose unknown names are to fail with ``words``.

    The empty path makes ``from module import name`` ask the finder below, whose words reach the user; Python's own say only that
    the name cannot be imported.
    """

    def getattr_(name: str) -> NoReturn:
        raise AttributeError(words(f"{module}.{name}"), name=name, obj=sys.modules.get(module))

    return getattr_, []


class _Finder(importlib.abc.MetaPathFinder):
    """Comes last: whatever of ``theano`` no other finder knows is missing."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith("theano."):
            return None
        parent, _, leaf = fullname.rpartition(".")
        if leaf.startswith("__"):  # Python itself asks for names like __path__
            return None
        # not ModuleNotFoundError, which `from parent import leaf` would swallow
        raise ImportError(words(f"{parent}.{leaf}"), name=fullname)


def install() -> None:
    """Ask the finder after all others, once."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
