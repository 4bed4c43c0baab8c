"""Python 2.7 and 3 source through libcst, byte for byte."""

from lnpatch.source.document import Source, check_syntax

__all__ = ["Source", "check_syntax"]
