"""How names that this ``theano`` lacks fail, whichever way they are asked for: with words that say whose module this is."""

import importlib.abc
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn


def explain_missing(name: str) -> str:
    """Return the message for the dotted ``name``, and what to do instead."""
    return (
        f"{name} is not there: this theano is lnpatch's, over PyTensor, and has the names that the known repositories use. "
        "What the original has runs with Theano 0.8.2 on Python 2.7: `lnpatch train --runtime theano`."
    )


def guard_module(module: str) -> tuple[Callable[[str], Any], list[str]]:
    """Return the ``__getattr__`` and the ``__path__`` that make unknown names of ``module`` fail with our message.

    Every module of the package ends with ``__getattr__, __path__ = guard_module(__name__)``; packages have a path already, and
    take the first only.
    """

    def fail_on_unknown_name(name: str) -> NoReturn:
        raise AttributeError(explain_missing(f"{module}.{name}"), name=name, obj=sys.modules.get(module))

    # Where __getattr__ fails, `from module import name` discards the message and says only "cannot import name". With a path, even
    # an empty one, the module counts as a package: Python asks the finders for a submodule first, and ours explains.
    return fail_on_unknown_name, []


class _MissingNameFinder(importlib.abc.MetaPathFinder):
    """Refuse every module of ``theano`` that no finder before this one has found."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith("theano."):
            return None
        parent, _, leaf = fullname.rpartition(".")
        if leaf.startswith("__"):  # Python itself asks for names like __path__
            return None
        # not ModuleNotFoundError, which `from parent import leaf` would swallow
        raise ImportError(explain_missing(f"{parent}.{leaf}"), name=fullname)


def install_finder() -> None:
    """Have Python ask our finder after all others; more than one call makes no difference."""
    if not any(isinstance(finder, _MissingNameFinder) for finder in sys.meta_path):
        sys.meta_path.append(_MissingNameFinder())
