"""How much of a GPU's memory JAX has had in use, which no tool outside of the process sees: JAX takes its share at the start."""

import atexit
import functools

import jax

from theano._events import report_peak_memory


@functools.cache
def report_peak_at_exit() -> None:
    """Report the most bytes in use when the process ends; call it, as often as you like, once JAX has computed."""
    atexit.register(_report_peak)  # exit functions run last in, first out: this one before JAX gives its devices up


def _report_peak() -> None:
    """Report the peak of the fullest device; nothing on a CPU, where JAX keeps no count."""
    counts = [device.memory_stats() or {} for device in jax.local_devices()]
    if peak := max(count.get("peak_bytes_in_use", 0) for count in counts):
        report_peak_memory(peak)
