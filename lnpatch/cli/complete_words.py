"""What a shell is answered at each place of a command line that takes any text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from lnpatch.cli import lazy_commands as commands

if TYPE_CHECKING:
    from lnpatch.commands.completion import Offer


def complete_word(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what may stand at a parameter that takes any text.

    Nothing fails here, whatever checkouts and recipes are around: there is nobody to tell.
    """
    try:
        begun, offers = _find_offers(context, parameter, incomplete)
        items = [
            CompletionItem(begun + offer.word, help=offer.what)
            for offer in {offer.word: offer for offer in reversed(list(offers))}.values()
            if (begun + offer.word).startswith(incomplete)
        ]
        items.reverse()
    except Exception:  # noqa: BLE001
        items = []
    return items or _complete_path(parameter, incomplete)


def _find_offers(context: click.Context, parameter: click.Parameter, incomplete: str) -> tuple[str, Iterable[Offer]]:
    """Return what of the word is whole already, and what may follow it."""
    context = _without_open_option(context)
    target, directory = context.params.get("target"), context.params.get("directory")
    trains = context.command.name in ("train", "reproduce", "runs")
    answers: dict[str, Callable[[], Iterable[Offer]]] = {
        "target": lambda: commands.offer_targets(incomplete),
        "targets": lambda: commands.offer_targets(incomplete),
        "cell": lambda: commands.offer_cells(target, directory, trains),
        "cells": lambda: commands.offer_cells(target, directory, trains),
        "settings": lambda: commands.offer_settings(target, directory),
        "model": lambda: commands.offer_runs(Path()),
        "runs": lambda: commands.offer_runs(Path()),
        "output": lambda: commands.offer_runs(Path()) if context.params.get("resume") else (),
        "names": lambda: commands.offer_artefacts(str(target)),
        "tasks": lambda: commands.offer_tasks(target, directory),
    }
    answer = answers.get(str(parameter.name))
    # --cells takes several with commas between them
    begun = incomplete[: incomplete.rfind(",") + 1] if "," in str(parameter.metavar) else ""
    return begun, answer() if answer is not None else ()


def _without_open_option(context: click.Context) -> click.Context:
    """Return the context of the words before an option whose value is being completed: with it click reads no argument."""
    words: list[str] = context.obj or []
    if not (words and words[-1].startswith("-")):
        return context
    own = words[len(context.command_path.split()) - 1 : -1]  # without the names of the command itself
    return context.command.make_context(context.info_name, own, parent=context.parent, resilient_parsing=True)


def _complete_path(parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what has the shell complete a path, where the parameter takes one."""
    metavar = str(parameter.metavar)
    if any(word in metavar for word in ("FILE", "PATH", "RUN")) or parameter.name == "target":
        return [CompletionItem(incomplete, type="file")]
    if any(word in metavar for word in ("DIR", "STUDY", "FOLDER")):
        return [CompletionItem(incomplete, type="dir")]
    return []
