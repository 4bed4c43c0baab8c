"""The distributions: what is in them, the tests from the one, and the other installed where nobody may write, for a user without a home."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from lnpatch.recipes.recipe import RECIPES

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow

#: A user whom no system knows.
STRANGER = 54321

#: Becomes that user, who may read everything, as the Python of the tests may lie in somebody's home, and write nothing.
AS_STRANGER = [
    "setpriv",
    f"--reuid={STRANGER}",
    f"--regid={STRANGER}",
    "--clear-groups",
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
]


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The sdist, and the wheel that is built from it; from a copy, so that nothing is left in the tree."""
    folder = tmp_path_factory.mktemp("distributions")
    ignored = shutil.ignore_patterns(".git", ".venv*", "*_cache", "__pycache__", "build", "dist")
    shutil.copytree(ROOT, folder / "tree", ignore=ignored, symlinks=True)
    (folder / "tree" / "runs").mkdir()
    (folder / "tree" / "runs" / "run.json").touch()
    command = [sys.executable, "-m", "build", "--outdir", str(folder / "dist"), str(folder / "tree")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    yield folder / "dist"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def sdist(distributions: Path) -> Path:
    """The sdist, unpacked."""
    (archive,) = distributions.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(distributions / "sdist", filter="data")
    (folder,) = (distributions / "sdist").iterdir()
    return folder


@pytest.fixture(scope="module")
def installed(distributions: Path) -> Iterator[Path]:
    """The wheel in a folder that nobody may write to, for all to read."""
    (wheel,) = distributions.glob("*.whl")
    folder = distributions.parent / "site"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-compile",
        "--target",
        str(folder),
        str(wheel),
    ]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def test_the_wheel_has_what_runs_and_no_more(distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0].removesuffix(".dist") for name in names} == {"lnpatch"}
    wanted = {
        "lnpatch/py.typed",
        *(f"lnpatch/recipes/{path.name}" for path in RECIPES.glob("*.toml")),
        *(
            f"lnpatch/{path.relative_to(ROOT).as_posix()}"
            for path in (ROOT / "templates").rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        ),
    }
    assert wanted <= set(names)
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


def test_the_sdist_has_what_is_needed_to_work_on_it(sdist: Path) -> None:
    for name in (".ci/run", "docs", "requirements/dev.lock", "tests/conftest.py", "LICENSE", "SECURITY.md"):
        assert (sdist / name).exists(), name
    assert not (sdist / "runs").exists()


def test_the_tests_run_from_the_sdist(sdist: Path, tmp_path: Path) -> None:
    """Some of them, which read files of the tree: the whole suite takes minutes."""
    files = ["tests/recipes", "tests/templates/test_template_source.py", "tests/test_demo.py", "tests/test_imports.py"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        str(tmp_path / "t"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(sdist)}
    done = subprocess.run([*command, *files], cwd=sdist, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


def run_installed(
    installed: Path, folder: Path, *arguments: str, variables: Mapping[str, str] = {}
) -> subprocess.CompletedProcess[str]:
    """Run the installed lnpatch as a user without a home, and who may not write to where it is."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), **variables}
    command = [sys.executable, "-P", "-m", "lnpatch", *arguments]
    as_user = AS_STRANGER if os.geteuid() == 0 else []
    return subprocess.run(
        [*as_user, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the user's own, on a way that all may go: git asks for that, whatever else the user may."""
    with tempfile.TemporaryDirectory(prefix="lnpatch-installed-") as name:
        if os.geteuid() == 0:
            probe = subprocess.run([*AS_STRANGER, "true"], capture_output=True, text=True, check=False)
            if probe.returncode:
                pytest.skip(f"this machine lets nobody become another user: {probe.stderr.strip()}")
            os.chown(name, STRANGER, STRANGER)
        yield Path(name)


def test_read_only_and_without_a_home(installed: Path, folder: Path) -> None:
    identity = {f"GIT_{who}_{what}": f"a@{who}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    where = run_installed(installed, folder, "show", "demo", "--format", "json")
    assert str(installed) in where.stdout, where.stderr
    for arguments in (
        ["targets"],
        ["demo"],
        ["apply", "demo"],
        ["apply", "demo", "--commit"],
        ["diff", "demo"],
        ["status"],
        ["revert", "demo"],
        ["completion", "bash"],
    ):
        done = run_installed(installed, folder, *arguments, variables=identity)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), (arguments, done.stderr)


@pytest.mark.parametrize("arguments", [["port", "demo"], ["cache", "info"], ["cache", "prune"]])
def test_what_needs_a_cache_says_so(installed: Path, folder: Path, arguments: list[str]) -> None:
    if os.geteuid() != 0:
        pytest.skip("this user has a home, which the system knows")
    assert run_installed(installed, folder, "apply", "demo").returncode == 0
    refused = run_installed(installed, folder, *arguments)
    assert (refused.returncode, "LNPATCH_CACHE" in refused.stderr) == (5, True), refused.stderr
    named = {"LNPATCH_CACHE": str(folder / "cache"), "LNPATCH_DATA": str(folder / "data")}
    done = run_installed(installed, folder, *arguments, variables=named)
    assert done.returncode == 0, done.stderr


def test_no_file_is_written_beside_the_code(installed: Path, folder: Path) -> None:
    named = {"LNPATCH_CACHE": str(folder / "cache"), "LNPATCH_DATA": str(folder / "data")}
    before = set(installed.rglob("*"))
    for arguments in (["demo"], ["apply", "demo"], ["port", "demo"], ["doctor"]):
        assert run_installed(installed, folder, *arguments, variables=named).returncode == 0
    assert set(installed.rglob("*")) == before
