"""PyTorch, in this environment, for models that need neither Theano nor PyTensor."""

from __future__ import annotations

from importlib.util import find_spec

from lnpatch.errors import PackageMissingError
from lnpatch.errors.install_hint import how_to_install


def require_torch(option: str) -> None:
    """Refuse to go on without the packages of the extra ``torch``.

    Args:
        option: what needs them, as a user writes it.

    Raises:
        PackageMissingError: one is not installed.
    """
    for package in ("torch", "numpy", "safetensors"):
        if find_spec(package) is None:
            raise PackageMissingError(option, package, how_to_install("torch"))
