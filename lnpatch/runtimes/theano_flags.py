"""THEANO_FLAGS: what a run needs, by device and version of Theano; what the user has set wins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from lnpatch.schema import Scalar

#: The share of the GPU's memory that is taken at the start; Theano caps it at 0.95, the paper's own command used 0.85.
GPU_MEMORY = "0.85"


def parse_flags(text: str) -> dict[str, str]:
    """Split the value of THEANO_FLAGS into its settings, in their order."""
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def theano_flags(
    version: str,
    device: str,
    compile_dir: Path | None,
    flags: Mapping[str, Scalar],
    users_flags: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the value of THEANO_FLAGS.

    The old CUDA backend (Theano up to 0.9) takes ``device=gpu`` and CNMeM; the new one, all that 1.0 has, takes
    ``device=cuda`` and ``gpuarray.preallocate``, and ignores ``lib.cnmem`` without a word.

    Args:
        version: Theano's, as ``0.8.2``.
        device: ``cpu`` or ``gpu``.
        compile_dir: where compiled code is kept from run to run; None leaves Theano's own place.
        flags: those of the recipe.
        users_flags: the user's own that win over all of these (see :mod:`lnpatch.runtimes.users_settings`).
    """
    settings = {name: str(value) for name, value in flags.items()}
    if device == "gpu":
        old = tuple(int(part) for part in version.split(".")[:2]) < (0, 9)
        if users_flags.get("device", "").startswith("cuda"):
            old = False
        settings |= (
            {"device": "gpu", "lib.cnmem": GPU_MEMORY}
            if old
            else {"device": "cuda", "gpuarray.preallocate": GPU_MEMORY}
        )
        settings["force_device"] = "True"  # else Theano says a word about the card and goes on without it
    else:
        settings |= {"device": "cpu", "force_device": "False"}  # over a .theanorc for a card
    if compile_dir is not None and not users_flags.keys() & {"base_compiledir", "compiledir"}:
        settings["base_compiledir"] = str(compile_dir)
    return ",".join(f"{name}={value}" for name, value in {**settings, **users_flags}.items())
