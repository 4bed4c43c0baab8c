"""What strangers may hand to lnpatch, as bytes: each reader returns or raises one of lnpatch's own errors, and no more.

:mod:`tests.fuzz.readers` has the readers, :mod:`tests.fuzz.corpus` what to begin with, and ``python -m tests.fuzz READER``
lets atheris (libFuzzer) search for more.
"""
