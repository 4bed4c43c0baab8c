"""Pickles as Python 2.7 and NumPy 1.11 wrote them, and how a file of several is read."""

from __future__ import annotations

from typing import Any

from lnpatch.pickles.instructions import run_pickle
from lnpatch.pickles.load import load_pickle
from lnpatch.pickles.machine import Machine

#: As Python 2.7 and numpy 1.11 wrote them: {'a': numpy.float32(.5), 'z': numpy.arange(6, dtype='f4').reshape(2, 3)}.
PYTHON2 = {
    0: (
        b"(dp1\nS'a'\ncnumpy.core.multiarray\nscalar\np2\n(cnumpy\ndtype\np3\n(S'f4'\nI0\nI1\ntRp4\n(I3\nS'<'\nNNNI-1\nI-1\n"
        b"I0\ntbS'\\x00\\x00\\x00?'\ntRp5\nsS'z'\ncnumpy.core.multiarray\n_reconstruct\np6\n(cnumpy\nndarray\np7\n(I0\ntS'b'\n"
        b"tRp8\n(I1\n(I2\nI3\ntg4\nI00\nS'\\x00\\x00\\x00\\x00\\x00\\x00\\x80?\\x00\\x00\\x00@\\x00\\x00@@\\x00\\x00\\x80@"
        b"\\x00\\x00\\xa0@'\ntbs."
    ),
    2: (
        b"\x80\x02}q\x01(U\x01acnumpy.core.multiarray\nscalar\nq\x02cnumpy\ndtype\nq\x03U\x02f4K\x00K\x01\x87Rq\x04(K\x03"
        b"U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbU\x04\x00\x00\x00?\x86Rq\x05U\x01zcnumpy.core.multiarray\n"
        b"_reconstruct\nq\x06cnumpy\nndarray\nq\x07K\x00\x85U\x01b\x87Rq\x08(K\x01K\x02K\x03\x86h\x04\x89U\x18\x00\x00\x00\x00"
        b"\x00\x00\x80?\x00\x00\x00@\x00\x00@@\x00\x00\x80@\x00\x00\xa0@tbu."
    ),
}

#: A defaultdict(list) and an OrderedDict behind it, as skip-thoughts' dictionary is two objects in one file.
TWO = (
    b"ccollections\ndefaultdict\np1\n(c__builtin__\nlist\np2\ntRp3\nS'valid_errs'\np4\n(lp5\nF0.5\naF0.25\nas."
    b"ccollections\nOrderedDict\np1\n((lp2\n(lp3\nS'caf\\xe9'\naI1\naa(lp4\nV\\u20ac\naL2L\naatRp5\n."
)


def load_all(data: bytes) -> list[Any]:
    """All objects in *data*, one pickle after another."""
    objects: list[Any] = []
    while data or not objects:
        objects.append(load_pickle(data))
        machine = Machine(data)
        run_pickle(machine)
        data = data[machine.position :]
    return objects
