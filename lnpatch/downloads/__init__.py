"""Download released models, data and logs: resumed after an interruption, and checked by size and checksum.

``artefact`` does it for one file; ``transfer`` brings the bytes into a ``partial_file``, ``content`` looks at them,
``checksums`` remembers them; ``mirror`` says where else they may come from.
"""
