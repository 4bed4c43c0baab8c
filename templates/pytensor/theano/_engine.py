"""Which engine computes: ``LNPATCH_ENGINE`` is ``c`` (PyTensor's C backend, the default) or ``jax``."""

import os

ENGINES = ("c", "jax")

NAME = os.environ.get("LNPATCH_ENGINE") or "c"
if NAME not in ENGINES:
    raise ImportError(f"LNPATCH_ENGINE is {NAME!r}; it can be {' or '.join(ENGINES)}")

JAX = NAME == "jax"
