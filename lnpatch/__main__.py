"""``python -m lnpatch``."""

import sys

from lnpatch.cli import main

sys.exit(main())
