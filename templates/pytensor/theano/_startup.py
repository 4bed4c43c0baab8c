"""What has to be done before PyTensor and JAX are imported: they read their settings then, and print their first warnings."""

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
