"""``lnpatch reproduce``."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from lnpatch.cli import lazy_commands as commands
from lnpatch.cli import lazy_rich as rich
from lnpatch.cli.configured import (
    ConfiguredOption,
    find_configured,
    find_repository,
    is_typed,
    make_runtime_options,
    tell_configured,
)
from lnpatch.cli.console import make_console, print_json, print_next, print_notes, short_path
from lnpatch.cli.help import RUNTIME, Command
from lnpatch.cli.options import TEXT, format_option, log_to_option, optional_target_argument, runtime_options
from lnpatch.cli.study_view import study_view
from lnpatch.errors import ExitCode, UsageError
from lnpatch.runtimes.runtime_options import RuntimeOptions
from lnpatch.study.cluster_options import ClusterOptions
from lnpatch.study.plan import StudyRequest, parse_cells, parse_seeds
from lnpatch.study.study_folder import STUDY

#: The options that are for a cluster.
_CLUSTER_CHOICES = ("partition", "minutes", "memory", "cpus", "gpus", "parameters")

if TYPE_CHECKING:
    from lnpatch.commands.reproduce import StudyResult
    from lnpatch.configuration.in_force import Setting
    from lnpatch.recipes import Recipe
    from lnpatch.study.run_status import RunStatus


@click.command(
    cls=Command,
    example="lnpatch reproduce demo",
    sections={
        "What is compared": ("cells", "seeds", "settings", "max_updates", "smoke"),
        "Checkout and data": ("directory", "source", "data", "task_data"),
        "The study": ("output", "log_to", "status", "cancel"),
        "Where it runs": ("on", "jobs", "wait"),
        "Jobs of a cluster": ("partition", "minutes", "memory", "cpus", "gpus", "parameters"),
        **RUNTIME,
    },
)
@optional_target_argument
@click.option("--dir", "directory", type=TEXT, metavar="DIR", help="A checkout to train; by default one in the study.")
@click.option("--from", "source", type=TEXT, metavar="URL|PATH", help="Clone this instead of the recipe's address.")
@click.option(
    "--cells", type=TEXT, metavar="NAME,...", help="The cells to compare; by default the paper's and its baseline."
)
@click.option("--seeds", type=TEXT, metavar="N|SEED,...", help="How many seeds, or which; by default 3.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    type=TEXT,
    metavar="KEY=VALUE",
    help="A hyperparameter of the trainer; may be repeated. The paper's are set already.",
)
@click.option("--max-updates", type=click.IntRange(min=1), metavar="N", help="Stop each run after so many updates.")
@click.option("--data", type=TEXT, metavar="DIR|FILE", help="The training data.")
@click.option(
    "--task-data",
    type=TEXT,
    metavar="DIR",
    help="What the models are evaluated on, where that is data of its own: the tasks of skip-thoughts.",
)
@click.option("--smoke", is_flag=True, help="Train on tiny data made for it, with small dimensions.")
@runtime_options
@click.option("-o", "--output", type=TEXT, metavar="STUDY", help="The study's folder; by default studies/TARGET, here.")
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Runs at once; by default one a processor, or one a card."
)
@click.option(
    "--on",
    cls=ConfiguredOption,
    key="cluster.on",
    default="local",
    show_default=True,
    type=TEXT,
    metavar="CLUSTER",
    help="Where: local, slurm, or a plugin of submitit's.",
)
@click.option("--wait", is_flag=True, help="Wait for the jobs of a cluster, and write the report.")
@click.option(
    "--slurm-partition",
    "partition",
    cls=ConfiguredOption,
    key="cluster.partition",
    type=TEXT,
    metavar="NAME",
    help="The partition of the jobs.",
)
@click.option(
    "--time",
    "minutes",
    cls=ConfiguredOption,
    key="cluster.time",
    type=click.IntRange(min=1),
    metavar="MINUTES",
    help="Time limit of a job; then it is queued again.",
)
@click.option(
    "--memory",
    cls=ConfiguredOption,
    key="cluster.memory",
    type=click.FloatRange(min=0, min_open=True),
    metavar="GB",
    help="Memory of a job.",
)
@click.option(
    "--cpus",
    cls=ConfiguredOption,
    key="cluster.cpus",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processors of a job.",
)
@click.option(
    "--gpus",
    cls=ConfiguredOption,
    key="cluster.gpus",
    type=click.IntRange(min=0),
    metavar="N",
    help="Cards of a job; by default as --device says.",
)
@click.option(
    "--cluster",
    "parameters",
    multiple=True,
    type=TEXT,
    metavar="KEY=VALUE",
    help="Anything else of a job, such as account=nlp; may be repeated.",
)
@log_to_option
@click.option("--status", is_flag=True, help="Say how far the study is, and do nothing.")
@click.option("--cancel", is_flag=True, help="Stop a study that goes on elsewhere, its models saved.")
@format_option
@click.pass_context
def reproduce(
    context: click.Context,
    /,
    target: str | None,
    output: str | None,
    jobs: int | None,
    on: str,
    wait: bool,
    status: bool,
    cancel: bool,
    form: str,
    **choices: Any,
) -> None:
    """Compare baseline and LN as the paper does, and write a report.

    A study is a folder: it clones and patches the repository, trains each cell with several seeds, evaluates the models
    and writes report.html. Asked again it goes on where it was: what is done stays, what failed or was killed is resumed,
    and further --cells, --seeds and --max-updates may come to it.
    """
    cluster = None
    if status and cancel:
        raise UsageError("--status and --cancel do not go together.")
    if status or cancel:
        result = (commands.study_status if status else commands.cancel_study)(
            target, output=output, studies=_find_studies(context)[0]
        )
    else:
        cluster = _make_cluster(context, on, wait, {name: choices.pop(name) for name in _CLUSTER_CHOICES})
        request = _make_request(**choices | {"runtime": make_runtime_options(context, typed_only=True)})
        new, studies = _add_configured(context, target, _make_request(**choices), tell=form == "text")
        with study_view() as view:
            result = commands.reproduce(
                target,
                output=output,
                request=request,
                new_request=new,
                studies=studies,
                jobs=jobs,
                cluster=cluster,
                wait=wait,
                view=view,
            )
    if form == "json":
        print_json(_study_json(result))
    else:
        _print_study(result)
    if not (status or cancel or result.is_done or (cluster is not None and not wait and result.is_under_way)):
        context.exit(ExitCode.FAILED)


def _make_cluster(context: click.Context, on: str, wait: bool, choices: dict[str, Any]) -> ClusterOptions | None:
    """Return what is asked of a cluster; None for this machine, for which what is configured of a cluster's jobs says nothing."""
    if on != "local":
        return ClusterOptions(on, **choices)
    if wait or any(is_typed(context, name) for name in choices):
        raise UsageError(
            "What jobs of a cluster are given does not go with --on local.", "Name the cluster: --on slurm"
        )
    return None


def _make_request(
    cells: str | None, seeds: str | None, settings: tuple[str, ...], runtime: RuntimeOptions, **others: Any
) -> StudyRequest:
    return StudyRequest(
        cells=parse_cells(cells) if cells is not None else None,
        seeds=parse_seeds(seeds) if seeds is not None else None,
        settings=settings,
        runtime=runtime,
        **others,
    )


def _add_configured(
    context: click.Context, target: str | None, request: StudyRequest, tell: bool
) -> tuple[StudyRequest, str]:
    """Return what a new study is asked for, with what is configured, and the folder of studies."""

    def find_recipe() -> Recipe:
        return commands.locate(target, request.directory).recipe

    data = mirror = None
    cluster = None if is_typed(context, "on") else find_configured(context, "cluster.on")
    studies, output = _find_studies(context)
    if context.params["output"] is not None and os.path.exists(os.path.join(context.params["output"], STUDY)):
        if tell:
            tell_configured(cluster)
        return request, studies  # it goes on as it is
    if request.data is None and not request.smoke:
        data = find_configured(context, "data", find_recipe)
        request = replace(request, data=data.value if data else None)
    if request.source is None and request.directory is None and target is not None:
        mirror = find_configured(context, "mirror", find_recipe)
        request = replace(request, source=find_repository(mirror, find_recipe()) if mirror else None)
    if tell:
        tell_configured(data, mirror, output, cluster)
    return request, studies


def _find_studies(context: click.Context) -> tuple[str, Setting | None]:
    """Return the folder of the studies that ``--output`` names none for, and what has configured it."""
    output = find_configured(context, "output") if context.params["output"] is None else None
    return (os.path.join(output.value, "studies") if output else "studies"), output


def _study_json(result: StudyResult) -> dict[str, Any]:
    plan = result.study.plan
    return {
        "study": str(result.folder),
        "target": plan.target,
        "cells": list(plan.cells),
        "seeds": list(plan.seeds),
        "runs": [_run_json(run) for run in result.runs],
        "report": [str(path) for path in result.report.files],
        "findings": list(result.report.findings),
        "stopped": result.stopped,
        "notes": list(result.notes),
    }


def _run_json(status: RunStatus) -> dict[str, Any]:
    return {
        "path": str(status.folder),
        "name": status.name,
        "cell": status.run.cell,
        "seed": status.run.seed,
        "state": status.state,
        "updates": status.updates,
        "max_updates": status.max_updates,
        "cost": status.cost,
        "best": asdict(status.best) if status.best else None,
        "reason": status.reason or None,
        "job": status.job or None,
        "evaluation": {task: dict(figures) for task, figures in status.evaluation.items()},
    }


def _print_study(result: StudyResult) -> None:
    """Print a line a run, what went wrong, and where the report is."""
    print_notes(result.notes)
    console = make_console()
    table = rich.Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("run", "state", "updates", "cost", "best validation"):
        table.add_column(heading, justify="right" if heading in ("updates", "cost") else "left", no_wrap=True)
    for run in result.runs:
        table.add_row(run.name, run.state, *_figures(run))
    console.print(table)
    for run in result.runs:
        if run.job or run.reason:
            console.print(f"{run.name}: {', '.join(filter(None, (run.job, run.reason)))}")
    for finding in result.report.findings:
        console.print(finding)
    for path in result.report.files:
        console.print(f"  {short_path(path)}")
    if not result.is_done:
        again = shlex.join(["lnpatch", "reproduce", "--output", short_path(result.folder)])
        print_next(f"{again} --status" if result.is_under_way else again)


def _figures(run: RunStatus) -> tuple[str, str, str]:
    limit = f"/{run.max_updates}" if run.max_updates else ""
    best = f"{run.best.name} {run.best.value:.4g} at {run.best.update}" if run.best else "-"
    return f"{run.updates}{limit}", "-" if run.cost is None else f"{run.cost:.4g}", best
