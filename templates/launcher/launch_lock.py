"""
Hold the lock of a run's folder, in which one process at a time trains. For Python 2.7 and 3.
"""
import errno
import fcntl
import json
import os
import socket
import sys
import time


def lock_run(path):
    """
    Hold the lock of a run's folder until this process ends; return what has to be kept for it.

    lnpatch holds it already where it has started this process, which inherits it; path is "" then.
    """
    if not path:
        return None
    file = open(path, "a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError) as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            return file  # a file system without locks
        file.seek(0)
        sys.exit("Another process trains in %s: %s" % (os.path.dirname(path), file.read(1000).strip()))
    file.seek(0)
    file.truncate()
    json.dump({"pid": os.getpid(), "host": socket.gethostname(), "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}, file)
    file.flush()
    return file
