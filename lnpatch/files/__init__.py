"""Files on disk: written whole or not at all, and compared by their SHA-256."""

from lnpatch.files.atomic import atomic_write, current_umask
from lnpatch.files.digest import sha256_of, sha256_of_file

__all__ = ["atomic_write", "current_umask", "sha256_of", "sha256_of_file"]
