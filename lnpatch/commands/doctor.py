"""``lnpatch doctor``: for each job, what this machine has and lacks, and the command that brings it."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from lnpatch.cache.entries import measure
from lnpatch.configuration.in_force import Setting, settings_in_force
from lnpatch.configuration.search import find_files
from lnpatch.errors import ConfigurationError, LnpatchError, NoPython2Error, WrongPythonError
from lnpatch.errors.install_hint import how_to_install
from lnpatch.folders import cache_root, data_folder
from lnpatch.recipes import Recipe, known_recipes
from lnpatch.runtimes.choose import RuntimeChoice, explain_choice, runtimes
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


@dataclass(frozen=True)
class CacheUse:
    """Where lnpatch's cache is, and how large."""

    #: Empty for a user without a home.
    folder: str
    bytes: int


@dataclass(frozen=True)
class Configured:
    """What is configured here."""

    settings: tuple[Setting, ...] = ()
    #: Files that were left unread, and why; or what is wrong with one.
    notes: tuple[str, ...] = ()


def find_configuration() -> Configured:
    """Return what is in force here, and where it comes from; a file that cannot be used is told, and nothing else is read."""
    try:
        found = find_files()
    except ConfigurationError as error:
        return Configured(notes=(error.message,))
    return Configured(tuple(settings_in_force(found)), found.notes)


def diagnose() -> list[Diagnosis]:
    """Look at every job of lnpatch on this machine; packages are looked up, not imported."""
    gpu = _look_for("NVIDIA GPU", _gpu)
    theano, pytensor = _look_for_environments("theano"), _look_for_environments("pytensor")
    compiler = _look_for("C++ compiler", _compiler)
    python2 = (_look_for("Python 2.7", _python2), compiler)
    python3 = (_python3(), _package("fissix"))
    cache = _look_for("cache folder", lambda: _folder("cache folder", cache_root(), "LNPATCH_CACHE"))
    data = _look_for("data folder", lambda: _folder("data folder", data_folder(), "LNPATCH_DATA"))
    temporary = _look_for("temporary folder", _temporary_folder)
    nvcc = _look_for("nvcc", _nvcc)
    git = (_look_for("git", _git), _package("libcst"), _package("gitpython"), temporary)
    figures = how_to_install("plot")
    return [
        Diagnosis("patch", "apply, diff, revert, status", git),
        Diagnosis("theano cpu", "train on Python 2.7 and Theano", (*python2, cache, *theano)),
        Diagnosis("theano gpu", "the same on a card of that time", (*python2, cache, gpu, nvcc)),
        Diagnosis("pytensor cpu", "train on Python 3 and PyTensor", (*python3, compiler, cache, *pytensor)),
        Diagnosis("pytensor gpu", "the same through JAX on a current card", (*python3, cache, gpu)),
        Diagnosis("download", "released models, data, logs", (_package("httpx"), data)),
        Diagnosis("curves", "figures as PNG and SVG", (_package("matplotlib", figures), _package("plotext", figures))),
    ]


def find_runtimes() -> dict[str, RuntimeChoice]:
    """Return for each known target the runtime that ``--runtime auto`` takes to train it here, and why.

    Where that cannot be found out, the choice has no name, and says what is wrong.
    """
    return {recipe.name: _choice(recipe) for recipe in known_recipes() if "train" in recipe.jobs}


def _choice(recipe: Recipe) -> RuntimeChoice:
    try:
        return explain_choice(RuntimeOptions(), recipe, "train")
    except LnpatchError as error:
        return RuntimeChoice("", error.message)
    except Exception as error:  # noqa: BLE001  as in _look_for
        return RuntimeChoice("", f"{type(error).__name__}: {error}")


def measure_cache() -> CacheUse:
    """Return where lnpatch's cache is, and how many bytes are in it."""
    try:
        root = cache_root()
    except LnpatchError:
        return CacheUse("", 0)
    return CacheUse(str(root), measure(root))


def _look_for(name: str, look: Callable[[], Requirement]) -> Requirement:
    """Look for one thing; what goes wrong while looking is told in its place, and the others are looked for all the same."""
    try:
        return look()
    except LnpatchError as error:
        return Requirement(name, False, error.message, error.hint)
    except Exception as error:  # noqa: BLE001  whatever is wrong with this machine: to say so is what doctor is for
        return Requirement(name, False, f"{type(error).__name__}: {error}", "this is what has to be mended first")


def _folder(name: str, folder: Path, variable: str) -> Requirement:
    """Say whether files can be written into a folder that is made when it is first needed; nothing is left there."""
    place = folder
    while not place.exists() and not place.is_symlink() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"0" * 4096)
            file.flush()
    except OSError as error:
        reason = f"{folder}: nothing can be written to {place}: {error.strerror or error}"
        return Requirement(name, False, reason, f"export {variable}=/a/folder/of/yours")
    return Requirement(name, True, str(folder))


def _temporary_folder() -> Requirement:
    return _folder("temporary folder", Path(tempfile.gettempdir()), "TMPDIR")


def _git() -> Requirement:
    output = _output("git", "--version")
    version = re.search(r"(\d+)\.(\d+)[\d.]*", output or "")
    if version is None:
        return Requirement("git", False, "", "install git 2.30 or later: https://git-scm.com/downloads")
    new_enough = (int(version[1]), int(version[2])) >= (2, 30)
    return Requirement("git", new_enough, version[0], "" if new_enough else "update it to 2.30 or later")


def _package(name: str, mend: str = "") -> Requirement:
    def look() -> Requirement:
        try:
            return Requirement(name, True, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            return Requirement(name, False, "", mend or f"pip install {name}")

    return _look_for(name, look)


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


def _look_for_environments(runtime: str) -> tuple[Requirement, ...]:
    """Look for the environments of the known targets; each is built when first used, so none is needed."""
    recipes = [recipe for recipe in known_recipes() if recipe.requirements is not None]
    found = [_look_for(f"{recipe.name}'s environment", partial(_environment, runtime, recipe)) for recipe in recipes]
    return tuple(replace(requirement, needed=False) for requirement in found)


def _environment(name: str, recipe: Recipe) -> Requirement:
    title = f"{recipe.name}'s environment"
    try:
        runtime = runtimes()[name](RuntimeOptions())
        environment = runtime.find_environment(recipe)
        trains = environment is not None or runtime.find_environment(recipe, "train") is not None
    except (NoPython2Error, WrongPythonError) as error:  # which has a line of its own
        return Requirement(title, False, "cannot be built yet", error.hint)
    if environment is None:
        detail = "what trains is there; what evaluates is built when first used" if trains else "built when first used"
        return Requirement(title, False, detail, f"lnpatch setup {recipe.name} --runtime {name}")
    return Requirement(title, True, str(environment.folder))


def _output(*command: str) -> str | None:
    """Return what a command prints; None where it is not there or fails."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
