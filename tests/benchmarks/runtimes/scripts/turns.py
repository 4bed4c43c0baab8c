"""The contestant's side of a contest: prepares one call, then makes it as often as the other side asks. For Python 2.7 and 3.

A script ends with ``turns.serve(prepare)`` and is run as ``SCRIPT CASE.npz GRADIENTS.npz``. It writes one line of JSON for
each of these, and nothing else, to standard output: that it is ready, and then, for each number of calls that it reads, the
wall and CPU seconds of every call.
"""
# ruff: noqa: T201, UP010

from __future__ import print_function

import json
import resource
import sys
from timeit import default_timer

import numpy

#: Of the layer, in the repositories' order.
PARAMETERS = ["W", "b", "U", "Wx", "bx", "Ux", "b1", "s1", "b2", "s2", "b3", "s3", "b4", "s4"]


def cpu_seconds():
    """Return what this process has used of all cores together."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def say(document):
    """Write one line for the other side."""
    print(json.dumps(document))
    sys.stdout.flush()


def serve(prepare):
    """Take part in a contest, until there is nothing more to read.

    prepare: given the arrays of the case by name, gives the name of the contestant with its version, a function that makes
        one update and returns its cost when all of it is computed, and one that gives the gradients by name, or None
    """
    start = default_timer()
    with numpy.load(sys.argv[1]) as file:
        case = {str(name): file[name] for name in file.files}
    contestant, call, gradients = prepare(case)
    cost = call()
    compiled = default_timer() - start
    call()  # the second may still allocate what all later ones use again
    if gradients is not None:
        numpy.savez(sys.argv[2], **gradients())
    say({"contestant": contestant, "cost": None if cost is None else float(cost), "compile": compiled})
    for line in iter(sys.stdin.readline, ""):
        times = []
        for _ in range(int(line)):
            wall, cpu = default_timer(), cpu_seconds()
            call()
            times.append((default_timer() - wall, cpu_seconds() - cpu))
        say(times)
