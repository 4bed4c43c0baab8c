"""git, through GitPython: commands with their output as bytes, their failures as ours, and nothing asked of a terminal."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lnpatch.errors import GitError, GitMissingError

if TYPE_CHECKING:
    import git

#: What makes git look at another repository than the one of the folder, or read paths as patterns.
_LOCAL_VARIABLES = (
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)


#: Output for programs; no hook and no monitor of a checkout is run.
_SETTINGS = [
    part
    for setting in ("color.ui=false", "core.quotePath=false", f"core.hooksPath={os.devnull}", "core.fsmonitor=false")
    for part in ("-c", setting)
]


def gitpython() -> Any:
    """Import the module ``git`` when it is needed: it costs 100 ms.

    Raises:
        GitMissingError: there is no git to run.
    """
    for name in _LOCAL_VARIABLES:
        os.environ.pop(name, None)
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"  # or an import without git would fail, or print
    import git

    if not git.GIT_OK:
        raise GitMissingError
    return git


def git_command(*arguments: str | Path) -> list[str]:
    """Return the command line of a git command."""
    return [str(gitpython().Git.GIT_PYTHON_GIT_EXECUTABLE), *_SETTINGS, *map(str, arguments)]


def git_environment() -> dict[str, str]:
    """Return the variables for every git that is run: no prompt where nobody can answer, no lock for a look."""
    quiet = {"GIT_OPTIONAL_LOCKS": "0"}
    return quiet if sys.stdin is not None and sys.stdin.isatty() else {**quiet, "GIT_TERMINAL_PROMPT": "0"}


class Git:
    """Runs git in one repository."""

    def __init__(self, repo: git.Repo) -> None:
        self.repo = repo
        # GitPython runs git in a folder whose name it has expanded as a shell would; -C names the right one
        self.root = Path(str(repo.working_tree_dir)).resolve()

    def __call__(
        self,
        *arguments: str | Path,
        doing: str,
        data: bytes | None = None,
        env: Mapping[str, str] | None = None,
        accept: Sequence[int] = (0,),
    ) -> bytes:
        """Run ``git arguments`` with *data* on its standard input, and return what it prints.

        Args:
            doing: what the command is for, in words that complete "git failed while ...".
            accept: the exit codes that are not a failure.

        Raises:
            GitError: git ended with another exit code.
        """
        return self.run(*arguments, doing=doing, data=data, env=env, accept=accept)[1]

    def run(
        self,
        *arguments: str | Path,
        doing: str,
        data: bytes | None = None,
        env: Mapping[str, str] | None = None,
        accept: Sequence[int] = (0,),
    ) -> tuple[int, bytes]:
        """Run git as a call does, and return the exit code in front of what it prints."""
        with tempfile.TemporaryFile() as stdin:
            stdin.write(data or b"")
            stdin.seek(0)
            code, output, errors = self.repo.git.execute(
                git_command("-C", self.root, *arguments),
                istream=stdin,
                env={**git_environment(), **(env or {})},
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        if code not in accept:
            raise GitError(doing, _as_text(errors) or _as_text(output) or f"exit code {code}")
        return int(code), bytes(output)


def _as_text(output: str | bytes) -> str:
    return (output.decode("utf-8", "replace") if isinstance(output, bytes) else output).strip()
