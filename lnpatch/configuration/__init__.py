"""What a user has configured once instead of typing it each time: ``lnpatch.toml``, ``pyproject.toml``, environment variables.

Only the command line reads it; the functions of :mod:`lnpatch` do what their arguments say. It fills in options that are not
typed: an option wins over an environment variable, that over ``lnpatch.toml``, and that over ``[tool.lnpatch]`` in
``pyproject.toml``. A run that is resumed, and a study that goes on, have values of their own, which win over all but options.
"""
