"""What can go wrong, one class per failure; the messages and the exit codes are written here and nowhere else.

Exit codes: 1 failed, 2 usage, 3 not found, 4 conflict, 5 environment.
"""

from lnpatch.errors.base import *
from lnpatch.errors.checkout import *
from lnpatch.errors.curves import *
from lnpatch.errors.downloads import *
from lnpatch.errors.patch import *
from lnpatch.errors.pickles import *
from lnpatch.errors.port import *
from lnpatch.errors.training import *
from lnpatch.errors.usage import *
