"""Isolated Python environments with pinned packages: built in lnpatch's cache, used again, mended when broken."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lnpatch.errors import EnvironmentBuildError
from lnpatch.folders import cache_folder, cache_root

#: Called with what is being done.
Progress = Callable[[str], None]

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
class Spec:
    """What an environment is to hold.

    ``steps`` are lists of requirements, each installed after the one before it; ``imports`` are modules that have to be
    there in the end.
    """

    name: str
    base: Path
    steps: tuple[tuple[str, ...], ...]
    imports: tuple[str, ...]
    python2: bool = False

    @property
    def folder(self) -> Path:
        """Where the environment is or will be."""
        text = json.dumps([self.name, os.fspath(self.base), self.steps])
        return cache_root() / "environments" / f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class Environment:
    """An environment that is ready: its Python, and the versions of its packages by their lower-case names."""

    folder: Path
    python: Path
    packages: Mapping[str, str]

    def version(self, package: str) -> str:
        """The version of a package, empty where it is not installed."""
        return self.packages.get(package.lower(), "")


def find(spec: Spec) -> Environment | None:
    """The environment of *spec* if it is there and whole; nothing is built, and no package is imported."""
    try:
        manifest = json.loads((spec.folder / _MANIFEST).read_text(encoding="utf-8"))
        environment = Environment(spec.folder, _python(spec.folder), dict(manifest["packages"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        probe = _run([environment.python, "-c", _FINDABLE, *spec.imports], timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return environment if probe.returncode == 0 else None


def ensure(spec: Spec, progress: Progress) -> Environment:
    """The environment of *spec*, built if it is not there or not whole.

    Raises:
        EnvironmentBuildError: a package could not be installed; the folder is left without its mark, so the next try
            starts afresh.
    """
    from filelock import FileLock

    found = find(spec)
    if found is not None:
        return found
    cache_folder("environments")
    with FileLock(f"{spec.folder}.lock"):
        return find(spec) or _build(spec, progress)


def _build(spec: Spec, progress: Progress) -> Environment:
    shutil.rmtree(spec.folder, ignore_errors=True)
    log = Path(f"{spec.folder}.log")
    log.unlink(missing_ok=True)
    progress(f"making an environment for {spec.base}")
    if spec.python2:
        maker = _virtualenv(log, progress)
        _logged([maker, "-m", "virtualenv", "-q", "-p", spec.base, spec.folder], log, progress)
    else:
        _logged([spec.base, "-m", "venv", spec.folder], log, progress)
    python = _python(spec.folder)
    for step in filter(None, spec.steps):
        _pip_install(python, step, log, progress)
    missing = [name for name in spec.imports if _run([python, "-c", f"import {name}"], timeout=600).returncode]
    if missing:
        failed = _run([python, "-c", f"import {missing[0]}"], timeout=600).stderr.decode(errors="replace")
        raise EnvironmentBuildError(f"import {missing[0]}", str(log), tuple(failed.splitlines()[-5:]))
    packages = json.loads(_run([python, "-c", _VERSIONS], timeout=60).stdout)
    manifest = {"python": os.fspath(spec.base), "requirements": spec.steps, "packages": packages}
    (spec.folder / _MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return Environment(spec.folder, python, packages)


def _virtualenv(log: Path, progress: Progress) -> Path:
    """A Python that has the virtualenv that is old enough."""
    folder = cache_root() / "tools" / f"virtualenv-{sys.version_info[0]}.{sys.version_info[1]}"
    python = _python(folder)
    if not python.exists() or _run([python, "-c", _FINDABLE, "virtualenv"], timeout=60).returncode:
        shutil.rmtree(folder, ignore_errors=True)
        _logged([Path(sys.executable), "-m", "venv", folder], log, progress)
        _pip_install(python, (_VIRTUALENV,), log, progress)
    return python


def _pip_install(python: Path, requirements: Sequence[str], log: Path, progress: Progress) -> None:
    progress(f"installing {', '.join(requirements)}")
    options = ["--prefer-binary", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    _logged([python, "-m", "pip", "install", *options, *requirements], log, progress)


def _logged(command: Sequence[str | Path], log: Path, progress: Progress) -> None:
    """Run a command, its output into *log*; its lines are the progress.

    Raises:
        EnvironmentBuildError: it failed.
    """
    words = [os.fspath(word) for word in command]
    last: list[str] = []
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(words)}\n")
        try:
            with _started(words) as process:
                assert process.stdout is not None
                for raw in process.stdout:
                    line = raw.decode("utf-8", "replace").rstrip()
                    file.write(line + "\n")
                    last = [*last[-9:], line]
                    if line.startswith(("Collecting", "Building", "Downloading", "Installing", "Successfully")):
                        progress(line.strip())
                code = process.wait()
        except OSError as error:
            raise EnvironmentBuildError(words[0], str(log), (str(error),)) from error
    if code:
        raise EnvironmentBuildError(" ".join(words[:6]), str(log), tuple(last))


@contextmanager
def _started(words: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive the block."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_clean_environment())
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _run(command: Sequence[str | Path], timeout: float) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, timeout=timeout, check=False, env=_clean_environment())


def _clean_environment() -> dict[str, str]:
    """The caller's environment without what would lead another Python to the caller's packages."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {"PYTHONNOUSERSITE": "1", "PYTHONWARNINGS": "ignore"}


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
