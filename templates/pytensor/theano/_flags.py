"""THEANO_FLAGS and the cache folder, translated into the settings of PyTensor and JAX.

Only the standard library is imported: PyTensor and JAX read their settings when they are imported, so this comes before them.
"""

import os
import sys
from collections.abc import MutableMapping

#: The settings of Theano that PyTensor knows under the same name, sections apart (gcc.cxxflags is gcc__cxxflags there).
_SHARED = {
    "floatX", "cxx", "base_compiledir", "compiledir", "compiledir_format", "gcc.cxxflags", "blas.ldflags", "cmodule.debug",
    "openmp", "openmp_elemwise_minsize", "optimizer", "optimizer_excluding", "optimizer_including", "on_opt_error",
    "on_unused_input", "allow_gc", "scan.allow_gc", "exception_verbosity", "traceback.limit", "warn_float64", "cast_policy",
    "profile", "profile_memory", "compile.timeout", "compile.wait", "nocleanup",
}  # fmt: skip

#: What is ignored without a word: the old GPU backends, and switches of things that PyTensor has dropped.
_DROPPED = (
    "device", "force_device", "init_gpu_device", "lib.", "cuda.", "gpuarray.", "nvcc.", "dnn.", "contexts", "magma.", "cublas.",
    "mode", "linker", "print_active_device", "enable_initial_driver_test", "gpuelemwise.", "warn.", "experimental.", "int_division",
    "compute_test_value", "reoptimize_unpickled_function", "floatx_gpu",
)  # fmt: skip


#: XLA would join the products of one state with several matrices to one, for which it copies the matrices together, anew in
#: each step of a recurrence.
_JOINS_NO_PRODUCTS = "--xla_gpu_dot_merger_threshold_mb=0"


def parse_flags(text: str) -> dict[str, str]:
    """Return the settings in a THEANO_FLAGS value, such as ``a=1,b.c=2``; a later one wins."""
    pairs = (item.split("=", 1) for item in text.split(",") if "=" in item)
    return {name.strip(): value.strip() for name, value in pairs}


def translate_for_pytensor(flags: dict[str, str], cache: str | None) -> tuple[dict[str, str], list[str]]:
    """Return PyTensor's settings for Theano's, and the names of those that neither this module nor PyTensor knows."""
    # the repositories compute in float32, and ask for it in their READMEs only; PyTensor's own default mode is Numba
    settings = {"floatX": "float32", "mode": "CVM"}
    if cache:
        settings["base_compiledir"] = os.path.join(cache, "pytensor")
    unknown = []
    for name, value in flags.items():
        if name in _SHARED:
            settings[name.replace(".", "__")] = value
        elif not name.startswith(_DROPPED):
            unknown.append(name)
    return settings, unknown


def translate_for_jax(flags: dict[str, str], cache: str | None) -> dict[str, str]:
    """Return JAX's environment variables for Theano's settings: the device, the share of GPU memory taken at start, the cache."""
    settings = {"TF_CPP_MIN_LOG_LEVEL": "2"}
    device = flags.get("device", "")
    if device.startswith(("gpu", "cuda")):
        settings["JAX_PLATFORMS"] = "cuda"
        settings["XLA_FLAGS"] = _JOINS_NO_PRODUCTS
    elif device == "cpu":
        settings["JAX_PLATFORMS"] = "cpu"
    share = flags.get("lib.cnmem") or flags.get("gpuarray.preallocate")
    if share and 0 < float(share) <= 1:  # above 1 it is a number of MB, which JAX has no setting for
        settings["XLA_PYTHON_CLIENT_MEM_FRACTION"] = share
    if cache:
        # by default JAX keeps only what it takes a second to compile
        settings["JAX_COMPILATION_CACHE_DIR"] = os.path.join(cache, "jax")
        settings["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.5"
        settings["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
    return settings


def apply_flags(environment: MutableMapping[str, str]) -> None:
    """Put the settings into the environment; what the user has set there for PyTensor or JAX stays."""
    flags = parse_flags(environment.get("THEANO_FLAGS", ""))
    cache = environment.get("LNPATCH_CACHE") or None
    settings, unknown = translate_for_pytensor(flags, cache)
    if unknown:
        sys.stderr.write(f"theano over PyTensor: THEANO_FLAGS has no use for {', '.join(sorted(unknown))}\n")
    users = environment.get("PYTENSOR_FLAGS", "")
    ours = [f"{name}={value}" for name, value in settings.items()]
    environment["PYTENSOR_FLAGS"] = ",".join([*ours, users] if users else ours)  # the last one wins
    for name, value in translate_for_jax(flags, cache).items():
        if name == "XLA_FLAGS":  # the last one wins
            environment[name] = f"{value} {environment.get(name, '')}".strip()
        else:
            environment.setdefault(name, value)
