"""What a study consists of: cells and seeds, and what all of its runs have in common. Pure data; nothing is made here."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from lnpatch.errors import StudyDiffersError, UnknownCellError, UsageError
from lnpatch.recipes.recipe import Recipe
from lnpatch.runtimes.runtime_options import RuntimeOptions

#: The seeds of a study that names none.
DEFAULT_SEEDS = (1, 2, 3)

#: The greatest seed that NumPy takes.
_LAST_SEED = 2**32 - 1

#: Runs of a study; more are a mistake in --seeds.
_MOST_RUNS = 10_000


@dataclass(frozen=True)
class StudyRun:
    """One training of a study."""

    cell: str
    seed: int

    @property
    def name(self) -> str:
        """What its folder is called: ``lngru-1``."""
        return f"{self.cell}-{self.seed}"


@dataclass(frozen=True)
class StudyRequest:
    """What a user asks for; what is left out is as the study has it, or by default."""

    cells: tuple[str, ...] | None = None
    seeds: tuple[int, ...] | None = None
    #: Hyperparameters, as ``KEY=VALUE``.
    settings: tuple[str, ...] = ()
    #: The update after which each run is done.
    max_updates: int | None = None
    #: The path of the data.
    data: str | None = None
    #: The path of what the models are evaluated on, where the evaluation has tasks with data of their own.
    task_data: str | None = None
    #: Whether to train on tiny data made for it, with small dimensions.
    smoke: bool = False
    runtime: RuntimeOptions = field(default_factory=RuntimeOptions)
    #: The patched checkout; None for one of the study's own.
    directory: str | None = None
    #: What to clone instead of the recipe's address.
    source: str | None = None
    #: The experiment trackers that are told of each run while it trains.
    log_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudyPlan:
    """A study as it is kept in ``study.json``. Empty strings and 0 stand for what is not set."""

    #: The recipe's name.
    target: str
    #: The recipe, as a command line names it from anywhere.
    recipe: str
    cells: tuple[str, ...]
    seeds: tuple[int, ...]
    #: Hyperparameters that differ from the repository's own; the values as they are typed.
    settings: dict[str, str]
    smoke: bool
    #: ``theano`` or ``pytensor``.
    runtime: str
    backend: str
    device: str
    max_updates: int = 0
    data: str = ""
    task_data: str = ""
    #: The Python to build the environment from.
    python: str = ""
    #: What a card rounds the factors of products to, or ``auto``.
    precision: str = "auto"
    #: The patched checkout that was named; empty for the study's own.
    directory: str = ""
    #: What was cloned instead of the recipe's address.
    source: str = ""
    #: The experiment trackers that are told of each run.
    log_to: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[StudyRun, ...]:
        """All runs, those of one seed beside each other: so a study that is cut short can be compared."""
        return tuple(StudyRun(cell, seed) for seed, cell in itertools.product(self.seeds, self.cells))

    @property
    def runtime_options(self) -> RuntimeOptions:
        """The runtime of all runs."""
        return RuntimeOptions(self.runtime, self.python or None, self.backend, self.device, self.precision)

    @property
    def assignments(self) -> tuple[str, ...]:
        """The hyperparameters, as ``KEY=VALUE``."""
        return tuple(f"{name}={value}" for name, value in self.settings.items())


def make_plan(recipe: Recipe, reference: str, request: StudyRequest, runtime: str) -> StudyPlan:
    """Plan a new study: where the request says nothing else, the paper's comparison of the target.

    Args:
        reference: the recipe, as a command line names it from anywhere.
        runtime: the name of the runtime that the request has come to mean here.

    Raises:
        UsageError: a setting is no ``KEY=VALUE``, or there is no training.
        UnknownCellError: the recipe has no such cell.
    """
    require_cells(request.cells or (), recipe)
    train = recipe.jobs.get("train")
    if train is None:
        raise UsageError(f"{recipe.name} does not support train, so there is nothing to reproduce.")
    paper = {} if request.smoke else {name: str(value) for name, value in train.settings.items()}
    return StudyPlan(
        target=recipe.name,
        recipe=reference,
        cells=request.cells or (recipe.cells[recipe.cell].baseline, recipe.cell),
        seeds=request.seeds or DEFAULT_SEEDS,
        settings={**paper, **_parse_assignments(request.settings)},
        smoke=request.smoke,
        runtime=runtime,
        backend=request.runtime.backend,
        device=request.runtime.device,
        max_updates=request.max_updates or 0,
        data=request.data or "",
        task_data=request.task_data or "",
        python=request.runtime.python or "",
        precision=request.runtime.precision,
        directory=request.directory or "",
        source=request.source or "",
        log_to=request.log_to,
    )


def extend_plan(folder: str, plan: StudyPlan, request: StudyRequest) -> StudyPlan:
    """Return the plan of a study that goes on: cells, seeds, updates and an evaluation may have come to it, and nothing else
    may differ.

    Raises:
        StudyDiffersError: something else does.
    """
    if differences := list(_find_differences(plan, request)):
        raise StudyDiffersError(folder, differences)
    return replace(
        plan,
        cells=tuple(dict.fromkeys((*plan.cells, *(request.cells or ())))),
        seeds=tuple(dict.fromkeys((*plan.seeds, *(request.seeds or ())))),
        max_updates=max(plan.max_updates, request.max_updates or 0) if plan.max_updates else 0,
        task_data=plan.task_data or request.task_data or "",
        log_to=tuple(dict.fromkeys((*plan.log_to, *request.log_to))),
    )


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read what ``--seeds`` takes: ``3`` for the seeds 1, 2, 3, or the seeds themselves, ``1,2,5``.

    Raises:
        UsageError: it is neither.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) <= 10 for word in words if word) or not words[0]:
        raise UsageError(f"--seeds takes a number of seeds, or seeds with commas between them, not {text!r}.")
    numbers = tuple(dict.fromkeys(int(word) for word in words if word))
    if len(words) > 1:
        if max(numbers) > _LAST_SEED:
            raise UsageError(f"A seed is a number from 0 to {_LAST_SEED}, not {max(numbers)}.")
        return numbers
    if not 1 <= numbers[0] <= _MOST_RUNS:
        raise UsageError(
            f"--seeds {text}: expected from 1 to {_MOST_RUNS} seeds.", f"For the seed alone: --seeds {text},"
        )
    return tuple(range(1, numbers[0] + 1))


def parse_cells(text: str) -> tuple[str, ...]:
    """Read what ``--cells`` takes: names of cells with commas between them.

    Raises:
        UsageError: there is none.
    """
    cells = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not cells:
        raise UsageError(
            f"--cells takes cells with commas between them, not {text!r}.", "For example: --cells gru,lngru"
        )
    return cells


def require_cells(cells: Sequence[str], recipe: Recipe) -> None:
    """Refuse cells that the recipe neither injects nor varies.

    Raises:
        UnknownCellError: it has no such cell.
    """
    known = tuple(dict.fromkeys(name for cell, entry in recipe.cells.items() for name in (cell, entry.baseline)))
    for cell in cells:
        if cell not in known:
            raise UnknownCellError(cell, recipe.reference, known)


def choose_patch(cell: str, patched: Sequence[str], recipe: Recipe) -> str:
    """Return the injected cell whose checkout trains *cell*, which is another one for a plain cell alone.

    Args:
        patched: the injected cells that there is a checkout for, in the order in which they came.
    """
    if cell in recipe.cells:
        return cell
    return next((name for name in patched if recipe.cells[name].baseline == cell), patched[0])


def injected_cells(cells: Sequence[str], patched: Sequence[str], recipe: Recipe) -> tuple[str, ...]:
    """Return the injected cells that need a checkout each, since a patch brings one: those in *patched* come first."""
    injected = [cell for cell in cells if cell in recipe.cells]
    return tuple(dict.fromkeys((*patched, *injected))) or (recipe.cell,)


def command_words(plan: StudyPlan) -> list[str]:
    """Return the command that asks for the same study again, but for where it goes."""
    words = ["lnpatch", "reproduce", plan.recipe, "--cells", ",".join(plan.cells)]
    words += ["--seeds", ",".join(map(str, plan.seeds)) + ("," if len(plan.seeds) == 1 else "")]
    values = {
        "--dir": plan.directory,
        "--from": plan.source,
        "--data": plan.data,
        "--task-data": plan.task_data,
        "--max-updates": plan.max_updates,
        "--python": plan.python,
        "--runtime": plan.runtime,
        "--backend": plan.backend if plan.backend != "auto" else "",
        "--precision": plan.precision if plan.precision != "auto" else "",
        "--device": plan.device,
    }
    for name, value in values.items():
        words += [name, str(value)] if value else []
    for tracker in plan.log_to:
        words += ["--log-to", tracker]
    for assignment in plan.assignments:
        words += ["--set", assignment]
    return [*words, *(["--smoke"] if plan.smoke else [])]


def _parse_assignments(assignments: Sequence[str]) -> dict[str, str]:
    """Return hyperparameters by name; whether the trainer has them is found out where its checkout is there."""
    values: dict[str, str] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set takes KEY=VALUE, not {text!r}", "For example: --set dim=512")
        values[name.strip()] = value.strip()
    return values


def _find_differences(plan: StudyPlan, request: StudyRequest) -> Iterator[str]:
    asked: Mapping[str, object] = {
        # more of them train the same runs further
        "max_updates": request.max_updates if not 0 < plan.max_updates < (request.max_updates or 0) else None,
        "data": request.data,
        "task_data": request.task_data if plan.task_data else None,
        "smoke": request.smoke,
        "directory": request.directory,
        "source": request.source,
        "python": request.runtime.python,
        "runtime": None if request.runtime.runtime == "auto" else request.runtime.runtime,
        "backend": None if request.runtime.backend == "auto" else request.runtime.backend,
        "precision": None if request.runtime.precision == "auto" else request.runtime.precision,
        # --device says cpu where nobody says anything
        "device": None if request.runtime.device == "cpu" else request.runtime.device,
    }
    options = {"max_updates": "--max-updates", "task_data": "--task-data", "directory": "--dir", "source": "--from"}
    for entry in fields(plan):
        value, own = asked.get(entry.name), getattr(plan, entry.name)
        if value and value != own:
            yield f"{options.get(entry.name, f'--{entry.name}')} {value}, where the study has {own or 'none'}"
    for name, text in _parse_assignments(request.settings).items():
        if name not in plan.settings or _read_literal(text) != _read_literal(plan.settings[name]):
            yield f"--set {name}={text}, where the study has {plan.settings.get(name, 'the default')}"


def _read_literal(text: str) -> object:
    """Return the value of a literal, so that ``1e-3`` is ``0.001``; the text itself of anything else."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
