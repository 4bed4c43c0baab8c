"""The functions behind the commands, imported when they are first used.

What they import takes up to 500 ms, which ``lnpatch COMMAND --help`` and a mistake in the options do without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lnpatch.commands.apply import apply as apply
    from lnpatch.commands.cache import cache_info as cache_info
    from lnpatch.commands.cache import cache_prune as cache_prune
    from lnpatch.commands.check import check as check
    from lnpatch.commands.completion import offer_artefacts as offer_artefacts
    from lnpatch.commands.completion import offer_cells as offer_cells
    from lnpatch.commands.completion import offer_runs as offer_runs
    from lnpatch.commands.completion import offer_settings as offer_settings
    from lnpatch.commands.completion import offer_targets as offer_targets
    from lnpatch.commands.completion import offer_tasks as offer_tasks
    from lnpatch.commands.curves import curves as curves
    from lnpatch.commands.demo import run_demo as run_demo
    from lnpatch.commands.demo import train_demo as train_demo
    from lnpatch.commands.diff import diff as diff
    from lnpatch.commands.doctor import diagnose as diagnose
    from lnpatch.commands.doctor import find_configuration as find_configuration
    from lnpatch.commands.doctor import find_runtimes as find_runtimes
    from lnpatch.commands.doctor import measure_cache as measure_cache
    from lnpatch.commands.download import download as download
    from lnpatch.commands.encode import encode as encode
    from lnpatch.commands.evaluate import evaluate as evaluate
    from lnpatch.commands.export import export as export
    from lnpatch.commands.locate import as_recipe as as_recipe
    from lnpatch.commands.locate import locate as locate
    from lnpatch.commands.port import port as port
    from lnpatch.commands.recipes import show as show
    from lnpatch.commands.recipes import targets as targets
    from lnpatch.commands.reproduce import cancel_study as cancel_study
    from lnpatch.commands.reproduce import reproduce as reproduce
    from lnpatch.commands.reproduce import study_status as study_status
    from lnpatch.commands.revert import revert as revert
    from lnpatch.commands.runs import runs as runs
    from lnpatch.commands.setup import setup as setup
    from lnpatch.commands.status import status as status
    from lnpatch.commands.status import status_of_all as status_of_all
    from lnpatch.commands.train import train as train
    from lnpatch.commands.train import train_command as train_command

#: The module of each.
_MODULES = {
    "apply": "apply",
    "cache_info": "cache",
    "cache_prune": "cache",
    "check": "check",
    "offer_artefacts": "completion",
    "offer_cells": "completion",
    "offer_runs": "completion",
    "offer_settings": "completion",
    "offer_targets": "completion",
    "offer_tasks": "completion",
    "curves": "curves",
    "run_demo": "demo",
    "train_demo": "demo",
    "diff": "diff",
    "diagnose": "doctor",
    "find_configuration": "doctor",
    "find_runtimes": "doctor",
    "measure_cache": "doctor",
    "download": "download",
    "encode": "encode",
    "evaluate": "evaluate",
    "export": "export",
    "as_recipe": "locate",
    "locate": "locate",
    "port": "port",
    "show": "recipes",
    "targets": "recipes",
    "cancel_study": "reproduce",
    "reproduce": "reproduce",
    "study_status": "reproduce",
    "revert": "revert",
    "runs": "runs",
    "setup": "setup",
    "status": "status",
    "status_of_all": "status",
    "train": "train",
    "train_command": "train",
}


def __getattr__(name: str) -> Any:
    # who looks through all loaded modules, as pickle and torch.compile do, asks each for names of every kind
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lnpatch.commands.{_MODULES[name]}"), name)
