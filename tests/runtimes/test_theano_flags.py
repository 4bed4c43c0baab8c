"""THEANO_FLAGS by device and version, under the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lnpatch.runtimes.theano_flags import theano_flags
from lnpatch.runtimes.user_settings import parse_flags

CASES = [
    ("0.8.2", "cpu", "", {"device": "cpu", "floatX": "float32", "base_compiledir": "/c"}),
    ("0.8.2", "gpu", "", {"device": "gpu", "lib.cnmem": "0.85", "floatX": "float32"}),
    ("0.9.0", "gpu", "", {"device": "cuda", "gpuarray.preallocate": "0.85"}),
    ("1.0.5", "gpu", "", {"device": "cuda", "gpuarray.preallocate": "0.85"}),
    ("0.8.2", "gpu", "device=gpu3,lib.cnmem=0.5", {"device": "gpu3", "lib.cnmem": "0.5"}),
    ("0.8.2", "gpu", "device=cuda0", {"device": "cuda0", "gpuarray.preallocate": "0.85"}),
    ("0.8.2", "cpu", "floatX=float64, openmp=True", {"floatX": "float64", "openmp": "True"}),
    ("0.8.2", "cpu", "base_compiledir=/mine", {"base_compiledir": "/mine"}),
]


@pytest.mark.parametrize(
    ("version", "device", "own_flags", "expected"),
    [pytest.param(*case, id=" ".join(filter(None, case[:3]))) for case in CASES],
)
def test_flags(version: str, device: str, own_flags: str, expected: dict[str, str]) -> None:
    flags = parse_flags(theano_flags(version, device, Path("/c"), {"floatX": "float32"}, own_flags))
    assert expected.items() <= flags.items()
    assert flags.get("force_device") == ("True" if device == "gpu" else None)
    assert ("lib.cnmem" in flags) == (device == "gpu" and flags["device"].startswith("gpu"))


def test_a_compile_folder_of_the_user_is_the_only_one() -> None:
    assert "base_compiledir" not in parse_flags(theano_flags("0.8.2", "cpu", Path("/c"), {}, "compiledir=/mine"))
