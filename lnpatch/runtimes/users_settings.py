"""The user's own settings of Theano, PyTensor and JAX: kept where they can work here, else set aside, which is said.

They stand in ``~/.theanorc``, ``~/.pytensorrc`` and environment variables, and many were written years ago for a card that
is gone. ``--device`` says which device is meant; a flag only says which one of that kind.
"""

from __future__ import annotations

import configparser
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lnpatch.folders import home_folder
from lnpatch.runtimes.theano_flags import parse_flags

#: The flags that name the folder of compiled code.
_FOLDERS = ("base_compiledir", "compiledir")

#: What the devices of ``--device gpu`` are called: by Theano's old CUDA backend, by its new one, and by OpenCL.
_GPUS = ("gpu", "cuda", "opencl")

#: How long the engine may take to start with the user's settings, in seconds; it may compile a little.
_PROBE_TIMEOUT = 300


@dataclass(frozen=True)
class UsersSettings:
    """What is kept of the user's own settings, and what was set aside."""

    #: The settings of THEANO_FLAGS that are kept.
    flags: Mapping[str, str]
    #: Environment variables that take the place of the user's own, where those were set aside.
    variables: Mapping[str, str]
    #: What was set aside and why, for people.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Engine:
    """Where an engine takes the user's settings from, besides THEANO_FLAGS."""

    #: As people call it.
    name: str
    #: The variable that names its configuration files, and the file that is taken where it is not set.
    files_variable: str
    default_file: str
    #: Further variables with settings of it.
    variables: tuple[str, ...]
    #: A program that fails where the settings cannot work.
    probe: str


THEANO = Engine(
    "Theano",
    "THEANORC",
    ".theanorc",
    (),
    "import theano, theano.tensor as T; x = T.fmatrix(); theano.function([x], T.dot(x, x))",
)
PYTENSOR = Engine(
    "PyTensor",
    "PYTENSORRC",
    ".pytensorrc",
    ("PYTENSOR_FLAGS", "XLA_FLAGS"),
    "import theano, theano.tensor as T; x = T.fmatrix(); theano.function([x], T.dot(x, x))([[1.0]])",
)


def find_users_settings(engine: Engine, device: str) -> UsersSettings:
    """Read what the user has set for *engine*, less what contradicts ``--device`` or names a folder that cannot be written.

    Args:
        device: ``cpu`` or ``gpu``.
    """
    flags, notes = _keep_usable(parse_flags(os.environ.get("THEANO_FLAGS", "")), device, "THEANO_FLAGS")
    variables: dict[str, str] = {}
    if engine is THEANO:
        for file in _configuration_files(engine):
            notes += _keep_usable(_read_configuration(file), device, str(file))[1]
    else:
        platform, more = _jax_platforms(device)
        variables, notes = variables | platform, notes + more
    return UsersSettings(flags, variables, tuple(notes))


def set_all_aside(engine: Engine, settings: UsersSettings, reason: str) -> UsersSettings:
    """Return settings without any of the user's, for an engine that does not start with them."""
    sources = ["THEANO_FLAGS"] if settings.flags else []
    sources += [name for name in engine.variables if os.environ.get(name)]
    sources += map(str, _configuration_files(engine))
    note = f"{', '.join(sources)}: set aside, since {engine.name} does not start with it: {reason}"
    ours = {engine.files_variable: os.devnull, **dict.fromkeys(engine.variables, "")}
    return UsersSettings({}, {**settings.variables, **ours}, (*settings.notes, note))


def has_settings(engine: Engine, settings: UsersSettings) -> bool:
    """Return whether the user has set anything that is kept so far, so that it is worth a trial."""
    return bool(
        settings.flags or any(os.environ.get(name) for name in engine.variables) or _configuration_files(engine)
    )


def find_working_settings(
    engine: Engine, device: str, command: Callable[[UsersSettings], tuple[Sequence[str | Path], Mapping[str, str]]]
) -> UsersSettings:
    """Return the user's settings as far as the engine starts with them; it is started only where there are any.

    Args:
        command: returns the command that runs the engine's probe with some settings, and its whole environment.
    """
    settings = find_users_settings(engine, device)
    if not has_settings(engine, settings):
        return settings
    words, environment = command(settings)
    reason = _why_it_fails(words, environment)
    return set_all_aside(engine, settings, reason) if reason else settings


def _why_it_fails(words: Sequence[str | Path], environment: Mapping[str, str]) -> str:
    """Return the last line that a program says when it fails; empty for one that does not."""
    try:
        done = subprocess.run(
            words, env=environment, capture_output=True, timeout=_PROBE_TIMEOUT, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        return f"nothing after {_PROBE_TIMEOUT} s"
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), f"it ends with {done.returncode}")


def _keep_usable(flags: Mapping[str, str], device: str, source: str) -> tuple[dict[str, str], list[str]]:
    """Return the flags that can work on *device*, and remarks on the others."""
    kept: dict[str, str] = {}
    notes = []
    for name, value in flags.items():
        if reason := _why_unusable(name, value, device):
            notes.append(f"{source}: {name}={value} is set aside: {reason}.")
        else:
            kept[name] = value
    return kept, notes


def _why_unusable(name: str, value: str, device: str) -> str:
    """Return why a flag cannot work; empty for one that may."""
    if name in ("device", "init_gpu_device") and value.startswith(_GPUS) and device == "cpu":
        return "this runs on the CPU; --device gpu takes the card"
    if name == "device" and value.startswith("cpu") and device == "gpu":
        return "--device gpu was asked for"
    if name == "force_device" and device == "cpu" and value.lower() in ("true", "1"):
        return "no card is used on the CPU"
    if name in _FOLDERS and not _can_write(Path(os.path.expanduser(value))):
        return "nothing can be written there"
    return ""


def _can_write(folder: Path) -> bool:
    """Return whether files can be made in a folder, which is made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except (OSError, ValueError):
        return False


def _jax_platforms(device: str) -> tuple[dict[str, str], list[str]]:
    """Return what takes the place of a JAX_PLATFORMS that contradicts *device*, and remarks."""
    platforms = [name.strip().lower() for name in os.environ.get("JAX_PLATFORMS", "").split(",") if name.strip()]
    if not platforms or (device == "cpu" and platforms[0] == "cpu") or (device == "gpu" and platforms[0] != "cpu"):
        return {}, []
    note = f"JAX_PLATFORMS: {','.join(platforms)} is set aside: --device {device} is meant."
    return {"JAX_PLATFORMS": "cpu" if device == "cpu" else "cuda"}, [note]


def _configuration_files(engine: Engine) -> list[Path]:
    """Return the user's configuration files of *engine* that are there."""
    named = os.environ.get(engine.files_variable)
    home = home_folder()
    if named:
        files = [Path(os.path.expanduser(name)) for name in named.split(os.pathsep) if name]
    else:
        files = [home / engine.default_file] if home is not None else []
    return [file for file in files if file.is_file()]


def _read_configuration(file: Path) -> dict[str, str]:
    """Return the settings of a configuration file's ``[global]``; none where it cannot be read, which its engine will tell."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(file, encoding="utf-8")
        return dict(parser.items("global"))
    except (configparser.Error, OSError, UnicodeError):
        return {}
