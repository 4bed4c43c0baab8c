"""git, through GitPython: commands with their output as bytes, their failures as ours, and nothing asked of a terminal."""

from __future__ import annotations

import logging
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lnpatch.errors import GitError, GitLockedError, GitMissingError

if TYPE_CHECKING:
    import git

_logger = logging.getLogger(__name__)

#: What makes git look at another repository than the one of the folder, read paths as patterns, or print other patches.
_LOCAL_VARIABLES = (
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIFF_OPTS",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)


#: Output for programs; no hook and no monitor of a checkout is run.
_SETTINGS = [
    part
    for setting in ("color.ui=false", "core.quotePath=false", f"core.hooksPath={os.devnull}", "core.fsmonitor=false")
    for part in ("-c", setting)
]

#: A checkout that lacks an object, as a partial clone may, must not fetch it: its configuration says by which program.
_NO_TRANSPORT = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}

#: An environment variable with nothing in it, for settings whose name ``-c`` cannot take.
_EMPTY = "LNPATCH_EMPTY"

_LOCK_IN_THE_WAY = re.compile(r"[Uu]nable to create (?:file )?'?(?P<path>[^'\n]+?)'?: File exists")


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
        #: The descriptor of a lock that git is to hold as long as it runs, also when this process has been killed.
        self.lock: int | None = None

    def __call__(
        self,
        *arguments: str | Path,
        doing: str,
        data: bytes | None = None,
        env: Mapping[str, str] | None = None,
        accept: Sequence[int] = (0,),
    ) -> bytes:
        """Run ``git arguments`` with *data* on its standard input, and return what it prints.

        No program that the repository names is run: no hook, no monitor, no filter, no transport.

        Args:
            doing: what the command is for, in words that complete "git failed while ...".
            accept: the exit codes that are not a failure.

        Raises:
            GitLockedError: a lock of git's is in the way.
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
        return self._run((*self._without_filters, *arguments), doing, data, env, accept)

    def run_with_filters(self, *arguments: str | Path, doing: str) -> bytes:
        """Run git as ``git`` itself would, filters included: for a new clone, which has the user's own configuration alone."""
        return self._run(arguments, doing, None, None, (0,))[1]

    @cached_property
    def filters(self) -> frozenset[str]:
        """The names of all filters that git is configured with, here or by the user."""
        return frozenset(key.partition(".")[2].rpartition(".")[0] for key in self._filter_settings)

    @cached_property
    def _filter_settings(self) -> tuple[str, ...]:
        request = ("config", "--null", "--name-only", "--get-regexp", r"^filter\..*\.(clean|smudge|process|required)$")
        _, out = self._run(request, "reading its configuration", None, None, (0, 1))
        return tuple(sorted(set(os.fsdecode(out).split("\0")) - {""}))

    @cached_property
    def _without_filters(self) -> tuple[str, ...]:
        """The options that empty every filter.

        A checkout says by its attributes which filter a file passes through, and by its configuration which program
        that is. The user's own filters are left out too: they are written for repositories that the user trusts, and
        such as git-lfs read the repository's configuration for more programs to run.
        """
        return tuple(
            part
            for key in self._filter_settings
            for part in ((f"--config-env={key}={_EMPTY}",) if "=" in key else ("-c", f"{key}="))
        )

    def _run(
        self,
        arguments: Sequence[str | Path],
        doing: str,
        data: bytes | None,
        env: Mapping[str, str] | None,
        accept: Sequence[int],
    ) -> tuple[int, bytes]:
        try:
            with tempfile.TemporaryFile() as stdin:
                stdin.write(data or b"")
                stdin.seek(0)
                code, output, errors = self._execute(arguments, stdin, env or {})
        except OSError as error:  # a full disk for temporary files, a command line that is too long
            raise GitError(doing, f"{error.filename or tempfile.gettempdir()}: {error.strerror}") from error
        if code not in accept:
            said = _as_text(errors) or _as_text(output) or f"exit code {code}"
            locks = [str(self.root / match["path"]) for match in _LOCK_IN_THE_WAY.finditer(said)]
            raise GitLockedError(str(self.root), locks) if locks else GitError(doing, said)
        return code, output

    def _execute(
        self, arguments: Sequence[str | Path], stdin: IO[bytes], env: Mapping[str, str]
    ) -> tuple[int, bytes, bytes]:
        # without the settings that each has
        _logger.debug("$ %s", shlex.join(map(str, ["git", "-C", self.root, *arguments])))
        run: Any = self.repo.git.execute
        running = run(  # GitPython's wrapper ends the process when it is collected
            git_command("-C", self.root, *arguments),
            istream=stdin,
            env={**git_environment(), **_NO_TRANSPORT, _EMPTY: "", **env},
            as_process=True,
            pass_fds=() if self.lock is None else (self.lock,),
        )
        process = running.proc
        try:
            output, errors = process.communicate()
        except BaseException:  # a signal: git must not go on beside what is done about it; it takes its own locks away
            process.terminate()
            process.wait()
            raise
        return process.returncode, output, errors


def _as_text(output: bytes) -> str:
    return output.decode("utf-8", "replace").strip()
