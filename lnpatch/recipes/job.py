"""What a recipe says of its jobs: how a repository trains, evaluates and encodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from lnpatch.recipes.patterns import find_pattern_problem
from lnpatch.schema import Scalar, relative_file_problems


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
    #: The updates from one computation of the held-out cost to the next; 0 for as many as with other data.
    held_out_every: int = 0


@dataclass(frozen=True)
class Task:
    """One of several evaluations, which has files of its own in the folder of the data."""

    #: What is evaluated, for people.
    what: str
    #: What has to be in the folder.
    files: tuple[str, ...]
    #: How many columns each line of its text files has at least, with tabs between them.
    columns: int = 1
    #: Whether the repository passes over blank lines in them.
    skips_blank_lines: bool = False

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield paths that leave the folder, and a number of columns that is none."""
        for path in self.files:
            yield from relative_file_problems("files", path)
        if not 1 <= self.columns <= 100:
            yield "columns", f"expected a number from 1 to 100, found {self.columns}"


@dataclass(frozen=True)
class PaperRow:
    """A row of a published table: the figures of one model."""

    #: What it is called there.
    row: str
    #: The publication and the table.
    source: str = ""
    #: Whether it was compared with the publication; a row that was not is shown as one from memory.
    verified: bool = False
    #: Its figures, under the names that the evaluation gives them.
    figures: dict[str, float] = field(default_factory=dict)
    #: The same, by task, where the evaluation has several.
    tasks: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class HeldOut:
    """How the cost of sentences that are kept out of training is computed, by the trainer's own function."""

    #: The trainer's variable with the function: from the inputs of a batch to its cost, summed over all words.
    cost: str
    #: The function that the trainer calls between two updates, ``module:function``.
    between: str
    #: The updates from one computation to the next.
    every: int

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield a number of updates that is none, and a function without its module."""
        if self.every < 1:
            yield "every", f"expected a number from 1, found {self.every}"
        if not all(self.between.partition(":")):
            yield "between", f"expected module:function, found {self.between!r}"


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
class Corpus:
    """The data is a text, one sentence a line; what of it a trainer can use."""

    #: The sentences before a sentence, and those after it, that make a sample with it.
    neighbours: int = 0
    #: The hyperparameter that says how many words are too many for a sentence.
    shorter_than: str = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield a number of neighbours that is none."""
        if not 0 <= self.neighbours <= 100:
            yield "neighbours", f"expected a number from 0 to 100, found {self.neighbours}"


@dataclass(frozen=True)
class Captions:
    """The data is a folder with captions, and an .npy with a row of features for each image.

    ``{split}`` in the names of the files is each of *splits*.
    """

    splits: tuple[str, ...]
    #: The text with the captions, one a line, those of an image in a row.
    texts: str
    #: The .npy with the features.
    features: str
    #: The captions of an image.
    per_image: int
    #: The split that is trained on.
    trained: str
    #: The hyperparameter that says how many features an image has.
    width: str
    #: The one that says how many images make a batch; the trainer drops the last batch of an epoch, whole or not.
    batch_size: str

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield paths that leave the folder."""
        for key, path in (("texts", self.texts), ("features", self.features)):
            for split in self.splits:
                yield from relative_file_problems(key, path.replace("{split}", split))


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
    #: What else the paper's training had, by what it is called in a report, for people.
    paper_training: dict[str, str] = field(default_factory=dict)
    #: The hyperparameters that take the cell's name.
    cell_settings: tuple[str, ...] = ()
    #: What a saved model calls these; by default the same.
    cell_options: tuple[str, ...] = ()
    #: Hyperparameters that lead to a run's folder, ``{run}``, and its data, ``{data}``.
    run_settings: dict[str, Scalar] = field(default_factory=dict)
    #: Those with which the repository resumes from its own model.
    resume_settings: dict[str, Scalar] = field(default_factory=dict)
    #: Those that seed the repository's random numbers anew, which ``--seed`` sets as well.
    seed_settings: tuple[str, ...] = ()
    #: The one that says how many epochs are trained; the trainer counts them from 0, also when it is resumed.
    epochs_setting: str = ""
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
    #: What the text is, where the data is one.
    corpus: Corpus | None = None
    #: What captions and features are, where the data is those.
    captions: Captions | None = None
    #: Where the repository itself looks for its data, relative to the checkout.
    default_data: str = ""
    #: How the cost of held-out sentences is computed; None for a trainer that has no function for it.
    held_out: HeldOut | None = None
    #: The evaluations that the job has, by name, where there are several.
    tasks: dict[str, Task] = field(default_factory=dict)
    #: The parts of the data that its option ``split`` may name, and the files that each needs beyond *files*.
    splits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: What the launcher of this job takes, with the defaults.
    options: dict[str, str] = field(default_factory=dict)
    #: The options that may be left out, each with what that means, for people: "Without --NAME, ...".
    without: dict[str, str] = field(default_factory=dict)
    #: What the paper reports.
    paper: tuple[PaperRow, ...] = ()
    #: The same on tiny data.
    smoke: Smoke = field(default_factory=Smoke)
    #: The model that ``lnpatch export`` makes of the repository's: one of ``lnpatch.pretrained.build.ARCHITECTURES``.
    architecture: str = ""
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
        for name in self.without:
            if name not in self.options:
                yield f"without.{name}", "expected one of the options of the job"
        for name, files in self.splits.items():
            for path in files:
                yield from relative_file_problems(f"splits.{name}", path)
        if self.splits and self.options.get("split") not in self.splits:
            yield "options.split", f"expected one of the splits ({', '.join(self.splits)})"
        for i, row in enumerate(self.paper):
            for task in row.tasks.keys() - self.tasks.keys():
                yield f"paper[{i}].tasks.{task}", "expected one of the tasks of the job"
        for i, pattern in enumerate(self.validation):
            if problem := find_pattern_problem(pattern):
                yield f"validation[{i}]", problem
