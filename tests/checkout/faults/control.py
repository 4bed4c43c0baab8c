"""The memory that faults.c, the server and the tests share: what happens at which call."""

from __future__ import annotations

import ctypes
from enum import IntEnum


class Harm(IntEnum):
    """What happens at the chosen call."""

    NOTHING = 0
    #: lnpatch gets a signal; a git that it has started goes on.
    SIGNAL_PROCESS = 1
    #: Everybody gets it, as in a container that is stopped.
    SIGNAL_GROUP = 2
    #: The call fails: the disk is full, or a file may not be removed.
    FAIL_ONCE = 3
    #: The disk is full from then on.
    FAIL_FROM_NOW_ON = 4


class Control(ctypes.Structure):
    """``struct control`` of faults.c."""

    _fields_ = (
        ("count", ctypes.c_long),
        ("at", ctypes.c_long),
        ("harm", ctypes.c_int),
        ("signal", ctypes.c_int),
        ("process", ctypes.c_int),
        ("armed", ctypes.c_int),
        ("call", ctypes.c_char * 32),
    )
