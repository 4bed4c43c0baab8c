"""``lnpatch doctor``: for each job, what this machine has and lacks, and the command that brings it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from lnpatch.errors import LnpatchError
from lnpatch.folders import cache_root
from lnpatch.recipes import known_recipes
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
    """Look at every job of lnpatch on this machine; packages are looked up, not imported."""
    gpu = _gpu()
    by_name = {name: make(RuntimeOptions()) for name, make in runtimes().items()}
    theano, pytensor = tuple(_environments(by_name["theano"])), tuple(_environments(by_name["pytensor"]))
    python2, compiler = (_python2(), _compiler()), _compiler()
    python3 = (_python3(), _package("fissix"))
    figures = "pip install 'lnpatch[plot]'"
    return [
        Diagnosis("patch", "apply, diff, revert, status", (_git(), _package("libcst"), _package("gitpython"))),
        Diagnosis("theano cpu", "train on Python 2.7 and Theano", (*python2, *theano)),
        Diagnosis("theano gpu", "the same on a card of that time", (*python2, gpu, _nvcc())),
        Diagnosis("pytensor cpu", "train on Python 3 and PyTensor", (*python3, compiler, *pytensor)),
        Diagnosis("pytensor gpu", "the same through JAX on a current card", (*python3, gpu)),
        Diagnosis("download", "released models, data, logs", (_package("httpx"),)),
        Diagnosis("curves", "figures as PNG and SVG", (_package("matplotlib", figures), _package("plotext", figures))),
    ]


def cache_size() -> int:
    """Return the bytes in lnpatch's cache."""
    total = 0
    for folder, _, files in os.walk(cache_root()):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:  # removed in between
                continue
    return total


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


def _environments(runtime: Runtime) -> Iterator[Requirement]:
    """Look for the environments of the known targets."""
    for recipe in known_recipes():
        if recipe.requirements is None:
            continue
        try:
            environment = runtime.find_environment(recipe, "train")
        except LnpatchError:
            return
        mend = f"lnpatch setup {recipe.name} --runtime {runtime.name}"
        detail = str(environment.folder) if environment else "built when first used"
        yield Requirement(
            f"{recipe.name}'s environment", environment is not None, detail, "" if environment else mend, needed=False
        )


def _output(*command: str) -> str | None:
    """Return what a command prints; None where it is not there or fails."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
