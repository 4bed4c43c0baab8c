"""What happens while functions run that lnpatch shows to its user: one line of JSON each, on standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def report_compilation(shapes: Mapping[str, Sequence[str]], compiled: int, bound: int | None, seconds: float) -> None:
    """Write that a function was compiled for one more shape of its inputs.

    The line is ``lnpatch-event``, a blank, and a JSON object without blanks:

        lnpatch-event {"event":"compiled","shapes":{"4x5":["x","x_mask"],"9":["y"]},"compiled":3,"bound":8,"seconds":6.9}

    Args:
        shapes: the names of the inputs that have each shape, scalars left out; a shape is its lengths joined by ``x``.
        compiled: for how many shapes this function is compiled by now.
        bound: for how many it will be at most, as long as no axis is longer than its last bucket and the axes without padding
            do not change; None (``null``) for a function without padding. ``compiled`` is larger where that does not hold.
        seconds: what it took to compile the function and to run it once, to a tenth.
    """
    _write_event("compiled", shapes=shapes, compiled=compiled, bound=bound, seconds=round(seconds, 1))


def report_peak_memory(peak: int) -> None:
    """Write how many bytes of a GPU's memory this process has had in use at most, on the fullest of its GPUs.

    lnpatch-event {"event":"peak_memory","bytes":3328599654}
    """
    _write_event("peak_memory", bytes=peak)


def _write_event(event: str, **facts: Any) -> None:
    line = json.dumps({"event": event, **facts}, separators=(",", ":"))
    # one write: other threads must not print into the middle of the line
    sys.stderr.write(f"lnpatch-event {line}\n")
    sys.stderr.flush()
