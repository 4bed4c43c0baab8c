"""A git checkout on disk: open it, read its files, say which of them are not committed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from lnpatch.checkout.git import Git, gitpython
from lnpatch.errors import (
    CheckoutMissingError,
    FileError,
    FilteredFilesError,
    NestedRepositoryError,
    NotACheckoutError,
    UnsafePathError,
)
from lnpatch.files import PARTIAL_PREFIX

#: What git's index says of a file; links, submodules and folders have others.
_FILE_MODES = ("100644", "100755")


class Checkout:
    """The working tree at *root*, a folder with a git directory of its own."""

    def __init__(self, root: Path, git: Git) -> None:
        self.root = root
        self.git = git
        self.git_dir = Path(git.repo.git_dir)
        self.common_dir = Path(git.repo.common_dir)
        self._contents: dict[str, bytes | None] = {}
        self._real_root = root.resolve()

    @classmethod
    def open(cls, directory: Path, target: str) -> Checkout:
        """Open the checkout in *directory*.

        Raises:
            CheckoutMissingError: there is no such folder, or nothing in it.
            NotACheckoutError: the folder is not the top of a git working tree.
        """
        if not has_content(directory):
            raise CheckoutMissingError(str(directory), target)
        git = gitpython()
        try:
            # absolute, or GitPython would take a folder named ~ for the user's home
            repo = git.Repo(os.path.abspath(directory), search_parent_directories=False, expand_vars=False)
        except (git.InvalidGitRepositoryError, git.NoSuchPathError) as error:
            can_become_one = directory.is_dir() and not (directory / ".git").exists() and not is_no_project(directory)
            around = enclosing_checkout(Path(os.path.abspath(directory)).parent)
            raise NotACheckoutError(str(directory), str(around or ""), can_become_one) from error
        if (
            repo.working_tree_dir is None or Path(str(repo.working_tree_dir)).resolve() != directory.resolve()
        ):  # core.worktree is elsewhere
            raise NotACheckoutError(str(directory), can_become_one=False)
        return cls(directory, Git(repo))

    def locate(self, path: str) -> str:
        """Follow the links inside the checkout and return *path* without them, relative to the root.

        Raises:
            UnsafePathError: it leads out of the working tree.
            NestedRepositoryError: it leads into another repository inside of the working tree.
        """
        try:
            real = (self.root / path).resolve()
        except RuntimeError as error:  # links in a circle
            raise UnsafePathError(str(self.root), path) from error
        if not real.is_relative_to(self._real_root) or real.is_relative_to(self.git_dir.resolve()):
            raise UnsafePathError(str(self.root), path)
        for folder in real.parents:
            if folder == self._real_root:
                break
            if os.path.lexists(folder / ".git"):  # a submodule, or a repository that was put here
                raise NestedRepositoryError(str(self.root), path, str(folder))
        return real.relative_to(self._real_root).as_posix()

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, None where there is none; the file is read once until :meth:`forget_contents`.

        Raises:
            UnsafePathError: the path leads out of the working tree.
            FileError: the system refuses to read the file.
        """
        if path not in self._contents:
            file = self._real_root / self.locate(path)
            try:
                self._contents[path] = file.read_bytes() if file.is_file() else None
            except OSError as error:
                raise FileError(str(file), error.strerror or str(error)) from error
        return self._contents[path]

    def forget_contents(self) -> None:
        """Read files anew from now on, after some were written."""
        self._contents.clear()

    @property
    def name_for_refs(self) -> str:
        """What tells this working tree from others of the same repository, in the name of a reference."""
        return (
            "main"
            if self.git_dir == self.common_dir
            else "worktree-" + re.sub(r"[^A-Za-z0-9_-]", "-", self.git_dir.name)
        )

    def names(self) -> list[str]:
        """Return the paths of all files that git tracks."""
        listed = self.git("ls-files", "-z", doing="listing files")
        return sorted(name for name in os.fsdecode(listed).split("\0") if name)

    def head(self) -> str:
        """Return the commit that is checked out, empty where there is none yet."""
        return self.resolve_ref("HEAD")

    def head_ref(self) -> str:
        """Return the full name of the branch that is checked out, or the commit where there is none."""
        _, out = self.git.run("symbolic-ref", "-q", "HEAD", doing="reading HEAD", accept=(0, 1))
        return os.fsdecode(out).strip() or self.head()

    def index_lines(self, paths: Sequence[str]) -> str:
        """Return the index's entries of files, as ``git update-index -z --index-info`` takes them."""
        out = self.git("--literal-pathspecs", "ls-files", "-s", "-z", "--", *paths, doing="reading the index")
        entries = {
            path: head for head, _, path in (line.partition("\t") for line in os.fsdecode(out).split("\0") if line)
        }
        return "".join(f"{entries[path].rpartition(' ')[0]}\t{path}\0" for path in paths if path in entries)

    def file_modes(self, paths: Sequence[str]) -> dict[str, str]:
        """Return git's modes of files: what the index says, whatever the file system makes of it."""
        lines = (line.partition("\t") for line in self.index_lines(paths).split("\0") if line)
        return {path: head.partition(" ")[0] for head, _, path in lines}

    def resolve_ref(self, name: str) -> str:
        """Return the object that a reference names, empty where there is no such reference."""
        _, out = self.git.run("rev-parse", "-q", "--verify", name, doing=f"reading {name}", accept=(0, 1))
        return out.decode().strip()

    def committed_content(self, path: str) -> bytes | None:
        """Return the content of a file in the commit that is checked out, as git would write it; None where there is none."""
        code, out = self.git.run("cat-file", "--filters", f"HEAD:{path}", doing=f"reading {path}", accept=(0, 128))
        return out if code == 0 else None

    def untracked_files(self, paths: Sequence[str]) -> list[str]:
        """Return those of *paths* that are no plain files of this repository, but something else in its index, or nothing."""
        modes = self.file_modes(paths)
        return [path for path in paths if modes.get(path) not in _FILE_MODES]

    def dirty_files(self, paths: Iterable[str]) -> list[str]:
        """Return those of *paths* whose content is not that of the commit and the index, or which git is told not to look at.

        Raises:
            FilteredFilesError: git passes such files through a program, so that nobody but that program can tell.
        """
        located = sorted({self.locate(path) for path in paths})
        if not located:
            return []
        hidden = self.git("--literal-pathspecs", "ls-files", "-v", "-z", "--", *located, doing="looking for changes")
        flagged = [
            entry[2:] for entry in os.fsdecode(hidden).split("\0") if entry and (entry[0].islower() or entry[0] == "S")
        ]
        options = ["--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignored=matching"]
        options.append("--ignore-submodules=all")  # git would look for changes in them as their configuration says
        listed = self.git("--literal-pathspecs", "status", *options, "--", *located, doing="looking for changes")
        dirty = sorted({*flagged, *(entry[3:] for entry in os.fsdecode(listed).split("\0") if entry)})
        if filtered := self.filtered_files(dirty):
            raise FilteredFilesError(str(self.root), filtered)
        return dirty

    def filtered_files(self, paths: Sequence[str]) -> list[str]:
        """Return those of *paths* that git would pass through a program that it is configured with, each with the filter."""
        if not paths or not self.git.filters:
            return []
        data = os.fsencode("".join(f"{path}\0" for path in paths))
        out = self.git("check-attr", "-z", "--stdin", "filter", doing="looking for filters", data=data)
        words = os.fsdecode(out).split("\0")
        return [
            f"{path} (filter={name})"
            for path, name in zip(words[::3], words[2::3], strict=False)
            if name in self.git.filters
        ]


def has_content(directory: Path) -> bool:
    """Return whether there is anything at *directory* that a clone would have to leave alone."""
    if directory.is_dir():
        return bool(content_of(directory))
    return directory.exists() or directory.is_symlink()


def content_of(folder: Path) -> list[Path]:
    """Return what is in a folder, except for clones that are being made there."""
    return [entry for entry in folder.iterdir() if not entry.name.startswith(PARTIAL_PREFIX)]


def is_no_project(folder: Path) -> bool:
    """Return whether a folder is the user's home or a root of the file system: one that nobody puts under git as it is."""
    place = os.path.realpath(folder)
    return place in (os.path.realpath(os.path.expanduser("~")), os.path.dirname(place))


def enclosing_checkout(folder: Path) -> Path | None:
    """Return the top folder of the git checkout that *folder* is or is in, as an absolute path; None without one."""
    try:
        absolute = Path(os.path.abspath(folder))
    except FileNotFoundError:  # the current folder was removed
        return None
    return next((path for path in (absolute, *absolute.parents) if (path / ".git").exists()), None)
