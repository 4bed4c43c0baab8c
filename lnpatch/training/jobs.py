"""Jobs as the scripts of the templates take them: a recipe's job, filled in for one run.

The heads of ``templates/launcher/launch.py`` and ``templates/layer_checks/check_layers.py`` document what ``as_json`` gives.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lnpatch.recipes.job import HeldOut, Job, Save
from lnpatch.training.patched import Patched
from lnpatch.training.settings import Setting, Value

#: The scripts, by what is asked of them.
LAUNCH, CHECK_LAYERS = "launcher/launch.py", "layer_checks/check_layers.py"


@dataclass(frozen=True, kw_only=True)
class LauncherJob:
    """What every job of the launcher has."""

    #: The folder that it runs in.
    directory: Path
    #: The folders that it imports the repository's modules from.
    path: tuple[str, ...] = ()
    #: Options of the interpreter.
    python_options: tuple[str, ...] = ()
    #: The JSON file in which the launcher leaves its result.
    result: Path | None = None
    #: The values that padding buckets may name; None for a job whose batches are not padded.
    hyperparameters: Mapping[str, Any] | None = None
    #: The launcher's module for the repository.
    launcher: str = ""
    #: The plain cells that are added to the repository's in memory.
    added_cells: tuple[str, ...] = ()
    #: The importable name of the layers module, where a cell is added to it.
    layers: str = ""
    #: What stands in a model's .npz beside its parameters.
    arrays: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the launcher's argument."""
        document = {
            "launcher": self.launcher,
            "path": list(self.path),
            "result": os.fspath(self.result) if self.result else "",
            "arrays": list(self.arrays),
        }
        if self.added_cells:
            document |= {"added_cells": list(self.added_cells), "layers": self.layers}
        return document


@dataclass(frozen=True)
class HeldOutText:
    """Sentences that are kept out of training, and when and how their cost is computed."""

    #: The text, as the launcher reads it.
    file: Path
    #: The updates from one computation to the next.
    every: int
    #: What the recipe says of it.
    declared: HeldOut

    def as_json(self) -> dict[str, Any]:
        """Return what the launcher takes."""
        declared = self.declared
        return {"data": os.fspath(self.file), "every": self.every, "cost": declared.cost, "between": declared.between}


@dataclass(frozen=True, kw_only=True)
class TrainJob(LauncherJob):
    """Train."""

    #: The script or module to run; empty where *call* is called itself.
    entry: str
    #: The function that takes the hyperparameters, ``module:function``.
    call: str
    #: The command line of the script.
    arguments: tuple[str, ...] = ()
    #: Hyperparameters for the call.
    settings: Mapping[str, Value] = field(default_factory=dict)
    #: The functions that make the functions of one update.
    optimizers: tuple[str, ...] = ()
    #: The updates after which the trainer is stopped; None for no limit.
    max_updates: int | None = None
    #: The seed of the repository's random numbers; None leaves them as they are.
    seed: int | None = None
    #: Whether the result says which parameters the updates have changed.
    compares_parameters: bool = False
    #: Folders that have to exist before it runs.
    folders: tuple[str, ...] = ()
    #: What is saved where the trainer is stopped.
    saves: tuple[Save, ...] = ()
    #: The data, where the launcher has to read it.
    data: str = ""
    #: The updates of the earlier parts of the run.
    updates_before: int = 0
    #: The file that says which update the saved model belongs to.
    saved: Path | None = None
    #: The sentences that are kept out of training; None where there are none.
    held_out: HeldOutText | None = None
    #: The descriptor from which the launcher reads that all updates are written down; None where nobody writes them.
    answers: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the launcher's argument."""
        return {
            "job": "train",
            **super().as_json(),
            "entry": self.entry,
            "call": self.call,
            "arguments": list(self.arguments),
            "settings": dict(self.settings),
            "optimizers": list(self.optimizers),
            "max_updates": self.max_updates,
            "seed": self.seed,
            "compares_parameters": self.compares_parameters,
            "folders": list(self.folders),
            "saves": [asdict(save) for save in self.saves],
            "data": self.data,
            "updates_before": self.updates_before,
            "saved": os.fspath(self.saved) if self.saved else "",
            "held_out": self.held_out.as_json() if self.held_out else None,
            "answers": self.answers,
        }


@dataclass(frozen=True, kw_only=True)
class ModelJob(LauncherJob):
    """Evaluate a model, or encode sentences with one."""

    #: ``evaluate`` or ``encode``.
    name: str
    #: The function whose defaults the launcher may need, ``module:function``.
    call: str
    #: What the launcher's function of that name takes: the model's file, the data and so on.
    options: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the launcher's argument."""
        return {"job": self.name, **super().as_json(), "call": self.call, **self.options}


@dataclass(frozen=True, kw_only=True)
class SmokeDataJob(LauncherJob):
    """Write tiny data."""

    #: Where to.
    folder: Path

    def as_json(self) -> dict[str, Any]:
        """Return the launcher's argument."""
        return {"job": "smoke", **super().as_json(), "folder": os.fspath(self.folder)}


@dataclass(frozen=True, kw_only=True)
class CheckLayersJob:
    """Check the layers against the NumPy reference."""

    #: The folder to import the layers module from.
    directory: Path
    #: The importable name of the layers module.
    layers: str
    #: The cell's name in its table.
    cell: str
    #: The JSON file in which the script leaves its result.
    result: Path
    #: Whether fewer cases are enough.
    quick: bool = False
    path: tuple[str, ...] = ()
    python_options: tuple[str, ...] = ()
    hyperparameters: None = None

    def as_json(self) -> dict[str, Any]:
        """Return the script's argument."""
        return {"layers": self.layers, "cell": self.cell, "result": os.fspath(self.result), "quick": self.quick}


def make_train_job(
    patched: Patched,
    job: Job,
    code: Path,
    values: Mapping[str, Value],
    known: Mapping[str, Setting],
    *,
    cell: str,
    result: Path,
    data: str = "",
    arguments: Sequence[str] = (),
    max_updates: int | None = None,
    seed: int | None = None,
    compares_parameters: bool = False,
    updates_before: int = 0,
    saved: Path | None = None,
    held_out: HeldOutText | None = None,
) -> TrainJob:
    """Fill in the recipe's *job* for one training.

    Args:
        code: the root of the code to run: the checkout, or its Python 3 copy.
        values: hyperparameters that differ from the repository's own; those that are flags of its command line go there.
        known: the hyperparameters that the trainer has.
    """
    flags, settings = split_flags(values, known)
    defaults = {name: setting.default for name, setting in known.items()}
    added = patched.missing_cells((cell,))
    return TrainJob(
        directory=_folder(code, job.directory),
        path=_module_path(job, code),
        python_options=job.python_options,
        result=result,
        hyperparameters={**defaults, **values},
        launcher=patched.recipe.launcher,
        added_cells=added,
        layers=patched.layers_module(job)[1] if added else "",
        arrays=_arrays_beside(job),
        entry="" if ":" in job.entry else job.entry,
        call=job.function,
        arguments=(*_own_arguments(job, arguments), *flags, *arguments),
        settings=settings,
        optimizers=job.optimizers,
        max_updates=max_updates,
        seed=seed,
        compares_parameters=compares_parameters,
        folders=job.folders,
        saves=job.saves,
        data=data,
        updates_before=updates_before,
        saved=saved,
        held_out=held_out,
    )


def make_model_job(
    patched: Patched, name: str, code: Path, result: Path, cells: Sequence[object], options: Mapping[str, Any]
) -> ModelJob:
    """Fill in the recipe's job *name*, ``evaluate`` or ``encode``, for one model.

    Args:
        code: the root of the code to run: the checkout, or its Python 3 copy.
        cells: the model's cells.
        options: what the launcher's function takes.
    """
    recipe = patched.recipe
    job = recipe.jobs[name]
    added = patched.missing_cells(cells)
    return ModelJob(
        directory=_folder(code, job.directory),
        path=_module_path(job, code),
        python_options=job.python_options,
        result=result,
        hyperparameters={},
        launcher=recipe.launcher,
        added_cells=added,
        layers=patched.layers_module(job)[1] if added else "",
        arrays=_arrays_beside(recipe.jobs["train"]) if "train" in recipe.jobs else (),
        name=name,
        call=recipe.jobs["train"].function if "train" in recipe.jobs else job.function,
        options=options,
    )


def split_flags(values: Mapping[str, Value], known: Mapping[str, Setting]) -> tuple[tuple[str, ...], dict[str, Value]]:
    """Return the hyperparameters that are flags of a script as its arguments, and the others as they are."""
    flags: list[str] = []
    settings: dict[str, Value] = {}
    for name, value in values.items():
        if name not in known or not known[name].flag:
            settings[name] = value
        elif value is True and known[name].default is False:
            flags.append(f"--{name}")
        elif value is not False or known[name].default is not False:
            flags += [f"--{name}", str(int(value) if isinstance(value, bool) else value)]
    return tuple(flags), settings


def fill_run_settings(values: Mapping[str, Value], run: Path, data: str = "") -> dict[str, Value]:
    """Fill ``{run}`` and ``{data}`` into settings; one that needs data is left out where there is none."""
    texts = {"{run}": os.fspath(run), "{data}": data}
    filled: dict[str, Value] = {}
    for name, value in values.items():
        if isinstance(value, str):
            if "{data}" in value and not data:
                continue
            for placeholder, text in texts.items():
                value = value.replace(placeholder, text)
        filled[name] = value
    return filled


def _arrays_beside(train: Job) -> tuple[str, ...]:
    """Return the names of the arrays that the trainer saves beside the parameters."""
    return tuple(dict.fromkeys(name for save in train.saves for name in save.arrays))


def _own_arguments(job: Job, users: Sequence[str]) -> tuple[str, ...]:
    """Return the recipe's arguments: positional ones give way to the user's; flags stay, and the user's come after them and win."""
    positional = not any(argument.startswith("-") for argument in job.arguments)
    replaced = positional and any(not argument.startswith("-") for argument in users)
    return () if replaced else job.arguments


def _folder(code: Path, directory: str) -> Path:
    return Path(os.path.abspath(code)) / directory


def _module_path(job: Job, code: Path) -> tuple[str, ...]:
    folders = [_folder(code, folder) for folder in (*job.path, job.directory)]
    return tuple(dict.fromkeys(os.fspath(folder) for folder in folders))
