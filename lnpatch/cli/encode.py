"""``lnpatch encode``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli.console import make_console, print_json, print_notes, short_path, step_progress
from lnpatch.cli.help import RUNTIME, WORDS, Command
from lnpatch.cli.options import (
    TEXT,
    directory_option,
    format_option,
    model_files_options,
    model_option,
    model_runtime_options,
    optional_target_argument,
    tokenized_option,
)

if TYPE_CHECKING:
    from lnpatch.commands.encode import Encoding


@click.command(
    cls=Command,
    example=(
        "lnpatch apply skip-thoughts\n"
        "lnpatch train skip-thoughts --smoke --max-updates 20 -o runs/smoke\n"
        "echo 'a dog runs .' > sentences.txt\n"
        "lnpatch encode skip-thoughts --model runs/smoke --text sentences.txt"
    ),
    sections={"What is encoded": ("directory", "model", "text", "output"), **WORDS, **RUNTIME},
)
@optional_target_argument
@directory_option
@model_option
@click.option("--text", type=TEXT, metavar="FILE", help="The sentences, one a line; by default those of a smoke run.")
@click.option("-o", "--output", type=TEXT, metavar="FILE.npy", default="vectors.npy", show_default=True)
@model_files_options
@tokenized_option
@model_runtime_options
@format_option
def encode(target: str | None, directory: str | None, files: dict[str, str], form: str, **choices: Any) -> None:
    """Turn sentences into vectors with a model.

    The model is a trained or a released one. Without TARGET, the checkout around this folder is meant, or the one patched
    checkout in it.
    """
    with step_progress() as report_step:
        result = commands.encode(target, directory, options=files, report_step=report_step, **choices)
    if form == "json":
        print_json(_encoding_json(result))
    else:
        print_notes(result.notes)
        count, size = result.shape
        file = short_path(result.output)
        make_console().print(f"{count} sentences, vectors of {size} numbers (float32): {file}")


def _encoding_json(result: Encoding) -> dict[str, Any]:
    return {
        "target": result.target,
        "model": str(result.model),
        "output": str(result.output),
        "shape": list(result.shape),
        "notes": list(result.notes),
    }
