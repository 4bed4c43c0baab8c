"""Isolated Python environments with pinned packages: built in lnpatch's cache, used again, built anew when broken."""

from __future__ import annotations

import json
import logging
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lnpatch.cache.use import hold_entry
from lnpatch.errors import EnvironmentBuildError
from lnpatch.files import sha256_of
from lnpatch.folders import cache_folder, cache_root

_logger = logging.getLogger(__name__)

#: Called with what is being done, in words for people.
ReportStep = Callable[[str], None]

_MANIFEST = "lnpatch.json"

#: The last virtualenv that makes environments of Python 2.7.
_VIRTUALENV = "virtualenv>=20.15,<20.22"

# Both Pythons: the versions of distributions, and whether modules can be found without importing them.
_VERSIONS = (
    "import json, sys\n"
    "try:\n"
    "    from importlib.metadata import distributions\n"
    "    found = {d.metadata['Name'].lower(): d.version for d in distributions()}\n"
    "except ImportError:\n"
    "    import pkg_resources\n"
    "    found = {d.project_name.lower(): d.version for d in pkg_resources.working_set}\n"
    "found['python'] = '.'.join(str(part) for part in sys.version_info[:3])\n"
    "print(json.dumps(found))\n"
)
_FINDABLE = (
    "import sys\n"
    "try:\n"
    "    from importlib.util import find_spec as find\n"
    "except ImportError:\n"
    "    from pkgutil import find_loader as find\n"
    "sys.exit(any(find(name) is None for name in sys.argv[1:]))\n"
)


@dataclass(frozen=True)
class EnvironmentSpec:
    """What an environment has to hold."""

    #: What its folder is called, in front of a digest of all that is below.
    name: str
    #: The Python that it is made from.
    base: Path
    #: Lists of requirements, each installed after the one before it, on which its builds may depend.
    steps: tuple[tuple[str, ...], ...]
    #: Modules that have to be importable in the end.
    imports: tuple[str, ...]
    #: Whether *base* is a Python 2.7.
    python2: bool = False

    @property
    def folder(self) -> Path:
        """The folder that the environment is in, or will be."""
        text = json.dumps([self.name, os.fspath(self.base), self.steps])
        return cache_root() / "environments" / f"{self.name}-{sha256_of(text.encode())[:12]}"


@dataclass(frozen=True)
class Environment:
    """An environment that is ready."""

    #: Its folder.
    folder: Path
    #: Its interpreter.
    python: Path
    #: The versions of its packages, by their lower-case names; ``python`` is one of them.
    packages: Mapping[str, str]

    def version(self, package: str) -> str:
        """Return the version of a package, empty where it is not installed."""
        return self.packages.get(package.lower(), "")


def find_environment(spec: EnvironmentSpec) -> Environment | None:
    """Return the environment of *spec* if it is there and whole; nothing is built, and no package is imported."""
    try:
        manifest = json.loads((spec.folder / _MANIFEST).read_text(encoding="utf-8"))
        packages = {str(name): str(version) for name, version in manifest["packages"].items()}
        environment = Environment(spec.folder, _interpreter(spec.folder), packages)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return environment if _can_find(environment.python, spec.imports) else None


def _can_find(python: Path, modules: Sequence[str]) -> bool:
    """Tell whether a Python is there, runs, and can find modules."""
    try:
        return _run_quietly([python, "-c", _FINDABLE, *modules], timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def ensure_environment(spec: EnvironmentSpec, report_step: ReportStep) -> Environment:
    """Return the environment of *spec*, built if it is not there or not whole.

    Raises:
        EnvironmentBuildError: a package could not be installed; the folder is left without its mark, so the next try
            starts afresh.
    """
    existing = find_environment(spec)
    if existing is not None:
        return existing
    cache_folder("environments")
    with hold_entry(spec.folder, lambda: report_step(f"waiting for others, who build or use {spec.folder}")):
        return find_environment(spec) or _build_environment(spec, report_step)


def _build_environment(spec: EnvironmentSpec, report_step: ReportStep) -> Environment:
    shutil.rmtree(spec.folder, ignore_errors=True)
    log = Path(f"{spec.folder}.log")
    log.unlink(missing_ok=True)
    report_step(f"making an environment for {spec.base}")
    if spec.python2:
        maker = _python_with_virtualenv(log, report_step)
        _run_logged([maker, "-m", "virtualenv", "-q", "-p", spec.base, spec.folder], log, report_step)
    else:
        _run_logged([spec.base, "-m", "venv", spec.folder], log, report_step)
    python = _interpreter(spec.folder)
    for step in filter(None, spec.steps):
        _pip_install(python, step, log, report_step)
    for name in spec.imports:
        _require_success([python, "-c", f"import {name}"], f"import {name}", log)
    output = _require_success([python, "-c", _VERSIONS], "the versions of its packages", log)
    try:
        packages = json.loads(output)
    except ValueError as error:
        raise EnvironmentBuildError("the versions of its packages", str(log), (repr(output[:200]),)) from error
    manifest = {"python": os.fspath(spec.base), "requirements": spec.steps, "packages": packages}
    (spec.folder / _MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return Environment(spec.folder, python, packages)


def _require_success(command: Sequence[str | Path], what: str, log: Path) -> bytes:
    """Run a check of a new environment, and return what it prints.

    Raises:
        EnvironmentBuildError: it fails, with the last lines of its errors, or does not end.
    """
    try:
        done = _run_quietly(command, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentBuildError(what, str(log), (str(error),)) from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").splitlines()[-5:]
        raise EnvironmentBuildError(what, str(log), tuple(lines))
    return done.stdout


def _python_with_virtualenv(log: Path, report_step: ReportStep) -> Path:
    """Return a Python that has a virtualenv old enough to make environments of Python 2.7, installed if need be."""
    folder = cache_root() / "tools" / f"virtualenv-{sys.version_info[0]}.{sys.version_info[1]}"
    python = _interpreter(folder)
    if not _can_find(python, ("virtualenv",)):
        shutil.rmtree(folder, ignore_errors=True)
        _run_logged([Path(sys.executable), "-m", "venv", folder], log, report_step)
        _pip_install(python, (_VIRTUALENV,), log, report_step)
    return python


def _pip_install(python: Path, requirements: Sequence[str], log: Path, report_step: ReportStep) -> None:
    report_step(f"installing {', '.join(requirements)}")
    options = ["--prefer-binary", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    _run_logged([python, "-m", "pip", "install", *options, *requirements], log, report_step)


def _run_logged(command: Sequence[str | Path], log: Path, report_step: ReportStep) -> None:
    """Run a command, its output into *log*; those that name a step are reported.

    Raises:
        EnvironmentBuildError: it failed.
    """
    words = [os.fspath(word) for word in command]
    last: list[str] = []
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(words)}\n")
        try:
            with _child_process(words) as process:
                assert process.stdout is not None
                for raw in process.stdout:
                    line = raw.decode("utf-8", "replace").rstrip()
                    file.write(line + "\n")
                    last = [*last[-9:], line]
                    if line.startswith(("Collecting", "Building", "Downloading", "Installing", "Successfully")):
                        report_step(line.strip())
                code = process.wait()
        except OSError as error:
            raise EnvironmentBuildError(words[0], str(log), (str(error),)) from error
    if code:
        raise EnvironmentBuildError(" ".join(words[:6]), str(log), tuple(last))


@contextmanager
def _child_process(words: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that does not outlive the block."""
    _logger.debug("$ %s", shlex.join(map(str, words)))
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_clean_environment())
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _run_quietly(command: Sequence[str | Path], timeout: float) -> subprocess.CompletedProcess[bytes]:
    _logger.debug("$ %s", shlex.join(map(str, command)))
    return subprocess.run(command, capture_output=True, timeout=timeout, check=False, env=_clean_environment())


def _clean_environment() -> dict[str, str]:
    """Return the caller's environment without what would lead another Python to the caller's packages or settings.

    Whether a package can be imported is not to depend on a ``.theanorc`` for a card that is gone.
    """
    dropped = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "JAX_PLATFORMS", "XLA_FLAGS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    compiled = f"base_compiledir={cache_root() / 'compiled' / 'imports'}"
    engines = {
        "THEANORC": os.devnull,
        "THEANO_FLAGS": f"device=cpu,{compiled}",
        "PYTENSORRC": os.devnull,
        "PYTENSOR_FLAGS": compiled,
    }
    return kept | {"PYTHONNOUSERSITE": "1", "PYTHONWARNINGS": "ignore"} | engines


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
