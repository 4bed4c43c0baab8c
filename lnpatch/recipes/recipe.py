"""A recipe: all that is known of one repository, as data. The TOML files are beside this module."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from lnpatch.edits import Edit, edit_kinds
from lnpatch.errors import RecipeError, UnknownCellError
from lnpatch.files.toml import TomlRefusedError, read_toml
from lnpatch.folders import templates
from lnpatch.recipes.job import Job
from lnpatch.schema import Problem, Reader, Scalar, relative_file_problems

#: Where the recipes that come with lnpatch are.
RECIPES = Path(__file__).parent

#: Problems that are shown of a recipe.
_MOST_PROBLEMS = 50

#: A folder, a target; the name of a git reference as well.
_NAME = re.compile(r"(?!.*\.lock$)[A-Za-z0-9]+([._-][A-Za-z0-9]+)*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Repository:
    """Where the code comes from: a URL and a pinned commit, or ``embedded``, a folder of lnpatch's templates."""

    directory: str
    license: str
    url: str = ""
    branch: str = ""
    commit: str = ""
    embedded: str = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield mistakes that types cannot show, as (key, what is wrong)."""
        if not _NAME.fullmatch(self.directory):
            yield (
                "directory",
                f"expected one folder name of letters, digits, '.', '_' and '-', found {self.directory!r}",
            )
        if bool(self.url) == bool(self.embedded):
            yield "url", "give either url, with branch and commit, or embedded"
        if self.url and not _COMMIT.fullmatch(self.commit):
            yield "commit", f"expected the 40 hexadecimal digits of a commit, found {self.commit!r}"
        if self.url and (not self.branch or self.branch.startswith("-")):
            yield "branch", "expected the name of the branch that holds the commit"
        if self.url and not re.match(r"(https?|ssh|git|file)://|[\w.-]+@", self.url):
            yield "url", f"expected a https, http, ssh, git or file address, found {self.url!r}"
        if self.embedded and not _NAME.fullmatch(self.embedded):
            yield "embedded", f"expected the name of a folder of lnpatch's templates, found {self.embedded!r}"
        elif self.embedded and not (templates() / self.embedded).is_dir():
            yield "embedded", f"lnpatch has no embedded repository {self.embedded!r}"


@dataclass(frozen=True)
class Cell:
    """A layer-normalized cell that the recipe can inject: the plain cell that it varies, and what it is."""

    baseline: str
    what: str

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield mistakes that types cannot show, as (key, what is wrong)."""
        if not self.baseline.isidentifier():
            yield "baseline", f"expected the name of a cell, such as gru, found {self.baseline!r}"


@dataclass(frozen=True)
class Artefact:
    """A released file: model, data or log."""

    #: What ``lnpatch download`` calls it.
    name: str
    #: Its address of 2016.
    url: str
    #: What it is, for people.
    what: str
    #: What it is called here; by default as in its address.
    file: str = ""
    #: Its SHA-256, 64 hexadecimal digits, where it is known.
    sha256: str = ""
    #: Its bytes, where they are known.
    size: int = 0

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield mistakes that types cannot show, as (key, what is wrong)."""
        if not re.match(r"https?://", self.url):
            yield "url", f"expected a http or https address, found {self.url!r}"
        try:
            released = unquote(urlsplit(self.url).path.rpartition("/")[2])
        except ValueError:  # brackets in the server's name
            released = ""
        if not released or released in (".", "..") or "/" in released or "\\" in released or not released.isprintable():
            yield "url", f"expected an address that ends in a file's name, found {self.url!r}"
        if self.file:
            yield from relative_file_problems("file", self.file)
        if self.sha256 and not _SHA256.fullmatch(self.sha256):
            yield "sha256", f"expected 64 hexadecimal digits in lower case, found {self.sha256!r}"
        if self.size < 0:
            yield "size", f"expected a number of bytes, found {self.size}"


@dataclass(frozen=True)
class Requirements:
    """The Python and the packages that the repository was written for and that are known to run it."""

    #: The version of Python.
    python: str
    #: Requirements as pip takes them, ``Theano==0.8.2``.
    packages: tuple[str, ...]
    #: Settings for THEANO_FLAGS.
    flags: dict[str, Scalar] = field(default_factory=dict)
    #: Requirements that are installed after *packages*, on which their builds depend.
    extras: tuple[str, ...] = ()


@dataclass(frozen=True)
class Port:
    """What the Python 3 copy is made of."""

    #: The folders that are copied; all of the checkout without any.
    folders: tuple[str, ...] = ()
    #: Paths that are left out.
    exclude: tuple[str, ...] = ()
    #: Edits of the converted files, for what no converter mends.
    repairs: tuple[Edit, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield mistakes that types cannot show, as (key, what is wrong)."""
        for key, paths in (("folders", self.folders), ("exclude", self.exclude)):
            for path in paths:
                yield from relative_file_problems(key, path)
        for i, repair in enumerate(self.repairs):
            if not repair.why:
                yield f"repairs[{i}].why", "missing; a repair says what it mends"


@dataclass(frozen=True)
class Recipe:
    """All that is known of one repository."""

    #: Keys of earlier versions, and what they are called now.
    renamed: ClassVar[Mapping[str, str]] = {"engine": "requirements"}

    #: What users call the target.
    name: str
    #: One line, for people.
    title: str
    #: The publication and its section.
    paper: str
    repository: Repository
    #: The cell that the paper used.
    cell: str
    #: The cells that can be injected, by name.
    cells: dict[str, Cell]
    edits: tuple[Edit, ...]
    #: Edits that mend the repository itself; left out by ``--no-repairs``.
    repairs: tuple[Edit, ...] = ()
    #: Further names that users may type.
    aliases: tuple[str, ...] = ()
    requirements: Requirements | None = None
    #: ``templates/launcher/launch_NAME.py`` has what a user would type around the entry points.
    launcher: str = ""
    #: ``train``, ``evaluate`` and ``encode``, as far as the repository has them.
    jobs: dict[str, Job] = field(default_factory=dict)
    artefacts: tuple[Artefact, ...] = ()
    port: Port = field(default_factory=Port)
    #: The TOML file that it was read from.
    origin: Path = field(default=Path(), init=False, compare=False)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield mistakes that types cannot show, as (key, what is wrong)."""
        if not _NAME.fullmatch(self.name):
            yield "name", f"expected letters, digits, '.', '_' and '-', found {self.name!r}"
        for name in self.cells:
            if not name.isidentifier():
                yield f"cells.{name}", "expected the name of a cell, such as lngru"
        for i, edit in enumerate(self.edits):
            for name in self.cells:
                for key, message in edit.problems_with({"data_dir": "", **self.values(name)}):
                    yield f"edits[{i}].{key}", message
        if self.cell not in self.cells:
            yield "cell", f"expected one of the recipe's cells ({', '.join(self.cells)}), found {self.cell!r}"
        if not self.edits:
            yield "edits", "expected at least one edit"
        for i, repair in enumerate(self.repairs):
            if not repair.why:
                yield f"repairs[{i}].why", "missing; a repair says what it mends"

    @property
    def reference(self) -> str:
        """Return what a user types for this target: its name, or the path of a recipe that does not come with lnpatch."""
        return self.name if self.origin.parent == RECIPES else str(self.origin)

    def values(self, cell: str | None = None, data_dir: str | None = None) -> dict[str, str]:
        """Return the values of the recipe placeholders for *cell* (the paper's by default).

        Raises:
            UnknownCellError: the recipe has no such cell.
        """
        name = cell or self.cell
        if name not in self.cells:
            varied_by = next((cell for cell, entry in self.cells.items() if entry.baseline == name), "")
            raise UnknownCellError(name, self.reference, tuple(self.cells), varied_by if "train" in self.jobs else "")
        values = {"cell": name, "baseline": self.cells[name].baseline}
        return values if data_dir is None else {**values, "data_dir": data_dir}

    def takes_data_dir(self) -> bool:
        """Return whether ``--data-dir`` changes anything."""
        return any("data_dir" in edit.needs() for edit in self.edits)

    def selected_edits(self, values: Mapping[str, str], repairs: bool = True) -> tuple[Edit, ...]:
        """Return the edits that apply with *values*: those whose placeholders are filled, then the repairs."""
        chosen = self.edits + (self.repairs if repairs else ())
        return tuple(edit for edit in chosen if edit.needs() <= values.keys())


def read_recipe(path: Path) -> Recipe:
    """Read the recipe in the TOML file *path*.

    Raises:
        RecipeError: the file cannot be read, is not TOML or breaks the schema; every mistake is listed.
    """
    table = _read_table(path)
    reader = Reader()
    reader.register(Edit, _read_edit)
    recipe = reader.table(Recipe, table)
    if recipe is None or reader.problems:
        raise RecipeError(str(path), _first_problems(reader.problems))
    object.__setattr__(recipe, "origin", path)
    return recipe


def _first_problems(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the problems that are shown: all, unless they are more than anybody reads."""
    left = len(problems) - _MOST_PROBLEMS
    return (*problems[:_MOST_PROBLEMS], *((Problem("", f"and {left} more"),) if left > 0 else ()))


def _read_table(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except TomlRefusedError as error:
        raise RecipeError(str(path), (Problem("", error.reason),)) from error


def _read_edit(reader: Reader, value: Any, key: str) -> Edit | None:
    """Read an edit's table as the data class that its ``kind`` names."""
    kinds = edit_kinds()
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(kind, str) or kind not in kinds:
        found = f", found {kind!r}" if kind is not None else ""
        reader.problem(f"{key}.kind", f"expected one of {', '.join(kinds)}{found}")
        return None
    return reader.table(kinds[kind], {k: v for k, v in value.items() if k != "kind"}, key)
