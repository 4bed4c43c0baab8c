"""The user's own settings of Theano, PyTensor and JAX: they win where they can work, and the rest is said."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.recipes import find_recipe
from lnpatch.runtimes import choose
from lnpatch.runtimes.environment import Environment, _clean_environment
from lnpatch.runtimes.pytensor import PyTensorRuntime
from lnpatch.runtimes.theano import TheanoRuntime
from lnpatch.runtimes.user_settings import (
    PYTENSOR,
    THEANO,
    Library,
    choose_jax_platform,
    parse_flags,
    read_user_settings,
)

Write = Callable[[str], None]
VARIABLES = ("THEANO_FLAGS", "THEANORC", "PYTENSOR_FLAGS", "PYTENSORRC", "JAX_PLATFORMS")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "file").write_text("")


@pytest.fixture
def theanorc(tmp_path: Path) -> Write:
    return lambda text: (tmp_path / ".theanorc").write_text(text) and None


@pytest.mark.parametrize(
    ("flags", "device", "kept", "aside"),
    [
        ("", "cpu", {}, 0),
        ("floatX=float64,openmp=True", "cpu", {"floatX": "float64", "openmp": "True"}, 0),
        ("device=cpu", "cpu", {"device": "cpu"}, 0),
        ("device=gpu0,floatX=float32", "cpu", {"floatX": "float32"}, 1),
        ("device=cuda0,force_device=True", "cpu", {}, 2),
        ("device=cpu,force_device=True", "cpu", {"device": "cpu", "force_device": "True"}, 0),
        ("init_gpu_device=gpu0", "cpu", {}, 1),
        ("device=gpu1,lib.cnmem=0.5", "gpu", {"device": "gpu1", "lib.cnmem": "0.5"}, 0),
        ("device=cpu", "gpu", {}, 1),
        ("base_compiledir=/proc/nowhere/x", "cpu", {}, 1),
        ("base_compiledir={home}/file/x", "cpu", {}, 1),
        ("compiledir={home}/file", "cpu", {}, 1),
        ("base_compiledir=", "cpu", {}, 1),
        ("base_compiledir={home}/mine", "cpu", {"base_compiledir": "{home}/mine"}, 0),
        ("device=gpu0,device=cpu", "cpu", {"device": "cpu"}, 0),
        ("=,,x, a=b=c", "cpu", {"": "", "x": "", "a": "b=c"}, 0),
    ],
)
def test_flags(
    flags: str, device: str, kept: dict[str, str], aside: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THEANO_FLAGS", flags.format(home=tmp_path))
    settings = read_user_settings(THEANO, device)
    assert settings.settings == {name: value.format(home=tmp_path) for name, value in kept.items()}
    assert len(settings.aside) == aside
    assert all(note.startswith("THEANO_FLAGS: ") and "is set aside: " in note for note in settings.aside)


def test_a_file_of_2016(theanorc: Write) -> None:
    theanorc(
        "[global]\ndevice = gpu0\nfloatX = float32  # for the card\nforce_device = True\n"
        "base_compiledir = /proc/nowhere\n[lib]\ncnmem = 0.8\n[gcc]\ncxxflags = -O2,-g\n"
    )
    settings = read_user_settings(THEANO, "cpu")
    assert settings.settings == {"floatX": "float32", "lib.cnmem": "0.8"}
    said = "\n".join(settings.aside)
    for words in ("~/.theanorc: device=gpu0", "force_device=True", "base_compiledir=/proc/nowhere", "gcc.cxxflags"):
        assert words in said


def test_a_variable_wins_over_a_file(theanorc: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    theanorc("[global]\ndevice = gpu0\nfloatX = float32\n")
    monkeypatch.setenv("THEANO_FLAGS", "device=cpu,floatX=float64")
    assert read_user_settings(THEANO, "cpu").settings == {"device": "cpu", "floatX": "float64"}
    assert read_user_settings(THEANO, "cpu").aside == ()


@pytest.mark.parametrize("text", [b"\xff\xfe", b"device = gpu0", b"[global", b"[a]\nx", b"\0"])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, text: bytes) -> None:
    (tmp_path / ".theanorc").write_bytes(text)
    settings = read_user_settings(THEANO, "cpu")
    assert settings.settings == {}
    assert ["cannot be read" in note for note in settings.aside] == [True]


@pytest.mark.parametrize("library", [THEANO, PYTENSOR], ids=["theano", "pytensor"])
def test_files_in_a_row(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("[global]\nx = 1\ny = 1\n")
    (tmp_path / "b").write_text("[global]\nx = 2\n[blas]\nldflags = -lblas\n")
    monkeypatch.setenv(library.files, os.pathsep.join(map(str, (tmp_path / "a", tmp_path / "b", tmp_path, "nowhere"))))
    settings = read_user_settings(library, "cpu")
    assert settings.settings == {"x": "2", "y": "1", f"blas{library.separator}ldflags": "-lblas"}
    assert len(settings.aside) == 1  # the folder


@pytest.mark.parametrize(
    ("users", "device", "platform"),
    [
        ("", "cpu", None),
        ("cpu", "cpu", "cpu"),
        ("cuda", "cpu", "cpu"),
        ("cuda,cpu", "cpu", "cuda,cpu"),
        ("cpu", "gpu", "cuda"),
        ("gpu", "gpu", "gpu"),
        ("tpu", "cpu", "cpu"),
    ],
)
def test_the_platform_of_jax(users: str, device: str, platform: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_PLATFORMS", users)
    chosen = choose_jax_platform(device)
    assert chosen.settings.get("JAX_PLATFORMS") == platform
    assert bool(chosen.aside) == (bool(users) and platform != users)


@pytest.mark.parametrize("runtime", [TheanoRuntime(), PyTensorRuntime()], ids=["theano", "pytensor"])
def test_a_run_starts_with_none_of_it(
    runtime: choose.Runtime, theanorc: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process of a run reads no file of the user's, and gets what can work as flags."""
    theanorc("[global]\ndevice = gpu0\nbase_compiledir = /proc/nowhere\n")
    (tmp_path / ".pytensorrc").write_text("[global]\ndevice = gpu0\nbase_compiledir = /proc/nowhere\ncxx = \n")
    monkeypatch.setenv("THEANO_FLAGS", "device=gpu0,openmp=True")
    monkeypatch.setenv("PYTENSOR_FLAGS", "device=gpu0,mode=FAST_RUN")
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    environment = Environment(tmp_path, tmp_path / "python", {"theano": "0.8.2", "jax": "0.4", "numpy": "1"})
    variables = runtime.variables(find_recipe("demo"), environment, ())
    flags = parse_flags(variables["THEANO_FLAGS"])
    assert (flags["device"], flags["openmp"]) == ("cpu", "True")
    assert "gpu0" not in str(variables)
    assert "/proc/nowhere" not in str(variables)
    if runtime.name == "theano":
        assert variables["THEANORC"] == os.devnull
    else:
        assert (variables["PYTENSORRC"], variables["JAX_PLATFORMS"]) == (os.devnull, "cpu")
        assert parse_flags(variables["PYTENSOR_FLAGS"]) == {"mode": "FAST_RUN", "cxx": ""}


@pytest.mark.parametrize("runtime", [TheanoRuntime(), PyTensorRuntime()], ids=["theano", "pytensor"])
def test_what_is_set_aside_is_said_before_anything_runs(
    runtime: choose.Runtime, theanorc: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THEANO_FLAGS", "device=gpu0")
    for module in ("theano", "pytensor"):
        monkeypatch.setattr(f"lnpatch.runtimes.{module}.ensure_environment", lambda spec, report_step: None)
    monkeypatch.setattr(TheanoRuntime, "environment_spec", lambda *_: None)
    said: list[str] = []
    runtime.ensure_environment(find_recipe("demo"), "train", said.append)
    assert said == ["THEANO_FLAGS: device=gpu0 is set aside: the run is on the cpu"]


def test_an_environment_is_built_without_the_users_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "device=gpu0")
    clean = _clean_environment()
    assert "gpu0" not in str([clean.get(name) for name in VARIABLES])
    assert (clean["THEANORC"], clean["PYTENSORRC"]) == (os.devnull, os.devnull)
