"""The backend that computes: ``LNPATCH_BACKEND`` is ``c`` (PyTensor's C code, the default) or ``jax``."""

import os

BACKENDS = ("c", "jax")

NAME = os.environ.get("LNPATCH_BACKEND") or "c"
if NAME not in BACKENDS:
    raise ImportError(f"LNPATCH_BACKEND is {NAME!r}; it can be {' or '.join(BACKENDS)}")

JAX = NAME == "jax"
