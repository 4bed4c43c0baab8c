"""``lnpatch demo --train`` with what is installed beside lnpatch: no network, no Python 2.7."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import Output

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("pytensor") is None or find_spec("jax") is None, reason="pip install '.[pytensor]'"),
]


def test_baseline_and_ln_are_trained_and_drawn(
    lnpatch: Callable[..., Output], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    for name in ("PIP_INDEX_URL", "HTTPS_PROXY", "HTTP_PROXY"):  # whatever is fetched would fail
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    done = lnpatch("demo", "--train", "--format", "json")
    assert done.code == 0, done.err
    baseline, normalized = done.json["runs"]
    assert (baseline["cell"], normalized["cell"]) == ("gru", "lngru")
    for run in (baseline, normalized):
        assert run["runtime"] == "pytensor"
        assert run["state"] == "done"
        assert run["last_cost"] < 0.7 * run["first_cost"]
    assert normalized["last_cost"] < baseline["last_cost"]
    assert Path(done.json["curves"]["figures"][0]).read_text().startswith("<?xml")
