"""The user's own settings of Theano, PyTensor and JAX: what is kept, and what is set aside and said."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lnpatch.runtimes.users_settings import (
    PYTENSOR,
    THEANO,
    UsersSettings,
    find_users_settings,
    find_working_settings,
)
from tests.conftest import Output

Run = Callable[..., Output]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of a user who has set nothing yet."""
    for name in ("THEANO_FLAGS", "THEANORC", "PYTENSOR_FLAGS", "PYTENSORRC", "JAX_PLATFORMS", "XLA_FLAGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


KEPT = [
    ("cpu", "device=cpu"),
    ("cpu", "floatX=float64, openmp=True"),
    ("cpu", "device=cpu,force_device=False"),
    ("gpu", "device=gpu3,lib.cnmem=0.5"),
    ("gpu", "device=cuda1,force_device=True"),
]
SET_ASIDE = [
    ("cpu", "device=gpu0"),
    ("cpu", "device=cuda"),
    ("cpu", "init_gpu_device=gpu1"),
    ("cpu", "force_device=True"),
    ("gpu", "device=cpu"),
    ("cpu", "base_compiledir=/proc/nothing"),
    ("gpu", "compiledir=/dev/null/x"),
]


@pytest.mark.parametrize(("device", "flags"), [pytest.param(*case, id=" ".join(case)) for case in KEPT])
def test_kept(device: str, flags: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEANO_FLAGS", flags)
    settings = find_users_settings(THEANO, device)
    assert ",".join(f"{name}={value}" for name, value in settings.flags.items()) == flags.replace(" ", "")
    assert settings.notes == ()


@pytest.mark.parametrize(("device", "flag"), [pytest.param(*case, id=" ".join(case)) for case in SET_ASIDE])
def test_set_aside(device: str, flag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEANO_FLAGS", f"openmp=True,{flag}")
    settings = find_users_settings(THEANO, device)
    assert settings.flags == {"openmp": "True"}
    (note,) = settings.notes
    assert note.startswith(f"THEANO_FLAGS: {flag} is set aside: ")


def test_a_theanorc_for_a_card_is_overruled_and_said(home: Path) -> None:
    (home / ".theanorc").write_text("[global]\ndevice = gpu0\nforce_device = True\nfloatX = float32\n")
    settings = find_users_settings(THEANO, "cpu")
    assert settings.flags == {}
    assert [note.split(" is set aside")[0] for note in settings.notes] == [
        f"{home}/.theanorc: device=gpu0",
        f"{home}/.theanorc: force_device=True",
    ]
    assert find_users_settings(PYTENSOR, "cpu").notes == ()


@pytest.mark.parametrize("text", [b"[global\n", b"\xff\xfe", b"device = gpu0\n", b"[lib]\ncnmem = 1\n", b""])
def test_a_theanorc_that_says_nothing_of_use(home: Path, text: bytes) -> None:
    (home / ".theanorc").write_bytes(text)
    assert find_users_settings(THEANO, "cpu") == UsersSettings({}, {})


PLATFORMS = [("cpu", "cuda", "cpu"), ("cpu", "cuda,cpu", "cpu"), ("gpu", "cpu", "cuda"), ("cpu", "tpu", "cpu")]


@pytest.mark.parametrize(("device", "theirs", "ours"), PLATFORMS)
def test_jax_runs_where_it_was_asked_to(device: str, theirs: str, ours: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_PLATFORMS", theirs)
    settings = find_users_settings(PYTENSOR, device)
    assert settings.variables == {"JAX_PLATFORMS": ours}
    assert f"{theirs} is set aside" in settings.notes[0]


@pytest.mark.parametrize(("device", "theirs"), [("cpu", "cpu"), ("gpu", "cuda"), ("gpu", "rocm"), ("cpu", "")])
def test_jax_platforms_that_fit_stay(device: str, theirs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_PLATFORMS", theirs)
    assert find_users_settings(PYTENSOR, device) == UsersSettings({}, {})


def test_what_the_engine_does_not_start_with_is_all_set_aside(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("THEANO_FLAGS", "optimizer=magic")
    (home / ".theanorc").write_text("[global]\noptimizer = magic\n")
    tried = []

    def command(users: UsersSettings) -> tuple[list[str], dict[str, str]]:
        tried.append(users)
        return [sys.executable, "-c", "raise ValueError('no magic')"], {}

    settings = find_working_settings(THEANO, "cpu", command)
    assert [users.flags for users in tried] == [{"optimizer": "magic"}]
    assert settings.flags == {}
    assert settings.variables == {"THEANORC": "/dev/null"}
    assert settings.notes == (
        f"THEANO_FLAGS, {home}/.theanorc: set aside, since Theano does not start with it: ValueError: no magic",
    )


def test_nothing_is_tried_where_nothing_is_set() -> None:
    def command(users: UsersSettings) -> tuple[list[str], dict[str, str]]:
        raise AssertionError("the engine takes seconds to start")

    assert find_working_settings(THEANO, "cpu", command) == UsersSettings({}, {})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        pytest.param({"THEANO_FLAGS": "device=gpu0"}, "device=gpu0 is set aside", id="flags-of-2016"),
        pytest.param({"PYTENSOR_FLAGS": "optimizer=magic"}, "PYTENSOR_FLAGS: set aside", id="invalid"),
        pytest.param({"JAX_PLATFORMS": "cuda"}, "cuda is set aside", id="jax-platforms"),
        pytest.param({"XLA_FLAGS": "--xla_no_such_flag=1"}, "XLA_FLAGS: set aside", id="xla-flags"),
    ],
)
def test_pytensor_trains_in_spite_of_them(
    lnpatch: Run, demo: Path, variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert lnpatch("apply", "demo").code == 0
    done = lnpatch("train", "demo", "--runtime", "pytensor", "--smoke", "--max-updates", "2", "--format", "json")
    assert done.code == 0, done.err
    assert any(said in note for note in done.json["notes"]), done.json["notes"]


@pytest.mark.slow
def test_theano_is_built_in_spite_of_a_theanorc(
    lnpatch: Run, python2: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be imported under these settings is no reason to refuse the environment."""
    monkeypatch.setenv("LNPATCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LNPATCH_PYTHON27", str(python2))
    monkeypatch.setenv("THEANO_FLAGS", "device=gpu0")
    (home / ".theanorc").write_text("[global]\ndevice = gpu0\nforce_device = True\nbase_compiledir = /proc/nothing\n")
    ready = lnpatch("setup", "demo", "--runtime", "theano", "--format", "json")
    assert ready.code == 0, ready.err
    assert ready.json["packages"]["theano"] == "0.8.2"
