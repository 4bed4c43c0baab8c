"""``lnpatch doctor``: for each job, what this machine has and lacks, and the command that brings it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from lnpatch.errors import LnpatchError, NoPython2Error
from lnpatch.folders import cache_root, data_folder, find_folder_problem
from lnpatch.recipes import Recipe, known_recipes
from lnpatch.runtimes.choose import Runtime, runtimes
from lnpatch.runtimes.find_python2 import find_python2
from lnpatch.runtimes.runtime_options import RuntimeOptions


@dataclass(frozen=True)
class Requirement:
    """One thing that a job needs, and whether this machine has it."""

    name: str
    there: bool
    #: What was found.
    detail: str = ""
    #: The command that brings it, where it is not there.
    mend: str = ""
    #: Whether the job cannot run without; false for what lnpatch builds itself when the job first runs.
    needed: bool = True


@dataclass(frozen=True)
class Diagnosis:
    """A job, and all that it needs."""

    job: str
    what: str
    findings: tuple[Requirement, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is missing that lnpatch could not bring itself."""
        return all(finding.there for finding in self.findings if finding.needed)


def diagnose() -> list[Diagnosis]:
    """Look at every job of lnpatch on this machine; packages are looked up, not imported.

    A check that fails is a finding like any other: it says so, and the others go on.
    """
    temporary = _look("temporary files", _temporary_folder)
    gpu = _look("NVIDIA GPU", _gpu)
    compiler, cache = _look("C++ compiler", _compiler), _look("cache", _cache)
    python2 = (_look("Python 2.7", _python2), compiler, cache)
    python3 = (_look("Python 3.11+", _python3), *_packages("fissix"), cache)
    theano, pytensor = (tuple(_environments(name)) for name in ("theano", "pytensor"))
    patch = (_look("git", _git), *_packages("libcst", "gitpython"), temporary)
    figures = _packages("matplotlib", "plotext", mend="pip install 'lnpatch[plot]'")
    return [
        Diagnosis("patch", "apply, diff, revert, status", patch),
        Diagnosis("theano cpu", "train on Python 2.7 and Theano", (*python2, *theano)),
        Diagnosis("theano gpu", "the same on a card of that time", (*python2, gpu, _look("nvcc", _nvcc))),
        Diagnosis("pytensor cpu", "train on Python 3 and PyTensor", (*python3, compiler, *pytensor)),
        Diagnosis("pytensor gpu", "the same through JAX on a current card", (*python3, gpu)),
        Diagnosis("download", "released models, data, logs", (*_packages("httpx"), _look("records", _records))),
        Diagnosis("curves", "figures as PNG and SVG", figures),
    ]


def cache_size() -> int:
    """Return the bytes in lnpatch's cache.

    Raises:
        OSError: there can be no cache.
    """
    total = 0
    for folder, _, files in os.walk(cache_root()):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:  # removed in between
                continue
    return total


def _look(name: str, check: Callable[[], Requirement]) -> Requirement:
    """Return what a check finds; where the check itself fails, that is what was found."""
    try:
        return check()
    except NoPython2Error:
        raise
    except LnpatchError as error:
        return Requirement(name, False, error.message, error.hint or "mend that, and ask again")
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is of this machine, and the others are to be told too
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Requirement(name, False, f"could not be looked at ({reason})", "mend that, and ask again")


def _packages(*names: str, mend: str = "") -> tuple[Requirement, ...]:
    return tuple(_look(name, partial(_package, name, mend)) for name in names)


def _temporary_folder() -> Requirement:
    try:
        folder = tempfile.gettempdir()
    except FileNotFoundError as error:  # it has tried several
        return Requirement("temporary files", False, str(error.strerror), "TMPDIR names a folder that can be written")
    return _folder("temporary files", Path(folder), "TMPDIR")


def _cache() -> Requirement:
    return _folder("cache", cache_root(), "LNPATCH_CACHE")


def _records() -> Requirement:
    return _folder("records", data_folder(), "LNPATCH_DATA")


def _folder(name: str, folder: Path, variable: str) -> Requirement:
    """Look whether something can be written to a folder."""
    problem = find_folder_problem(folder)
    mend = f"make room or give leave there; {variable} names another folder" if problem else ""
    return Requirement(name, not problem, problem or str(folder), mend)


def _git() -> Requirement:
    output = _output("git", "--version")
    version = re.search(r"(\d+)\.(\d+)[\d.]*", output or "")
    if version is None:
        return Requirement("git", False, "", "install git 2.30 or later: https://git-scm.com/downloads")
    new_enough = (int(version[1]), int(version[2])) >= (2, 30)
    return Requirement("git", new_enough, version[0], "" if new_enough else "update it to 2.30 or later")


def _package(name: str, mend: str = "") -> Requirement:
    try:
        return Requirement(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Requirement(name, False, "", mend or f"pip install {name}")


def _python2() -> Requirement:
    python = find_python2()
    if python is None:
        mend = "pyenv install 2.7.18 | conda create -n python27 python=2.7 | apt-get install python2.7"
        return Requirement("Python 2.7", False, "", f"{mend}; or use --runtime pytensor, which needs none")
    return Requirement("Python 2.7", True, str(python))


def _python3() -> Requirement:
    version = ".".join(map(str, sys.version_info[:3]))
    return Requirement("Python 3.11+", sys.version_info >= (3, 11), version, "")


def _compiler() -> Requirement:
    output = _output("g++", "--version")
    mend = "apt-get install g++ | dnf install gcc-c++ | xcode-select --install"
    return Requirement("C++ compiler", output is not None, (output or "").partition("\n")[0], "" if output else mend)


def _nvcc() -> Requirement:
    output = _output("nvcc", "--version")
    version = re.search(r"release [\d.]+", output or "")
    mend = "install a CUDA toolkit that the card and Theano 0.8.2 both know (7.5, at most 8.0)"
    return Requirement("nvcc", output is not None, version[0] if version else "", "" if output else mend)


def _gpu() -> Requirement:
    output = _output("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
    mend = "an NVIDIA card and its driver (`nvidia-smi` has to list it)"
    return Requirement("NVIDIA GPU", bool(output), (output or "").strip().replace("\n", "; "), "" if output else mend)


def _environments(name: str) -> Iterator[Requirement]:
    """Look for a runtime's environments of the known targets."""
    runtime = runtimes()[name](RuntimeOptions())
    for recipe in known_recipes():
        if recipe.requirements is None:
            continue
        try:
            yield replace(_look(f"{recipe.name}'s environment", partial(_environment, runtime, recipe)), needed=False)
        except NoPython2Error:  # which has a line of its own
            return


def _environment(runtime: Runtime, recipe: Recipe) -> Requirement:
    environment = runtime.find_environment(recipe, "train")
    name = f"{recipe.name}'s environment"
    if environment is None:
        return Requirement(
            name, False, "built when first used", f"lnpatch setup {recipe.name} --runtime {runtime.name}"
        )
    return Requirement(name, True, str(environment.folder))


def _output(*command: str) -> str | None:
    """Return what a command prints; None where it is not there or fails."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
