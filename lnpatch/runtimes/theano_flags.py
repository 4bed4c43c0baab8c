"""THEANO_FLAGS: what a run needs, by device and version of Theano; what the user has set wins, where it can work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lnpatch.runtimes.user_settings import parse_flags
from lnpatch.schema import Scalar

#: The share of the GPU's memory that is taken at the start; Theano caps it at 0.95, the paper's own command used 0.85.
GPU_MEMORY = "0.85"


def theano_flags(
    version: str, device: str, compile_dir: Path | None, flags: Mapping[str, Scalar], users_flags: str = ""
) -> str:
    """Return the value of THEANO_FLAGS.

    The old CUDA backend (Theano up to 0.9) takes ``device=gpu`` and CNMeM; the new one, all that 1.0 has, takes
    ``device=cuda`` and ``gpuarray.preallocate``, and ignores ``lib.cnmem`` without a word.

    Args:
        version: Theano's, as ``0.8.2``.
        device: ``cpu`` or ``gpu``.
        compile_dir: where compiled code is kept from run to run; None leaves Theano's own place.
        flags: those of the recipe.
        users_flags: the user's own settings, as :mod:`lnpatch.runtimes.user_settings` leaves them.
    """
    settings = {name: str(value) for name, value in flags.items()}
    theirs = parse_flags(users_flags)
    if device == "gpu":
        old = tuple(int(part) for part in version.split(".")[:2]) < (0, 9)
        if theirs.get("device", "").startswith("cuda"):
            old = False
        settings |= (
            {"device": "gpu", "lib.cnmem": GPU_MEMORY}
            if old
            else {"device": "cuda", "gpuarray.preallocate": GPU_MEMORY}
        )
        settings["force_device"] = "True"  # else Theano says a word about the card and goes on without it
    else:
        settings["device"] = "cpu"
    if compile_dir is not None and not theirs.keys() & {"base_compiledir", "compiledir"}:
        settings["base_compiledir"] = str(compile_dir)
    return ",".join(f"{name}={value}" for name, value in {**settings, **theirs}.items())
