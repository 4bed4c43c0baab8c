"""A recipe: all that is known of one repository, as data. The TOML files are beside this module."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from lnpatch.edits import Edit, edit_kinds
from lnpatch.errors import RecipeError, UnknownCellError
from lnpatch.folders import templates
from lnpatch.schema import Problem, Reader, Scalar, relative_file_problems

#: Where the recipes that come with lnpatch are.
RECIPES = Path(__file__).parent

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
class Save:
    """A model that is saved where a trainer is stopped, in the repository's own format.

    Paths are filled in from the trainer's local variables, as ``{saveto}.pkl``.
    """

    #: The path of the .npz.
    file: str
    #: The trainer's variable that holds the parameters.
    parameters: str = "tparams"
    #: Further members of the .npz: name to variable.
    arrays: dict[str, str] = field(default_factory=dict)
    #: Further files: variable to path, pickled.
    pickles: dict[str, str] = field(default_factory=dict)
    #: Files that are copied along: path to path.
    copies: dict[str, str] = field(default_factory=dict)
    #: Whether a file that is there already stays.
    if_missing: bool = False


@dataclass(frozen=True)
class Smoke:
    """How a job runs on the tiny data that its launcher makes."""

    #: Hyperparameters, small ones.
    settings: dict[str, Scalar] = field(default_factory=dict)
    #: How many updates are made; 0 for no limit.
    max_updates: int = 0
    #: The data's name in the folder that the launcher writes to.
    data: str = ""
    #: Further options of the job: name to the file's name in that folder.
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PaperRow:
    """A row of the paper's table."""

    #: What it is called there.
    row: str
    #: Its figures, under the names that the evaluation gives them.
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PaddedFunction:
    """A function of the repository whose inputs may be padded with zeros, and its outputs cut back.

    A sum over masked steps and samples stays the same, a mean over the samples does not: then their axis must not be named.
    """

    #: The axes of each input, by its name; ``""`` for one that stays as it is. The names have to be those of all its inputs.
    inputs: dict[str, tuple[str, ...]]
    #: The axes of each output.
    outputs: tuple[tuple[str, ...], ...]
    #: Further inputs, integers that are the length of an axis: by name, the axis.
    lengths: dict[str, str] = field(default_factory=dict)
    #: By name of an input, the input that masks it.
    masks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Padding:
    """How batches are brought to a few shapes for a backend that compiles each: axes, and the functions that have them."""

    renamed: ClassVar[Mapping[str, str]] = {"sizes": "buckets"}

    #: By name of the axis, the lengths that it is brought to, in ascending order; the last may be the name of a hyperparameter.
    buckets: dict[str, tuple[Scalar, ...]] = field(default_factory=dict)
    #: The functions whose inputs are padded.
    functions: tuple[PaddedFunction, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield the buckets that are not lengths in ascending order."""
        for axis, buckets in self.buckets.items():
            lengths = buckets[:-1] if buckets and isinstance(buckets[-1], str) else buckets
            numbers = [length for length in lengths if type(length) is int and length > 0]  # True is an int, too
            if not buckets or len(numbers) < len(lengths) or numbers != sorted(set(numbers)):
                yield (
                    f"buckets.{axis}",
                    "expected lengths in ascending order, of which the last may be the name of a hyperparameter, "
                    f"found {list(buckets)!r}",
                )


@dataclass(frozen=True)
class Job:
    """One job: the repository's own entry point for training, evaluation or encoding, where it runs and with what."""

    #: A script (``driver.py``), a module (``package.module``) or a function (``train:trainer``).
    entry: str
    #: The folder that it runs in, relative to the checkout.
    directory: str = ""
    #: The folders on the module search path, relative to the checkout.
    path: tuple[str, ...] = ()
    #: Options of the interpreter, such as ``-O``.
    python_options: tuple[str, ...] = ()
    #: What a script gets on its command line.
    arguments: tuple[str, ...] = ()
    #: The function that takes the hyperparameters, ``module:function``; by default the entry.
    call: str = ""
    #: Where the names of all hyperparameters stand: ``FILE:NAME`` is a function or a table of the checkout, ``FILE`` a
    #: script whose flags are meant.
    parameters: tuple[str, ...] = ()
    #: The functions that make the functions of one update, ``module:function``.
    optimizers: tuple[str, ...] = ()
    #: The paper's hyperparameters.
    settings: dict[str, Scalar] = field(default_factory=dict)
    #: The hyperparameters that take the cell's name.
    cell_settings: tuple[str, ...] = ()
    #: What a saved model calls these; by default the same.
    cell_options: tuple[str, ...] = ()
    #: Hyperparameters that lead to a run's folder, ``{run}``, and its data, ``{data}``.
    run_settings: dict[str, Scalar] = field(default_factory=dict)
    #: Those with which the repository resumes from its own model.
    resume_settings: dict[str, Scalar] = field(default_factory=dict)
    #: What is written when a trainer is stopped.
    saves: tuple[Save, ...] = ()
    #: The file in a run's folder that evaluation and encoding take.
    model: str = ""
    #: Patterns for the lines with validation figures, each figure a named group.
    validation: tuple[str, ...] = ()
    #: Folders that have to exist before it runs.
    folders: tuple[str, ...] = ()
    #: What the user brings: name to what it is, for people.
    data: dict[str, str] = field(default_factory=dict)
    #: What has to be in the folder of the data, where it is a folder.
    files: tuple[str, ...] = ()
    #: Where the repository itself looks for its data, relative to the checkout.
    default_data: str = ""
    #: What the launcher of this job takes, with the defaults.
    options: dict[str, str] = field(default_factory=dict)
    #: What the paper reports.
    paper: tuple[PaperRow, ...] = ()
    #: The same on tiny data.
    smoke: Smoke = field(default_factory=Smoke)
    #: Requirements of the Python 3 copy beyond PyTensor.
    python3: tuple[str, ...] = ()
    #: How batches are padded for a backend that compiles each shape.
    padding: Padding = field(default_factory=Padding)
    #: What else a user has to know.
    note: str = ""

    @property
    def function(self) -> str:
        """Return the function that takes the hyperparameters, as ``module:function``."""
        return self.call or self.entry

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield mistakes that types cannot show, as (key, what is wrong)."""
        files = tuple(place.partition(":")[0] for place in self.parameters)
        for key, paths in (
            ("directory", (self.directory,)),
            ("path", self.path),
            ("folders", self.folders),
            ("parameters", files),
            ("files", self.files),
            ("default_data", (self.default_data,)),
        ):
            for path in filter(None, paths):
                yield from relative_file_problems(key, path)
        for i, pattern in enumerate(self.validation):
            try:
                named = re.compile(pattern).groupindex
            except re.error as error:
                yield f"validation[{i}]", f"not a regular expression: {error}"
            else:
                if not named:
                    yield f"validation[{i}]", "expected named groups, (?P<name>...), one for each figure"


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
            raise UnknownCellError(name, self.name, tuple(self.cells))
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
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(str(path), (Problem("", error.strerror or str(error)),)) from error
    except UnicodeDecodeError as error:
        raise RecipeError(str(path), (Problem("", f"not UTF-8 text: {error.reason}"),)) from error
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(str(path), (Problem("", f"not valid TOML: {error}"),)) from error
    except RecursionError as error:
        raise RecipeError(str(path), (Problem("", "nested too deeply"),)) from error
    reader = Reader()
    reader.register(Edit, _read_edit)
    recipe = reader.table(Recipe, table)
    if recipe is None or reader.problems:
        raise RecipeError(str(path), tuple(reader.problems))
    object.__setattr__(recipe, "origin", path)
    return recipe


def _read_edit(reader: Reader, value: Any, key: str) -> Edit | None:
    """Read an edit's table as the data class that its ``kind`` names."""
    kinds = edit_kinds()
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(kind, str) or kind not in kinds:
        found = f", found {kind!r}" if kind is not None else ""
        reader.problem(f"{key}.kind", f"expected one of {', '.join(kinds)}{found}")
        return None
    return reader.table(kinds[kind], {k: v for k, v in value.items() if k != "kind"}, key)
