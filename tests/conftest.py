"""Checkouts to patch, and a way to run the command line on them."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from lnpatch.cli import main
from lnpatch.configuration.keys import VARIABLES
from lnpatch.folders import templates
from lnpatch.recipes import find_recipe
from lnpatch.runtimes.find_python2 import compile_errors, find_python2

# The gate runs the same examples each time; everybody else looks for new ones. A busy machine is no fault of a test.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Signals are tested, also where the tests run in the background of a shell or under nohup, which ignore them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of the user's: no configuration of lnpatch, of git or of the terminal, no record of downloads."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("LNPATCH_DATA", str(home / "data"))
    monkeypatch.setenv("LNPATCH_CONFIG", os.devnull)
    for name in ("FORCE_COLOR", "NO_COLOR", "PYTHONUTF8", *VARIABLES.values()):
        monkeypatch.delenv(name, raising=False)
    (home / "gitconfig").write_text("[user]\n\tname = A Tester\n\temail = tester@localhost\n")


def git(directory: Path, *arguments: str) -> str:
    """What a git command prints in *directory*."""
    run = subprocess.run(["git", "-C", directory, *arguments], capture_output=True, check=True)
    return run.stdout.decode("utf-8", "surrogateescape")


def make_checkout(directory: Path, files: Mapping[str, bytes]) -> Path:
    """A git repository with *files* as its one commit."""
    if directory.exists():
        return _commit_files(directory, files)
    # a copy takes half the time of three gits, and a thousand tests begin with the same few repositories
    original = _first_checkout(tuple(files.items()), Path(os.environ["GIT_CONFIG_GLOBAL"]).read_bytes())
    shutil.copytree(original, directory, symlinks=True)
    git(directory, "update-index", "-q", "--refresh")
    return directory


@cache
def _first_checkout(files: tuple[tuple[str, bytes], ...], configuration: bytes) -> Path:
    """The first repository of its kind in this process; *configuration* is that of git."""
    folder = tempfile.mkdtemp(prefix="lnpatch-checkout-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _commit_files(Path(folder), dict(files))


def _commit_files(directory: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
    git(directory, "-c", "init.defaultBranch=master", "init", "-q")
    git(directory, "-c", "core.autocrlf=false", "add", "-A")
    git(directory, "commit", "-q", "-m", "As found")
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    """Every file of a working tree, git's own left out."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(directory).parts
    }


def folder_contents(folder: Path) -> dict[str, bytes]:
    """The files of a fixture or template folder."""
    return {path: data for path, data in contents(folder).items() if "__pycache__" not in path}


@pytest.fixture
def demo_files() -> dict[str, bytes]:
    """The files of the embedded repository: the convention in which the state is an argument."""
    return folder_contents(templates() / "demo")


@pytest.fixture
def reader_files() -> dict[str, bytes]:
    """The files of a small repository in the other convention, in which the state is a keyword."""
    return folder_contents(FIXTURES / "reader")


@pytest.fixture
def demo(tmp_path: Path, demo_files: dict[str, bytes]) -> Path:
    """A checkout of the embedded repository."""
    return make_checkout(tmp_path / "lnpatch-demo", demo_files)


@pytest.fixture
def reader(tmp_path: Path, reader_files: dict[str, bytes]) -> Path:
    """A checkout of the repository in the other convention; its recipe is :data:`READER`."""
    return make_checkout(tmp_path / "reader", reader_files)


READER = str(FIXTURES / "reader.toml")


@dataclass(frozen=True)
class Output:
    """What a command left: its exit code and what it printed."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def json(self) -> Any:
        """The document, without its version, which all have."""
        document = json.loads(self.out)
        assert document.pop("schema") == 1
        return document


@pytest.fixture
def lnpatch(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Output]:
    """Run the command line in this process, in the test's own folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Output:
        capfdbinary.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfdbinary.readouterr()
        return Output(code, out, err.decode())

    return run


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A pristine clone of a target's repository at the pinned commit, from LNPATCH_UPSTREAM or from GitHub."""
    folder = tmp_path_factory.mktemp("upstream")
    given = os.environ.get("LNPATCH_UPSTREAM")

    def clone(target: str) -> Path:
        repository = find_recipe(target).repository
        directory = folder / repository.directory
        if not directory.exists():
            source = str(Path(given) / repository.directory) if given else repository.url
            run = subprocess.run(["git", "clone", "-q", "--", source, directory], capture_output=True, check=False)
            if run.returncode:
                pytest.skip(f"{source} could not be cloned: {run.stderr.decode().strip()}")
            git(directory, "checkout", "-q", "-B", repository.branch, repository.commit)
        return directory

    return clone


@pytest.fixture(scope="session")
def python2() -> Path:
    """A real Python 2.7."""
    python = find_python2()
    if python is None:
        pytest.skip("there is no Python 2.7 on this machine")
    return python


def assert_compiles(python: Path, directory: Path, paths: list[str]) -> None:
    """Every file is what the real Python 2.7 takes for Python."""
    assert compile_errors(python, [directory / path for path in paths]) == []


def unpriviledged() -> bool:
    """Whether permissions mean anything to this process."""
    return os.name == "posix" and os.geteuid() != 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Use all cores for the whole suite alone: a few files start faster without, and what is timed needs a core for itself.

    A test waits for other processes half of its time, so there are more workers than cores.
    """
    whole_suite = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return (os.cpu_count() or 1) * 3 // 2 if whole_suite and not config.getoption("benchmark_only") else 0


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark as slow what is beyond the cases that a test runs by default."""
    seen: Counter[str] = Counter()
    for item in items:
        by_default = item.get_closest_marker("cases_by_default")
        if by_default:
            test = item.nodeid.partition("[")[0]
            seen[test] += 1
            if seen[test] > by_default.args[0]:
                item.add_marker(pytest.mark.slow)


_SLOW = pytest.StashKey[int]()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count the slow tests that are left out."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.config.stash[_SLOW] = item.config.stash.get(_SLOW, 0) + 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that started this one, if it is one of several, how many it has left out."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["slow"] = session.config.stash.get(_SLOW, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a worker has counted; each of them has seen all tests."""
    node.config.stash[_SLOW] = getattr(node, "workeroutput", {}).get("slow", 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the default selection leaves out."""
    count = terminalreporter.config.stash.get(_SLOW, 0)
    if count:
        terminalreporter.write_line(f"{count} tests are marked slow and were left out: pytest -m slow")
