"""Reading and writing source, for a file of about 800 lines."""

from typing import Any

import libcst as cst
import pytest

from lnpatch.source import Source, check_syntax

TEXT = "\n\n".join(
    f"def layer_{i}(x, y=0777):\n    # one of many\n    print 'layer', {i}\n    z = numpy.concatenate([x, y], axis=1)\n"
    f"    if z is None:\n        raise ValueError, 'no z'\n    return [v * 2L for v in z if v <> {i}]"
    for i in range(100)
).encode()


@pytest.mark.benchmark(group="source, 800 lines of Python 2")
def test_read(benchmark: Any) -> None:
    benchmark(Source.read, TEXT, "layers.py")


@pytest.mark.benchmark(group="source, 800 lines of Python 2")
def test_write(benchmark: Any) -> None:
    source = Source.read(TEXT, "layers.py")
    new = cst.parse_module("def new():\n    pass\n").body
    edited = source.module.with_changes(body=[*source.module.body, *new])
    assert benchmark(source.write, edited) == TEXT + b"\ndef new():\n    pass"


@pytest.mark.benchmark(group="source, 800 lines of Python 2")
def test_check_syntax(benchmark: Any) -> None:
    benchmark(check_syntax, TEXT, "layers.py")
