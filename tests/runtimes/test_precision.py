"""What matrix products are rounded to: only a GPU can be told, and check asks for float32."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.errors import UsageError
from lnpatch.recipes import find_recipe
from lnpatch.runtimes.choose import make_runtime
from lnpatch.runtimes.environment import Environment
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.runtimes.users_settings import UsersSettings
from tests.conftest import Output

VARIABLE = "JAX_DEFAULT_MATMUL_PRECISION"


@pytest.mark.parametrize(
    ("device", "precision", "expected"),
    [
        ("cpu", "auto", None),
        ("cpu", "float32", None),
        ("gpu", "auto", None),  # XLA takes TF32 itself
        ("gpu", "tf32", None),
        ("gpu", "float32", "highest"),
        ("gpu", "bfloat16", "BF16_BF16_F32"),
    ],
)
def test_what_jax_is_told(device: str, precision: str, expected: str | None, tmp_path: Path) -> None:
    runtime = make_runtime("pytensor", RuntimeOptions("pytensor", device=device, precision=precision))
    environment = Environment(tmp_path, tmp_path / "python", {"pytensor": "3.3.8", "jax": "0.11.2"})
    variables = runtime.variables(find_recipe("demo"), environment, (), UsersSettings({}, {}))
    assert variables.get(VARIABLE) == expected


@pytest.mark.parametrize(
    ("device", "runtime", "precision", "meant"),
    [
        ("cpu", "pytensor", "auto", "float32"),
        ("gpu", "pytensor", "auto", "tf32"),
        ("gpu", "pytensor", "bfloat16", "bfloat16"),
        ("gpu", "theano", "auto", "float32"),
    ],
)
def test_what_is_meant(device: str, runtime: str, precision: str, meant: str) -> None:
    assert RuntimeOptions(runtime, device=device, precision=precision).precision_of(runtime) == meant


@pytest.mark.parametrize(
    "options", [("pytensor", "cpu", "tf32"), ("theano", "gpu", "tf32"), ("auto", "cpu", "bfloat16")]
)
def test_what_has_one_precision_is_told_no_other(options: tuple[str, str, str]) -> None:
    runtime, device, precision = options
    with pytest.raises(UsageError, match="belongs to --device gpu"):
        make_runtime(runtime, RuntimeOptions(runtime, device=device, precision=precision))


def test_on_the_command_line(lnpatch: Callable[..., Output]) -> None:
    assert lnpatch("apply", "demo").code == 0
    refused = lnpatch("train", "demo", "--smoke", "--runtime", "pytensor", "--precision", "tf32")
    assert (refused.code, "belongs to --device gpu" in refused.err) == (2, True)
