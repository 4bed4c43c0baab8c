"""``lnpatch export``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli.console import make_console, print_json, print_notes, short_path, step_progress
from lnpatch.cli.help import RUNTIME, Command
from lnpatch.cli.options import (
    TEXT,
    directory_option,
    format_option,
    model_files_options,
    model_option,
    optional_target_argument,
    runtime_options,
)

if TYPE_CHECKING:
    from lnpatch.commands.export import Export


@click.command(
    cls=Command,
    example=(
        "lnpatch apply order-embeddings\n"
        "lnpatch train order-embeddings --smoke -o runs/smoke\n"
        "lnpatch export order-embeddings --model runs/smoke -o exported"
    ),
    sections={
        "What is exported": ("directory", "model", "formats", "output"),
        "Words": ("dictionary", "word2vec"),
        **RUNTIME,
    },
)
@optional_target_argument
@directory_option
@model_option
@click.option(
    "--to",
    "formats",
    multiple=True,
    type=click.Choice(["torch", "safetensors", "onnx"]),
    default=["torch"],
    show_default=True,
    help="torch is weights and code, safetensors the weights alone, onnx graphs; may be repeated.",
)
@click.option("-o", "--output", type=TEXT, metavar="FOLDER", default="export", show_default=True)
@model_files_options
@runtime_options
@format_option
def export(target: str | None, directory: str | None, form: str, **choices: Any) -> None:
    """Write a model for PyTorch, with code that needs no lnpatch.

    The folder is as the Hugging Face hub takes it: weights, configuration, vocabulary, code and a model card. The repository's
    own code computes 200 outputs of the same model first, and nothing is written where one differs by more than 1e-5.
    """
    with step_progress() as report_step:
        result = commands.export(target, directory, report_step=report_step, **choices)
    if form == "json":
        print_json(_export_json(result))
        return
    print_notes(result.notes)
    console = make_console()
    for one in result.comparisons:
        console.print(
            f"checked against {one.runtime}: of {one.inputs} inputs no output differs by more than {one.difference:.1e}"
        )
    console.print(f"written to {short_path(result.folder)}: {', '.join(result.files)}")


def _export_json(result: Export) -> dict[str, Any]:
    return {
        "target": result.target,
        "model": str(result.model),
        "folder": str(result.folder),
        "files": list(result.files),
        "comparisons": [asdict(one) for one in result.comparisons],
        "notes": list(result.notes),
    }
