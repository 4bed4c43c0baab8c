"""lnpatch: layer normalization for the Theano repositories of the 2016 paper, as a patch that can be reviewed and undone.

The command line does what the functions below do, and shows it. They print nothing, return plain data, and raise an
:class:`LnpatchError` for whatever a user can cause; each is imported when it is first used. For example::

    import lnpatch

    lnpatch.apply("demo", "lnpatch-demo")
    print(lnpatch.diff("demo", "lnpatch-demo").patch.decode())
    result = lnpatch.train("demo", "lnpatch-demo", smoke=True, output="runs/ln")
    print(lnpatch.read_run(result.folder).costs)

Patching: :func:`targets`, :func:`plan`, :func:`apply`, :func:`diff`, :func:`revert`, :func:`status`. Training:
:func:`check`, :func:`train`, :func:`evaluate`, :func:`encode`, :func:`read_run`, and :class:`RuntimeOptions` for what they
run on. Failures: :class:`LnpatchError` and, by kind, :class:`InvalidRequestError`, :class:`NotFoundError`,
:class:`ConflictError`, :class:`MachineError` and :class:`FailedError`; every failure is in :mod:`lnpatch.errors`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lnpatch.commands.apply import apply
    from lnpatch.commands.check import check
    from lnpatch.commands.diff import diff
    from lnpatch.commands.encode import encode
    from lnpatch.commands.evaluate import evaluate
    from lnpatch.commands.export import export
    from lnpatch.commands.plan import plan
    from lnpatch.commands.recipes import targets
    from lnpatch.commands.revert import revert
    from lnpatch.commands.status import status
    from lnpatch.commands.train import train
    from lnpatch.errors import (
        ConflictError,
        FailedError,
        InvalidRequestError,
        LnpatchError,
        MachineError,
        NotFoundError,
    )
    from lnpatch.runtimes.runtime_options import RuntimeOptions
    from lnpatch.training.run_folder import read_run

__version__ = "0.1.0"

__all__ = [
    "ConflictError",
    "FailedError",
    "InvalidRequestError",
    "LnpatchError",
    "MachineError",
    "NotFoundError",
    "RuntimeOptions",
    "apply",
    "check",
    "diff",
    "encode",
    "evaluate",
    "export",
    "plan",
    "read_run",
    "revert",
    "status",
    "targets",
    "train",
]

#: The modules of the names that are not errors.
_MODULES = {
    "RuntimeOptions": "lnpatch.runtimes.runtime_options",
    "apply": "lnpatch.commands.apply",
    "check": "lnpatch.commands.check",
    "diff": "lnpatch.commands.diff",
    "encode": "lnpatch.commands.encode",
    "evaluate": "lnpatch.commands.evaluate",
    "export": "lnpatch.commands.export",
    "plan": "lnpatch.commands.plan",
    "read_run": "lnpatch.training.run_folder",
    "revert": "lnpatch.commands.revert",
    "status": "lnpatch.commands.status",
    "targets": "lnpatch.commands.recipes",
    "train": "lnpatch.commands.train",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used (PEP 562): libcst, GitPython and rich take from 50 to 300 ms."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES.get(name, "lnpatch.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
