"""The user's own settings of Theano and PyTensor: they win where they can work; what cannot is set aside, and said.

Many a machine still has a ``~/.theanorc`` of 2016 with ``device = gpu0``, which no run on the CPU can start with.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lnpatch.folders import find_folder_problem


@dataclass(frozen=True)
class Library:
    """Where a library looks for its settings."""

    flags: str
    files: str
    default_file: str
    #: What stands between a section and a name.
    separator: str


THEANO = Library("THEANO_FLAGS", "THEANORC", "~/.theanorc", ".")
PYTENSOR = Library("PYTENSOR_FLAGS", "PYTENSORRC", "~/.pytensorrc", "__")

#: The beginnings of what ``device`` may be, by the device of a run.
_DEVICES = {"cpu": ("cpu",), "gpu": ("gpu", "cuda", "opencl")}

#: Folders in which compiled code is kept.
_FOLDERS = ("base_compiledir", "compiledir")


@dataclass(frozen=True)
class UserSettings:
    """What the user has set, as far as it can work, and the rest in words."""

    settings: Mapping[str, str]
    aside: tuple[str, ...] = ()

    def as_flags(self) -> str:
        """Return the settings as the value of THEANO_FLAGS or PYTENSOR_FLAGS."""
        return ",".join(f"{name}={value}" for name, value in self.settings.items())


def parse_flags(text: str) -> dict[str, str]:
    """Split the value of THEANO_FLAGS into its settings, in their order."""
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def read_user_settings(library: Library, device: str, with_files: bool = True) -> UserSettings:
    """Return the user's settings of a library for a run on *device*, ``cpu`` or ``gpu``.

    Args:
        with_files: also those of the library's file; the variable wins over it.
    """
    aside: list[str] = []
    origins = [(name, value, origin) for name, value, origin in _all_settings(library, with_files, aside)]
    values = {name: (value, origin) for name, value, origin in origins}  # the last one counts
    kept: dict[str, str] = {}
    for name, (value, origin) in values.items():
        if reason := _find_obstacle(name, value, device, values.get("device", ("", ""))[0]):
            aside.append(f"{origin}: {name}={value} is set aside: {reason}")
        else:
            kept[name] = value
    return UserSettings(kept, tuple(aside))


def choose_jax_platform(device: str) -> UserSettings:
    """Return JAX_PLATFORMS as the user has set it, if the device of the run is among them."""
    users = os.environ.get("JAX_PLATFORMS", "")
    ours = "cpu" if device == "cpu" else "cuda"
    if not users or any(name.strip() in (ours, "gpu" if ours == "cuda" else ours) for name in users.split(",")):
        return UserSettings({"JAX_PLATFORMS": users} if users else {})
    return UserSettings({"JAX_PLATFORMS": ours}, (f"JAX_PLATFORMS={users} is set aside: the run is on the {device}",))


def _all_settings(library: Library, with_files: bool, aside: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and origin of every setting, those that win last."""
    names = os.environ.get(library.files, library.default_file).split(os.pathsep) if with_files else []
    for file in filter(None, names):
        for name, value in _read_file(file, library.separator, aside):
            if "," in value:
                aside.append(f"{file}: {name} is set aside: {library.flags} takes no value with a comma")
            else:
                yield name, value, file
    for name, value in parse_flags(os.environ.get(library.flags, "")).items():
        yield name, value, library.flags


def _read_file(file: str, separator: str, aside: list[str]) -> Iterator[tuple[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # floatX is not floatx
    try:
        parser.read_string(Path(os.path.expanduser(file)).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError, configparser.Error) as error:
        aside.append(f"{file} is set aside, it cannot be read: {str(error).splitlines()[0]}")
        return
    for section in parser.sections():
        for name, value in parser.items(section):
            full = name if section == "global" else f"{section.replace('.', separator)}{separator}{name}"
            yield full, value.partition("#")[0].strip()


def _find_obstacle(name: str, value: str, device: str, users_device: str) -> str:
    """Return why a setting cannot work in a run on *device*; empty where it can."""
    other_device = bool(users_device) and not users_device.startswith(_DEVICES[device])
    if (name == "device" and other_device) or (name == "force_device" and other_device):
        return f"the run is on the {device}"
    if name in ("init_gpu_device", "contexts") and device == "cpu" and value:
        return "the run is on the cpu"
    if name in _FOLDERS and "%(" not in value:
        problem = find_folder_problem(Path(os.path.abspath(os.path.expanduser(value)))) if value else "it is empty"
        return f"nothing can be written there ({problem})" if problem else ""
    return ""
