"""Files on disk: written whole or not at all, and compared by their SHA-256."""

from lnpatch.files.atomic import PARTIAL_PREFIX, atomic_write, current_umask
from lnpatch.files.digest import sha256_of, sha256_of_file

__all__ = ["PARTIAL_PREFIX", "atomic_write", "current_umask", "sha256_of", "sha256_of_file"]
