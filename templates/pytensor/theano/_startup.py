"""What has to be done before PyTensor and JAX are imported, in whose import they read their settings and have their first complaints."""

import logging
import os
import warnings

from theano import _flags

_flags.apply_flags(os.environ)

for _name in ("pytensor", "jax"):  # attentive-reader's basicConfig(INFO) would print what they are busy with
    logging.getLogger(_name).setLevel(logging.WARNING)
warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS")  # NumPy's serves
warnings.filterwarnings("ignore", message="Explicitly requested dtype .* is not available")  # float32 is what is wanted
warnings.filterwarnings("ignore", message="Skipping Assert")  # of shapes, which hold while JAX traces
