"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lnpatch.cli.configured import ConfiguredOption, make_runtime_options
from lnpatch.runtimes.runtime_options import BACKENDS, DEVICES, MODEL_RUNTIMES, PRECISIONS, RUNTIMES, RuntimeOptions
from lnpatch.trackers.tracker import PACKAGES

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_RUNTIME_HELP = (
    "Theano on Python 2.7, or PyTensor on Python 3; auto is the fastest that is installed, pytensor before theano."
)

#: What the options of :func:`runtime_options` are called.
_RUNTIME_OPTIONS = {field.name for field in fields(RuntimeOptions)}

F = TypeVar("F", bound=Callable[..., Any])


class Text(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A value that is not empty, as it is when a shell variable is not set."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the value, if there is one."""
        if not value:
            self.fail("the value is empty", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return what a shell may offer: targets, cells, runs and so on, by the parameter's name, else paths."""
        from lnpatch.cli.complete_words import complete_word  # only where a shell asks

        return complete_word(ctx, param, incomplete)


TEXT = Text()

target_argument = click.argument("target", type=TEXT)
#: A target that the checkout around, or the one patched checkout here, may say.
optional_target_argument = click.argument("target", required=False, type=TEXT)

directory_option = click.option(
    "--dir",
    "directory",
    type=TEXT,
    metavar="DIR",
    help="The checkout; by default the one around this folder, or the repository's name, here.",
)
cell_option = click.option(
    "--cell", type=TEXT, metavar="NAME", help="The cell to inject: lngru or lnlstm; by default the paper's."
)
data_dir_option = click.option(
    "--data-dir", type=TEXT, metavar="DIR", help="Where the data is, for targets that have it in their source."
)
no_repairs_option = click.option("--no-repairs", is_flag=True, help="Leave out what mends the repository itself.")
format_option = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
model_option = click.option("--model", type=TEXT, metavar="RUN|FILE", help="A run's folder, or an .npz with its .pkl.")


def runtime_options(command: F) -> F:
    """Add the options that choose a runtime; the command gets them as one ``runtime``, a :class:`RuntimeOptions`."""
    return _add_runtime_options(command, RUNTIMES, _RUNTIME_HELP)


def model_runtime_options(command: F) -> F:
    """Add the same for a command that uses a model, which PyTorch can do as well."""
    return _add_runtime_options(command, MODEL_RUNTIMES, f"{_RUNTIME_HELP} torch takes PyTorch, and no checkout.")


def _add_runtime_options(command: F, runtimes: Sequence[str], runtime_help: str) -> F:
    @wraps(command)
    def call(**parameters: Any) -> Any:
        context = click.get_current_context()
        runtime = make_runtime_options(context, typed_only=bool(context.params.get("resume")))
        others = {name: value for name, value in parameters.items() if name not in _RUNTIME_OPTIONS}
        return command(runtime=runtime, **others)

    for option in (
        click.option(
            "--precision",
            cls=ConfiguredOption,
            key="precision",
            type=click.Choice(PRECISIONS),
            default=PRECISIONS[0],
            show_default=True,
            help="Of matrix products on a GPU; auto is tf32, and float32 for check.",
        ),
        click.option(
            "--device",
            cls=ConfiguredOption,
            key="device",
            type=click.Choice(DEVICES),
            default=DEVICES[0],
            show_default=True,
            help="What is computed on.",
        ),
        click.option("--engine", hidden=True, expose_value=False, callback=_refuse_engine),
        click.option(
            "--backend",
            cls=ConfiguredOption,
            key="backend",
            type=click.Choice(BACKENDS),
            default=BACKENDS[0],
            show_default=True,
            help="What PyTensor computes with; auto is jax where it is installed, else c.",
        ),
        click.option("--python", type=TEXT, metavar="PATH", help="The Python to build the environment from."),
        click.option(
            "--runtime",
            cls=ConfiguredOption,
            key="runtime",
            type=click.Choice(runtimes),
            default=runtimes[0],
            show_default=True,
            help=runtime_help,
        ),
    ):
        call = option(call)
    return call  # type: ignore[return-value]


tokenized_option = click.option(
    "--tokenized", is_flag=True, help="The sentences are tokens separated by blanks already."
)


def model_files_options(command: F) -> F:
    """Add the options for what goes with a model of sentences; the command gets those that are given as ``files``, by name."""

    @wraps(command)
    def call(dictionary: str | None, word2vec: str | None, **others: Any) -> Any:
        files = {"dictionary": dictionary, "word2vec": word2vec}
        return command(files={name: path for name, path in files.items() if path is not None}, **others)

    for option in (
        click.option(
            "--word2vec", type=TEXT, metavar="FILE", help="Word vectors for words that training has not seen."
        ),
        click.option(
            "--dictionary", type=TEXT, metavar="FILE", help="The dictionary of the model, where it is not in the run."
        ),
    ):
        call = option(call)
    return call  # type: ignore[return-value]


def _refuse_engine(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Refuse the option's name of lnpatch 0.1."""
    if value is not None:
        raise click.UsageError(f"--engine is now called --backend: --backend {value}", context)


log_to_option = click.option(
    "--log-to",
    multiple=True,
    type=click.Choice(list(PACKAGES)),
    help="An experiment tracker to tell of the training as it goes on; may be repeated.",
)
