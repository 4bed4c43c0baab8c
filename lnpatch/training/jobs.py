"""Jobs as the launcher takes them (``templates/launcher/launch.py``): a recipe's job, filled in for one run."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from lnpatch.recipes.recipe import Job, Recipe
from lnpatch.training.patched import Patched
from lnpatch.training.settings import Setting, Value


def train_job(
    recipe: Recipe,
    job: Job,
    code: Path,
    run: Path,
    settings: Mapping[str, Value],
    known: Mapping[str, Setting],
    *,
    data: str = "",
    arguments: Sequence[str] = (),
    max_updates: int | None = None,
    seed: int | None = None,
    result: Path | None = None,
    compared: Path | None = None,
    added: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The job that trains.

    Args:
        code: the root of the code to run: the checkout, or its Python 3 copy.
        run: the folder of the run, an absolute path.
        settings: values that differ from the repository's own; flags of a command line go there, others into the call.
        known: what the trainer takes.
        added: what :func:`added_cells` gives.
    """
    flags: list[str] = []
    keywords: dict[str, Value] = {}
    for name, value in settings.items():
        if name not in known or not known[name].flag:
            keywords[name] = value
        elif value is True and known[name].default is False:
            flags.append(f"--{name}")
        elif value is not False or known[name].default is not False:
            flags += [f"--{name}", str(int(value) if isinstance(value, bool) else value)]
    return {
        "job": "train",
        **_common(recipe, job, code, result),
        "entry": "" if ":" in job.entry else job.entry,
        "call": job.function,
        "arguments": [*_own_arguments(job, arguments), *flags, *arguments],
        "settings": keywords,
        "optimizers": list(job.optimizers),
        "max_updates": max_updates,
        "seed": seed,
        "compared": os.fspath(compared) if compared else "",
        "folders": list(job.folders),
        "saves": [
            {
                "file": save.file,
                "parameters": save.parameters,
                "arrays": save.arrays,
                "pickles": save.pickles,
                "copies": save.copies,
                "if_missing": save.if_missing,
            }
            for save in job.saves
        ],
        "data": data,
        **(added or {}),
    }


def added_cells(patched: Patched, job: Job, cells: Collection[object]) -> dict[str, Any]:
    """The part of a job that has the launcher add those of *cells* that the repository lacks."""
    added = [name for name in patched.added_cells() if name in cells]
    return {"added_cells": added, "layers": patched.layers_module(job)[1]} if added else {}


def other_job(recipe: Recipe, name: str, code: Path, result: Path, **options: Any) -> dict[str, Any]:
    """A job that evaluates or encodes; *options* are what its launcher takes."""
    job = recipe.jobs[name]
    call = recipe.jobs["train"].function if "train" in recipe.jobs else job.function
    return {"job": name, **_common(recipe, job, code, result), "call": call, **options}


def smoke_job(recipe: Recipe, folder: Path) -> dict[str, Any]:
    """The job that writes tiny data to *folder*."""
    return {"job": "smoke", "launcher": recipe.launcher, "path": [], "result": "", "folder": str(folder)}


def fill(values: Mapping[str, Any], run: Path, data: str = "") -> dict[str, Any]:
    """Settings with ``{run}`` and ``{data}`` filled in; one that needs data is left out where there is none."""
    filled = {"{run}": os.fspath(run), "{data}": data}
    settings: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, str):
            if "{data}" in value and not data:
                continue
            for placeholder, text in filled.items():
                value = value.replace(placeholder, text)
        settings[name] = value
    return settings


def as_text(job: Mapping[str, Any]) -> str:
    """A job as the launcher's argument."""
    return json.dumps(job, separators=(",", ":"))


def _own_arguments(job: Job, given: Sequence[str]) -> tuple[str, ...]:
    """The recipe's arguments: positional ones give way to the user's, and flags come before them, so that theirs win."""
    positional = not any(argument.startswith("-") for argument in job.arguments)
    replaced = positional and any(not argument.startswith("-") for argument in given)
    return () if replaced else job.arguments


def _common(recipe: Recipe, job: Job, code: Path, result: Path | None) -> dict[str, Any]:
    root = Path(os.path.abspath(code))
    path = [*(root / folder for folder in job.path), root / job.directory]
    return {
        "launcher": recipe.launcher,
        "path": list(dict.fromkeys(os.fspath(folder) for folder in path)),
        "result": os.fspath(result) if result else "",
    }
